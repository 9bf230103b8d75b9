from typing import Literal

RefundsViewOrderStatus = Literal[
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

REFUNDS_VIEW_ORDER_STATUS_VALUES: set[RefundsViewOrderStatus] = {
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


def check_refunds_view_order_status(value: str) -> RefundsViewOrderStatus:
    if value in REFUNDS_VIEW_ORDER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUNDS_VIEW_ORDER_STATUS_VALUES!r}")
