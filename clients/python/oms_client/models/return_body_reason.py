from typing import Literal

ReturnBodyReason = Literal["changed_mind", "damaged", "not_as_described", "other", "wrong_item"]

RETURN_BODY_REASON_VALUES: set[ReturnBodyReason] = {
    "changed_mind",
    "damaged",
    "not_as_described",
    "other",
    "wrong_item",
}


def check_return_body_reason(value: str) -> ReturnBodyReason:
    if value in RETURN_BODY_REASON_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_BODY_REASON_VALUES!r}")
