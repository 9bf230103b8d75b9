from typing import Literal

PaymentAnswerMode = Literal["card", "cash", "cod", "online", "wallet"]

PAYMENT_ANSWER_MODE_VALUES: set[PaymentAnswerMode] = {
    "card",
    "cash",
    "cod",
    "online",
    "wallet",
}


def check_payment_answer_mode(value: str) -> PaymentAnswerMode:
    if value in PAYMENT_ANSWER_MODE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_ANSWER_MODE_VALUES!r}")
