"""What the company is told: one event per change on the order topic, and B's flat message per new order.

The JSON Schemas beside this module are the contract; consumers get them from `/events`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from oms.accounts.actor import Actor
from oms.extensions import settings
from oms.orders import representation
from oms.orders.models import RETURN_STATUSES
from oms.orders.order import JourneyEntry, Line, Order, Payment, Refund, ReturnRequest
from oms.outbox import Event

CREATED = "oms.order.created.v1"
STATUS_CHANGED = "oms.order.status_changed.v1"
ITEMS_CHANGED = "oms.order.items_changed.v1"
UPDATED = "oms.order.updated.v1"
CANCELLED = "oms.order.cancelled.v1"
NEW_ORDER = "oms.new_order.v1"
PAYMENT_CREATED = "oms.payment.created.v1"
PAYMENT_OPENED = "oms.payment.opened.v1"
PAYMENT_ATTEMPT_FAILED = "oms.payment.attempt_failed.v1"
PAYMENT_AUTHORIZED = "oms.payment.authorized.v1"
PAYMENT_CAPTURED = "oms.payment.captured.v1"
PAYMENT_FAILED = "oms.payment.failed.v1"
PAYMENT_VOIDED = "oms.payment.voided.v1"
REFUND_CREATED = "oms.refund.created.v1"
REFUND_PENDING = "oms.refund.pending.v1"
REFUND_PROCESSED = "oms.refund.processed.v1"
REFUND_FAILED = "oms.refund.failed.v1"
REFUND_RETRIED = "oms.refund.retried.v1"
RETURN_CHANGED = {status: f"oms.return.{status}.v1" for status in RETURN_STATUSES}
INVOICE_ISSUED = "oms.invoice.issued.v1"
REFUND_VOUCHER_ISSUED = "oms.refund_voucher.issued.v1"
CREDIT_NOTE_ISSUED = "oms.credit_note.issued.v1"
SCHEMAS = Path(__file__).parent / "event_schemas"


def created(order: Order, actor: Actor, whole: Mapping[str, Any]) -> list[Callable[[], Event]]:
    """The order as it was placed, and B's message for its consumers; `whole` is its document."""
    snapshot = _snapshot(whole)
    return [lambda: _event(CREATED, order, actor, order=snapshot), lambda: _new_order(order, whole["items"])]


def status_changed(order: Order, actor: Actor, previous: str, entry: JourneyEntry) -> Event:
    return _event(
        STATUS_CHANGED, order, actor, previous_status=previous, skipped=list(entry.skipped), reason=entry.reason
    )


def items_changed(order: Order, actor: Actor, lines: Sequence[Line]) -> Event:
    """Lines that moved without the order moving, or beside it."""
    return _event(ITEMS_CHANGED, order, actor, items=_lines(order, lines))


def updated(order: Order, actor: Actor, fields: Sequence[str]) -> Event:
    return _event(UPDATED, order, actor, changed=sorted(fields), order=_snapshot(representation.document(order)))


def cancelled(order: Order, actor: Actor, previous: str, reason: str | None, lines: Sequence[Line]) -> Event:
    return _event(CANCELLED, order, actor, previous_status=previous, reason=reason, items=_lines(order, lines))


def payment_changed(kind: str, order: Order, actor: Actor, payment: Payment) -> Callable[[], Event]:
    """The payment as it is at this step; the version is known when the event is asked for."""
    document = representation.payment_document(payment, order.currency)
    return lambda: _event(kind, order, actor, payment=document, currency=order.currency)


def refund_changed(kind: str, order: Order, actor: Actor, shares: Sequence[Refund]) -> Callable[[], Event]:
    document = representation.refund_document(shares, order.currency)
    return lambda: _event(kind, order, actor, refund=document, currency=order.currency)


def return_changed(order: Order, actor: Actor, request: ReturnRequest) -> Callable[[], Event]:
    """The request as it stands now."""
    kind, document = RETURN_CHANGED[request.status], {"return": representation.return_document(request)}
    return lambda: _event(kind, order, actor, **document)


def document_issued(kind: str, order: Order, actor: Actor, document: Mapping[str, Any]) -> Callable[[], Event]:
    """An invoice or a credit note got its number; the whole of it is behind its route."""
    told = {name: document[name] for name in ("number", "issued_at", "total", "currency")}
    return lambda: _event(kind, order, actor, document=told)


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Every event type's JSON Schema, by type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}


def _event(kind: str, order: Order, actor: Actor, /, **details: Any) -> Event:
    payload = {
        "order_id": order.order_id,
        "version": order.version,
        "status": order.status,
        "customer_id": order.customer_id,
        "facility_id": order.facility_id,
        "actor": {"id": actor.id, "type": actor.kind},
        "occurred_at": representation.moment(order.updated_at),
        **details,
    }
    return Event(settings().kafka_order_topic, kind, payload)


def _new_order(order: Order, items: Any) -> Event:
    price = order.total_amount if order.document is None else order.order_price
    payload = {
        "id": order.order_id,
        "items": items,
        "status": order.status,
        "created_at": representation.moment(order.created_at),
        "creator_id": order.creator_id,
        "order_price": None if price is None else representation.amount(price, order.currency),
    }
    return Event(settings().kafka_new_order_topic, NEW_ORDER, payload)


def _snapshot(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name not in _FOR_CALLERS_ONLY}


_FOR_CALLERS_ONLY = frozenset({"id", "customer_status", "allowed_statuses", "can_cancel"})


def _lines(order: Order, lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [representation.line_document(line, order.currency) for line in lines]
