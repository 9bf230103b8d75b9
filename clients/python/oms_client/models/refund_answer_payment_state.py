from typing import Literal

RefundAnswerPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

REFUND_ANSWER_PAYMENT_STATE_VALUES: set[RefundAnswerPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_refund_answer_payment_state(value: str) -> RefundAnswerPaymentState:
    if value in REFUND_ANSWER_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUND_ANSWER_PAYMENT_STATE_VALUES!r}")
