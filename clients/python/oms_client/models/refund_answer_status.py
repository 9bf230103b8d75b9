from typing import Literal

RefundAnswerStatus = Literal["created", "failed", "pending", "processed"]

REFUND_ANSWER_STATUS_VALUES: set[RefundAnswerStatus] = {
    "created",
    "failed",
    "pending",
    "processed",
}


def check_refund_answer_status(value: str) -> RefundAnswerStatus:
    if value in REFUND_ANSWER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUND_ANSWER_STATUS_VALUES!r}")
