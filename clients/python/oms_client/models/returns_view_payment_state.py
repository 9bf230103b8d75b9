from typing import Literal

ReturnsViewPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

RETURNS_VIEW_PAYMENT_STATE_VALUES: set[ReturnsViewPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_returns_view_payment_state(value: str) -> ReturnsViewPaymentState:
    if value in RETURNS_VIEW_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETURNS_VIEW_PAYMENT_STATE_VALUES!r}")
