from typing import Literal

RefundShareViewStatus = Literal["created", "failed", "pending", "processed"]

REFUND_SHARE_VIEW_STATUS_VALUES: set[RefundShareViewStatus] = {
    "created",
    "failed",
    "pending",
    "processed",
}


def check_refund_share_view_status(value: str) -> RefundShareViewStatus:
    if value in REFUND_SHARE_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUND_SHARE_VIEW_STATUS_VALUES!r}")
