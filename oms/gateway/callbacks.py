"""A provider's callback: verified, taken in once, recorded under the order's lock, all in one transaction."""

from collections.abc import Mapping

import structlog
from sqlalchemy.orm import Session

from oms.errors import Conflict, Invalid, Malformed, NotFound
from oms.gateway.recording import PROVIDER
from oms.orders import cache, captures, payment_events, refunds, store
from oms.orders.order import Outcome
from oms.providers import provider as seam
from oms.providers import registry
from oms.providers.provider import BadSignature, ProviderEvent, ProviderRefund
from oms.transactions import transaction

_log = structlog.get_logger(__name__)


def receive(name: str, headers: Mapping[str, str], body: bytes) -> str:
    """Take in one callback; returns what came of it: applied, nothing_new, unmatched, repeated or unreadable.

    What is signed and can't be read is for us to see to: a provider that is refused stops calling altogether. Raises
    `NotFound` unknown_provider or `BadSignature`.
    """
    try:
        event = registry.provider(name).verify(headers, body, store.now())
    except BadSignature:
        raise
    except (Malformed, Invalid) as error:
        _log.error("payment_event_unreadable", provider=name, code=error.code, reason=error.detail)
        return "unreadable"
    outcome = transaction(lambda session: _once(session, name, event))
    _log.info("payment_event", provider=name, event_id=event.event_id, kind=event.kind, outcome=outcome)
    return outcome


def _once(session: Session, name: str, event: ProviderEvent) -> str:
    if not payment_events.take(session, name, event.event_id, event.kind, _subject(event), event.occurred_at):
        return "repeated"
    order = _apply(session, name, event)
    if order is None:
        outcome, order_id = "unmatched" if event.kind != seam.OTHER else "nothing_new", None
    else:
        outcome, order_id = "applied" if order.applied else "nothing_new", order.order.order_id
    payment_events.close(session, name, event.event_id, outcome, order_id)
    if order is not None and order.applied:
        cache.announce(session, order.order)
    return outcome


def _apply(session: Session, name: str, event: ProviderEvent) -> Outcome | None:
    """What the event changed; None when it is about nothing we know."""
    try:
        if event.payment is not None:
            part = captures.find_part(session, name, event.payment)
            return part and captures.record(session, *part, event.payment, PROVIDER)[0]
        if event.refund is not None:
            return _apply_refund(session, name, event.refund)
    except (NotFound, Conflict) as error:
        _log.error("payment_event_unmatched", provider=name, event_id=event.event_id, reason=error.detail)
    return None


def _apply_refund(session: Session, name: str, reported: ProviderRefund) -> Outcome | None:
    share = refunds.find_share(session, name, reported)
    if share is None:
        return None
    if reported.status == seam.PROCESSED:
        return refunds.processed(session, share, reported.provider_refund_id, PROVIDER)
    if reported.status == seam.FAILED:
        return refunds.failed(session, share, reported.error or "failed at the provider", PROVIDER)
    return refunds.accepted(session, share, reported.provider_refund_id or "", PROVIDER)


def _subject(event: ProviderEvent) -> str | None:
    if event.payment is not None:
        return event.payment.provider_payment_id
    return event.refund.provider_refund_id if event.refund is not None else None
