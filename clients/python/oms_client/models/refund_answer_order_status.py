from typing import Literal

RefundAnswerOrderStatus = Literal[
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

REFUND_ANSWER_ORDER_STATUS_VALUES: set[RefundAnswerOrderStatus] = {
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


def check_refund_answer_order_status(value: str) -> RefundAnswerOrderStatus:
    if value in REFUND_ANSWER_ORDER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUND_ANSWER_ORDER_STATUS_VALUES!r}")
