from typing import Literal

ReturnAnswerReason = Literal["changed_mind", "damaged", "not_as_described", "other", "wrong_item"]

RETURN_ANSWER_REASON_VALUES: set[ReturnAnswerReason] = {
    "changed_mind",
    "damaged",
    "not_as_described",
    "other",
    "wrong_item",
}


def check_return_answer_reason(value: str) -> ReturnAnswerReason:
    if value in RETURN_ANSWER_REASON_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_ANSWER_REASON_VALUES!r}")
