from typing import Literal

RefundsViewPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

REFUNDS_VIEW_PAYMENT_STATE_VALUES: set[RefundsViewPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_refunds_view_payment_state(value: str) -> RefundsViewPaymentState:
    if value in REFUNDS_VIEW_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REFUNDS_VIEW_PAYMENT_STATE_VALUES!r}")
