"""Asking a provider what became of a part, and taking authorized money: for callers who can't wait for a callback."""

from oms.errors import Conflict
from oms.gateway.recording import record
from oms.orders.order import Order, Outcome, Payment
from oms.providers import registry
from oms.providers.provider import AUTHORIZED, ProviderPayment


def capture(order: Order, payment: Payment) -> tuple[Outcome, Payment]:
    """Capture what the payer has authorized and record what the provider says about it.

    Raises `ProviderUnavailable`, `ProviderRefused`, `Conflict` payment_not_opened or nothing_to_capture (the customer
    has not paid).
    """
    if payment.provider_order_id is None:
        raise Conflict("The payment has not been opened at its provider yet.", code="payment_not_opened")
    provider = registry.provider(payment.provider)
    outcome = None
    for attempt in sorted(provider.payments_of(payment.provider_order_id), key=_captured_last):
        if attempt.status == AUTHORIZED:
            attempt = provider.capture(attempt.provider_payment_id, attempt.amount, order.currency)
        outcome = record(order.order_id, payment.payment_id, attempt)
    if outcome is None or outcome[1].status != "captured":
        raise Conflict(
            "The provider knows of no money for this payment yet.",
            code="nothing_to_capture",
            provider_status=None if outcome is None else outcome[1].status,
        )
    return outcome


def _captured_last(attempt: ProviderPayment) -> int:
    return ("failed", "pending", "authorized", "captured").index(attempt.status)
