from typing import Literal

ReturnsViewOrderStatus = Literal[
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

RETURNS_VIEW_ORDER_STATUS_VALUES: set[ReturnsViewOrderStatus] = {
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


def check_returns_view_order_status(value: str) -> ReturnsViewOrderStatus:
    if value in RETURNS_VIEW_ORDER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURNS_VIEW_ORDER_STATUS_VALUES!r}")
