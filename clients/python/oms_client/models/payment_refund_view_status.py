from typing import Literal

PaymentRefundViewStatus = Literal["created", "failed", "pending", "processed"]

PAYMENT_REFUND_VIEW_STATUS_VALUES: set[PaymentRefundViewStatus] = {
    "created",
    "failed",
    "pending",
    "processed",
}


def check_payment_refund_view_status(value: str) -> PaymentRefundViewStatus:
    if value in PAYMENT_REFUND_VIEW_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENT_REFUND_VIEW_STATUS_VALUES!r}")
