from typing import Literal

PaymentAnswerOrderStatus = Literal[
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

PAYMENT_ANSWER_ORDER_STATUS_VALUES: set[PaymentAnswerOrderStatus] = {
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


def check_payment_answer_order_status(value: str) -> PaymentAnswerOrderStatus:
    if value in PAYMENT_ANSWER_ORDER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_ANSWER_ORDER_STATUS_VALUES!r}")
