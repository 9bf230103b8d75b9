from typing import Literal

OrderViewAllowedStatusesItem = Literal[
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

ORDER_VIEW_ALLOWED_STATUSES_ITEM_VALUES: set[OrderViewAllowedStatusesItem] = {
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


def check_order_view_allowed_statuses_item(value: str) -> OrderViewAllowedStatusesItem:
    if value in ORDER_VIEW_ALLOWED_STATUSES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ORDER_VIEW_ALLOWED_STATUSES_ITEM_VALUES!r}")
