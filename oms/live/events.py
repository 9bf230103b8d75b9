"""What is sent to somebody who watches an order: server-sent events.

Their ids are those of the events in Kafka (`ce_sequence`): version and position, which are an order's own and grow.
"""

import re
from typing import NamedTuple

from oms.driver_sql import compiled, run
from oms.extensions import settings
from oms.orders import representation
from oms.orders.order import Order
from oms.transactions import look

SNAPSHOT = "order"
# Behind every event of its version.
AFTER_ALL = 9999
BATCH = 100
_ID = re.compile(r"([0-9]{10})\.([0-9]{4})")
_AFTER = compiled("""
    SELECT version, position, type, CAST(payload AS text) AS body FROM outbox_events
    WHERE order_id = :order_id AND (version, position) > (:version, :position) AND topic = :topic
    ORDER BY version, position LIMIT :batch
""")
_REMEMBERED = compiled("""
    SELECT EXISTS (SELECT 1 FROM outbox_events WHERE order_id = :order_id AND version = :version)
""")


class Place(NamedTuple):
    """How far somebody has read of an order."""

    version: int
    position: int


class Message(NamedTuple):
    """One event of the stream, and the place behind it."""

    place: Place
    type: str
    body: bytes

    def written(self) -> bytes:
        data = b"\ndata: ".join(self.body.splitlines())
        return b"id: %010d.%04d\nevent: %b\ndata: %b\n\n" % (*self.place, self.type.encode(), data)


def place_of(event_id: str | None) -> Place | None:
    """The place behind the event of this id; None for anything that is no id of ours."""
    found = _ID.fullmatch(event_id or "")
    return Place(int(found[1]), int(found[2])) if found and int(found[1]) < 2**31 else None


def snapshot(order: Order) -> Message:
    """The order as it stands, which is behind all events so far."""
    return Message(Place(order.version, AFTER_ALL), SNAPSHOT, representation.render(order))


def can_resume(order: Order, place: Place) -> bool:
    """Whether nothing is forgotten of what followed: events go by their age, so none does before the ones behind it."""
    if place.version >= order.version:
        return place.version == order.version
    parameters = {"order_id": order.order_id, "version": place.version}
    return bool(look(lambda on: run(on, _REMEMBERED, parameters).scalar()))


def after(order_id: str, place: Place) -> list[Message]:
    """The next events, `BATCH` at most; raises `Unavailable`."""
    parameters = {**place._asdict(), "order_id": order_id, "topic": settings().kafka_order_topic, "batch": BATCH}
    rows = look(lambda on: run(on, _AFTER, parameters).all())
    return [Message(Place(row.version, row.position), row.type, row.body.encode()) for row in rows]
