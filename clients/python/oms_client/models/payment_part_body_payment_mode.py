from typing import Literal

PaymentPartBodyPaymentMode = Literal["card", "cash", "cod", "online", "wallet"]

PAYMENT_PART_BODY_PAYMENT_MODE_VALUES: set[PaymentPartBodyPaymentMode] = {
    "card",
    "cash",
    "cod",
    "online",
    "wallet",
}


def check_payment_part_body_payment_mode(value: str) -> PaymentPartBodyPaymentMode:
    if value in PAYMENT_PART_BODY_PAYMENT_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_PART_BODY_PAYMENT_MODE_VALUES!r}")
