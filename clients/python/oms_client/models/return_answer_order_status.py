from typing import Literal

ReturnAnswerOrderStatus = Literal[
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

RETURN_ANSWER_ORDER_STATUS_VALUES: set[ReturnAnswerOrderStatus] = {
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


def check_return_answer_order_status(value: str) -> ReturnAnswerOrderStatus:
    if value in RETURN_ANSWER_ORDER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_ANSWER_ORDER_STATUS_VALUES!r}")
