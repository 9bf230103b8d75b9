"""Rows of the outbox, made and looked at without the order domain."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import outbox
from oms.outbox import Event
from oms.transactions import read, transaction
from tests.floor.topics import ORDER_EVENTS

_RECORD = text(f"WITH {outbox.INSERT} SELECT 1")
_ROW = text("""
    SELECT event_id, attempts, last_error, published_at, retry_at > now() AS waiting FROM outbox_events
    WHERE order_id = :order_id ORDER BY version, position
""")


def add(session: Session, order_id: str, version: int, count: int = 1, size: int = 20) -> None:
    """Events of one version of an order, in the caller's transaction."""
    payload = {"order_id": order_id, "status": "pending", "text": "x" * size}
    events = [Event(ORDER_EVENTS, "oms.test.v1", payload) for _ in range(count)]
    session.execute(_RECORD, {"events": orjson.dumps(outbox.rows(order_id, version, events)).decode()})


def record(order_ids: Iterable[str], versions: Iterable[int] = (1,), **options: Any) -> None:
    """Events for each order and version, committed."""
    numbers = list(versions)

    def work(session: Session) -> None:
        for order_id in order_ids:
            for version in numbers:
                add(session, order_id, version, **options)

    transaction(work)


def rows(order_id: str) -> list[Any]:
    """What the table holds of an order, in order."""
    return read(lambda session: list(session.execute(_ROW, {"order_id": order_id}).all()))


def ids(order_ids: Iterable[str]) -> list[str]:
    return [row.event_id for order_id in order_ids for row in rows(order_id)]


def settle_everything() -> None:
    """Other tests leave events nobody sends; call them sent, so that this test sees only its own."""
    settle = text("UPDATE outbox_events SET published_at = now() WHERE published_at IS NULL")
    transaction(lambda session: session.execute(settle))


def retry_now(order_id: str) -> None:
    """The time of waiting is over."""
    clear = text("UPDATE outbox_events SET retry_at = now() WHERE order_id = :order_id")
    transaction(lambda session: session.execute(clear, {"order_id": order_id}))


def nobody(_: Session, events: Sequence[Any]) -> int:
    """Who wants to be told of what is drained from the outbox, besides Kafka."""
    return len(events)
