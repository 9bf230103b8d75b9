from typing import Literal

PaymentsViewOrderStatus = Literal[
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

PAYMENTS_VIEW_ORDER_STATUS_VALUES: set[PaymentsViewOrderStatus] = {
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


def check_payments_view_order_status(value: str) -> PaymentsViewOrderStatus:
    if value in PAYMENTS_VIEW_ORDER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENTS_VIEW_ORDER_STATUS_VALUES!r}")
