"""Opening a payment part at its provider, so that the customer can pay it there."""

from collections.abc import Mapping

import structlog
from sqlalchemy.orm import Session

from oms.accounts.actor import system
from oms.errors import NotFound
from oms.orders import cache, payments, store
from oms.orders.order import Order, Payment, Why, payment_of
from oms.providers import registry
from oms.providers.provider import OpenedPayment, PaymentRequest, ProviderRefused, ProviderUnavailable
from oms.transactions import read, transaction

GATEWAY = system("payment gateway")
_log = structlog.get_logger(__name__)


def open_part(order_id: str, payment_id: str) -> tuple[Order, Payment, Mapping[str, str] | None]:
    """(order, part, what the checkout page needs), asking the provider at most once more than it answers.

    The last is None for a part that is nobody's but ours, that is not open, or whose provider gives no answer now: the
    part is there, and asking again with the same `Idempotency-Key` opens it. A part the provider refuses has failed.
    """
    order = read(lambda session: store.get(session, order_id, None))
    if order is None:
        raise NotFound("There is no such order.", code="order_not_found")
    payment = payment_of(order, payment_id)
    provider = registry.provider(payment.provider)
    if not provider.confirms or payment.status != "pending":
        return order, payment, None
    try:
        opened = provider.create(PaymentRequest(order_id, payment_id, payment.amount, order.currency))
    except ProviderUnavailable as error:
        _log.warning("payment_not_opened", order_id=order_id, payment_id=payment_id, reason=error.detail)
        return order, payment, None
    except ProviderRefused as error:
        _log.error("payment_refused", order_id=order_id, payment_id=payment_id, reason=error.reason)
        reason = error.reason
        return *transaction(lambda session: _end(session, order_id, payment_id, reason)), None
    order, payment = transaction(lambda session: _record(session, order_id, payment_id, opened))
    # Two requests at once may have opened it twice: the page of the one that was not noted is never shown.
    return order, payment, opened.client if payment.provider_order_id == opened.provider_order_id else None


def _end(session: Session, order_id: str, payment_id: str, reason: str) -> tuple[Order, Payment]:
    """It can't be paid there as it is: the part has failed, and another one can be added."""
    outcome, payment = payments.end_payment(session, order_id, payment_id, "failed", GATEWAY, Why(reason))
    if outcome.applied:
        cache.announce(session, outcome.order)
    return outcome.order, payment


def _record(session: Session, order_id: str, payment_id: str, opened: OpenedPayment) -> tuple[Order, Payment]:
    outcome, payment = payments.opened(session, order_id, payment_id, opened.provider_order_id, GATEWAY)
    if outcome.applied:
        cache.announce(session, outcome.order)
    return outcome.order, payment
