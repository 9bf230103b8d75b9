from typing import Literal

CallbackViewOutcome = Literal["applied", "nothing_new", "repeated", "unmatched", "unreadable"]

CALLBACK_VIEW_OUTCOME_VALUES: set[CallbackViewOutcome] = {
    "applied",
    "nothing_new",
    "repeated",
    "unmatched",
    "unreadable",
}


def check_callback_view_outcome(value: str) -> CallbackViewOutcome:
    if value in CALLBACK_VIEW_OUTCOME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CALLBACK_VIEW_OUTCOME_VALUES!r}")
