from typing import Literal

PaymentsViewPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

PAYMENTS_VIEW_PAYMENT_STATE_VALUES: set[PaymentsViewPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_payments_view_payment_state(value: str) -> PaymentsViewPaymentState:
    if value in PAYMENTS_VIEW_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PAYMENTS_VIEW_PAYMENT_STATE_VALUES!r}")
