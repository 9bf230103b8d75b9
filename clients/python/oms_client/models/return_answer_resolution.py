from typing import Literal

ReturnAnswerResolution = Literal["exchange", "refund"]

RETURN_ANSWER_RESOLUTION_VALUES: set[ReturnAnswerResolution] = {
    "exchange",
    "refund",
}


def check_return_answer_resolution(value: str) -> ReturnAnswerResolution:
    if value in RETURN_ANSWER_RESOLUTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_ANSWER_RESOLUTION_VALUES!r}")
