from typing import Literal

PaymentViewMode = Literal["card", "cash", "cod", "online", "wallet"]

PAYMENT_VIEW_MODE_VALUES: set[PaymentViewMode] = {
    "card",
    "cash",
    "cod",
    "online",
    "wallet",
}


def check_payment_view_mode(value: str) -> PaymentViewMode:
    if value in PAYMENT_VIEW_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_VIEW_MODE_VALUES!r}")
