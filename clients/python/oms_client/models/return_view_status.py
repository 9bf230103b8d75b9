from typing import Literal

ReturnViewStatus = Literal["accepted", "cancelled", "closed", "received", "rejected", "requested"]

RETURN_VIEW_STATUS_VALUES: set[ReturnViewStatus] = {
    "accepted",
    "cancelled",
    "closed",
    "received",
    "rejected",
    "requested",
}


def check_return_view_status(value: str) -> ReturnViewStatus:
    if value in RETURN_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_VIEW_STATUS_VALUES!r}")
