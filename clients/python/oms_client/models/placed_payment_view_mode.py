from typing import Literal

PlacedPaymentViewMode = Literal["card", "cash", "cod", "online", "wallet"]

PLACED_PAYMENT_VIEW_MODE_VALUES: set[PlacedPaymentViewMode] = {
    "card",
    "cash",
    "cod",
    "online",
    "wallet",
}


def check_placed_payment_view_mode(value: str) -> PlacedPaymentViewMode:
    if value in PLACED_PAYMENT_VIEW_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PLACED_PAYMENT_VIEW_MODE_VALUES!r}")
