from typing import Literal

PlacedPaymentViewStatus = Literal["authorized", "captured", "failed", "pending", "voided"]

PLACED_PAYMENT_VIEW_STATUS_VALUES: set[PlacedPaymentViewStatus] = {
    "authorized",
    "captured",
    "failed",
    "pending",
    "voided",
}


def check_placed_payment_view_status(value: str) -> PlacedPaymentViewStatus:
    if value in PLACED_PAYMENT_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PLACED_PAYMENT_VIEW_STATUS_VALUES!r}")
