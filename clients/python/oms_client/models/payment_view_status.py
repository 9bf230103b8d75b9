from typing import Literal

PaymentViewStatus = Literal["authorized", "captured", "failed", "pending", "voided"]

PAYMENT_VIEW_STATUS_VALUES: set[PaymentViewStatus] = {
    "authorized",
    "captured",
    "failed",
    "pending",
    "voided",
}


def check_payment_view_status(value: str) -> PaymentViewStatus:
    if value in PAYMENT_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_VIEW_STATUS_VALUES!r}")
