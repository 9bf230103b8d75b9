from typing import Literal

ReturnBodyResolution = Literal["exchange", "refund"]

RETURN_BODY_RESOLUTION_VALUES: set[ReturnBodyResolution] = {
    "exchange",
    "refund",
}


def check_return_body_resolution(value: str) -> ReturnBodyResolution:
    if value in RETURN_BODY_RESOLUTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURN_BODY_RESOLUTION_VALUES!r}")
