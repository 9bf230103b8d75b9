from typing import Literal

ReturnAnswerStatus = Literal["accepted", "cancelled", "closed", "received", "rejected", "requested"]

RETURN_ANSWER_STATUS_VALUES: set[ReturnAnswerStatus] = {
    "accepted",
    "cancelled",
    "closed",
    "received",
    "rejected",
    "requested",
}


def check_return_answer_status(value: str) -> ReturnAnswerStatus:
    if value in RETURN_ANSWER_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_ANSWER_STATUS_VALUES!r}")
