from typing import Literal

PaymentAnswerStatus = Literal["authorized", "captured", "failed", "pending", "voided"]

PAYMENT_ANSWER_STATUS_VALUES: set[PaymentAnswerStatus] = {
    "authorized",
    "captured",
    "failed",
    "pending",
    "voided",
}


def check_payment_answer_status(value: str) -> PaymentAnswerStatus:
    if value in PAYMENT_ANSWER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_ANSWER_STATUS_VALUES!r}")
