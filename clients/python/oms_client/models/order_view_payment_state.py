from typing import Literal

OrderViewPaymentState = Literal["overpaid", "paid", "partially_paid", "partially_refunded", "refunded", "unpaid"]

ORDER_VIEW_PAYMENT_STATE_VALUES: set[OrderViewPaymentState] = {
    "overpaid",
    "paid",
    "partially_paid",
    "partially_refunded",
    "refunded",
    "unpaid",
}


def check_order_view_payment_state(value: str) -> OrderViewPaymentState:
    if value in ORDER_VIEW_PAYMENT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ORDER_VIEW_PAYMENT_STATE_VALUES!r}")
