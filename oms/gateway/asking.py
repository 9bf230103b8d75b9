"""Asking a provider what became of a part, and taking authorized money: for callers who can't wait for a callback."""

from oms.errors import Conflict
from oms.gateway.recording import record
from oms.orders import lifecycle
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
    outcome = follow(order, payment, payment.provider_order_id)
    if outcome is None or outcome[1].status != "captured":
        raise Conflict(
            "The provider knows of no money for this payment yet.",
            code="nothing_to_capture",
            provider_status=None if outcome is None else outcome[1].status,
        )
    return outcome


def follow(order: Order, payment: Payment, provider_order_id: str) -> tuple[Outcome, Payment] | None:
    """Record every attempt the provider knows of, money last, and capture one that is only held, if none is captured;
    None when it knows of none. Raises `ProviderUnavailable`, `ProviderRefused`."""
    provider = registry.provider(payment.provider)
    outcome = None
    attempts = sorted(provider.payments_of(provider_order_id), key=_captured_last)
    wanted = payment.open and order.status != lifecycle.CANCELLED
    wanted = wanted and not any(attempt.captured_amount > attempt.refunded_amount for attempt in attempts)
    for attempt in attempts:
        if attempt.status == AUTHORIZED and wanted:
            attempt = provider.capture(attempt.provider_payment_id, attempt.amount, order.currency)
            wanted = False  # one is enough: what else is held goes back by itself
        outcome = record(order.order_id, payment.payment_id, attempt)
    return outcome


def _captured_last(attempt: ProviderPayment) -> int:
    return ("failed", "pending", "authorized", "captured").index(attempt.status)
