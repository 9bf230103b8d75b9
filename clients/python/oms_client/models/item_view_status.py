from typing import Literal

ItemViewStatus = Literal[
    "cancelled",
    "confirmed",
    "delivered",
    "delivery_failed",
    "packed",
    "partially_delivered",
    "pending",
    "processing",
    "return_requested",
    "returned",
    "shipped",
]

ITEM_VIEW_STATUS_VALUES: set[ItemViewStatus] = {
    "cancelled",
    "confirmed",
    "delivered",
    "delivery_failed",
    "packed",
    "partially_delivered",
    "pending",
    "processing",
    "return_requested",
    "returned",
    "shipped",
}


def check_item_view_status(value: str) -> ItemViewStatus:
    if value in ITEM_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ITEM_VIEW_STATUS_VALUES!r}")
