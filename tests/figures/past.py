"""Orders with a past, written behind the product's back: figures are about when, and the product knows only now."""

import json
from datetime import datetime
from typing import Any

from flask import Flask

from oms.ids import new_id
from tests.factories import execute

_ORDER = """
    INSERT INTO orders (order_id, customer_id, creator_id, facility_id, managed_by, status, currency, total_amount,
        order_datetime, created_at, updated_at)
    VALUES (:order_id, 'C', 'C', :facility, 'operator', :status, 'USD', 1, :at, :at, :updated)
"""
_STEP = """
    INSERT INTO order_journey (order_id, seq, current_status, previous_status, event, actor_id, actor_type, created_at)
    VALUES (:order_id, :seq, :status, :previous, :event, 'S', 'staff', :at)
"""
_EVENT = """
    INSERT INTO outbox_events (order_id, version, position, event_id, shard, topic, type, payload, created_at)
    VALUES (:order_id, :version, 0, :event_id, 0, 't', :type, CAST(:payload AS json), :at)
"""


def placed(
    app: Flask, at: datetime, status: str = "pending", facility: str | None = None, updated: datetime | None = None
) -> str:
    """An order placed at that time, that stands in `status` now; its id."""
    order_id = new_id()
    execute(app, _ORDER, order_id=order_id, facility=facility, status=status, at=at, updated=updated or at)
    return order_id


def went(app: Flask, order_id: str, *steps: tuple[str, datetime]) -> None:
    """Its way through statuses, with an event for each."""
    previous = None
    for seq, (status, at) in enumerate(steps, start=1):
        execute(app, _STEP, order_id=order_id, seq=seq, status=status, previous=previous, event=None, at=at)
        happened(app, order_id, seq, "oms.order.status_changed.v1", at)
        previous = status


def noted(app: Flask, order_id: str, seq: int, status: str, at: datetime) -> None:
    """A step that is not a move, such as a payment's."""
    execute(app, _STEP, order_id=order_id, seq=seq, status=status, previous=status, event="payment.captured", at=at)


def happened(app: Flask, order_id: str, version: int, kind: str, at: datetime, **payload: Any) -> None:
    document = json.dumps(payload)
    parameters = {"version": version, "type": kind, "payload": document, "at": at, "event_id": new_id()}
    execute(app, _EVENT, order_id=order_id, **parameters)


def captured(app: Flask, order_id: str, version: int, at: datetime, amount: str, currency: str = "USD") -> None:
    payment = {"payment_id": "P", "captured_amount": float(amount)}
    happened(app, order_id, version, "oms.payment.captured.v1", at, payment=payment, currency=currency)


def refunded(app: Flask, order_id: str, version: int, at: datetime, amount: str) -> None:
    refund = {"refund_id": "R", "amount": float(amount)}
    happened(app, order_id, version, "oms.refund.created.v1", at, refund=refund, currency="USD")
