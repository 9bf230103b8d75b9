from typing import Literal

ReturnViewResolution = Literal["exchange", "refund"]

RETURN_VIEW_RESOLUTION_VALUES: set[ReturnViewResolution] = {
    "exchange",
    "refund",
}


def check_return_view_resolution(value: str) -> ReturnViewResolution:
    if value in RETURN_VIEW_RESOLUTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_VIEW_RESOLUTION_VALUES!r}")
