from typing import Literal

RefundViewStatus = Literal["created", "failed", "pending", "processed"]

REFUND_VIEW_STATUS_VALUES: set[RefundViewStatus] = {
    "created",
    "failed",
    "pending",
    "processed",
}


def check_refund_view_status(value: str) -> RefundViewStatus:
    if value in REFUND_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUND_VIEW_STATUS_VALUES!r}")
