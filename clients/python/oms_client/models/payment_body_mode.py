from typing import Literal

PaymentBodyMode = Literal["card", "cash", "cod", "online", "wallet"]

PAYMENT_BODY_MODE_VALUES: set[PaymentBodyMode] = {
    "card",
    "cash",
    "cod",
    "online",
    "wallet",
}


def check_payment_body_mode(value: str) -> PaymentBodyMode:
    if value in PAYMENT_BODY_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_BODY_MODE_VALUES!r}")
