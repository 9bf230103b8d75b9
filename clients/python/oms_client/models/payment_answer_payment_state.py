from typing import Literal

PaymentAnswerPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

PAYMENT_ANSWER_PAYMENT_STATE_VALUES: set[PaymentAnswerPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_payment_answer_payment_state(value: str) -> PaymentAnswerPaymentState:
    if value in PAYMENT_ANSWER_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_ANSWER_PAYMENT_STATE_VALUES!r}")
