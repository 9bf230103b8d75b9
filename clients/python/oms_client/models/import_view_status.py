from typing import Literal

ImportViewStatus = Literal["cancelled", "completed", "failed", "queued", "running"]

IMPORT_VIEW_STATUS_VALUES: set[ImportViewStatus] = {
    "cancelled",
    "completed",
    "failed",
    "queued",
    "running",
}


def check_import_view_status(value: str) -> ImportViewStatus:
    if value in IMPORT_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {IMPORT_VIEW_STATUS_VALUES!r}")
