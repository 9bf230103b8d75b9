from typing import Literal

ReturnAnswerPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

RETURN_ANSWER_PAYMENT_STATE_VALUES: set[ReturnAnswerPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_return_answer_payment_state(value: str) -> ReturnAnswerPaymentState:
    if value in RETURN_ANSWER_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_ANSWER_PAYMENT_STATE_VALUES!r}")
