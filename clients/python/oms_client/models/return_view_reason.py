from typing import Literal

ReturnViewReason = Literal["changed_mind", "damaged", "not_as_described", "other", "wrong_item"]

RETURN_VIEW_REASON_VALUES: set[ReturnViewReason] = {
    "changed_mind",
    "damaged",
    "not_as_described",
    "other",
    "wrong_item",
}


def check_return_view_reason(value: str) -> ReturnViewReason:
    if value in RETURN_VIEW_REASON_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_VIEW_REASON_VALUES!r}")
