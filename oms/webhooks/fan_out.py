"""From an event to what is to be delivered: one message, and one delivery for each endpoint that wants it.

The worker that drains the outbox calls `fan_out` in the transaction in which it marks events as sent, before it sends
them. An event is marked once, by that transaction, so none is left out, whether Kafka took it or not; again is no
error. `fan_out_late` brings what waits for a broker that is away.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import queues, strict_json
from oms.ids import new_id
from oms.transactions import after_commit
from oms.webhooks.models import ENABLED, PAUSED
from oms.webhooks.subscriptions import Subscription

MOST_AT_ONCE = 10_000
_SUBSCRIPTIONS = text("""
    SELECT id, event_types, customer_id, facility_id, created_at FROM webhook_endpoints WHERE status = ANY(:statuses)
""")
_MESSAGES = text("""
    INSERT INTO webhook_messages (event_id, type, body, created_at)
    SELECT event_id, type, body, created_at FROM jsonb_to_recordset(CAST(:messages AS jsonb))
        AS message (event_id text, type text, body text, created_at timestamptz)
    ON CONFLICT DO NOTHING
""")
_DELIVERIES = text("""
    INSERT INTO webhook_deliveries (endpoint_id, event_id, type, order_id, version, position, created_at)
    SELECT endpoint_id, event_id, type, order_id, version, position, created_at
    FROM jsonb_to_recordset(CAST(:deliveries AS jsonb)) AS delivery (endpoint_id text, event_id text, type text,
        order_id text, version int, position smallint, created_at timestamptz)
    ON CONFLICT DO NOTHING
""")
_LATE = text("""
    SELECT order_id, retry_at FROM outbox_events
    WHERE shard = :shard AND published_at IS NULL AND retry_at >= :since AND retry_at < :until
    ORDER BY retry_at LIMIT :batch
""")
# All that waits of an order: a later version may have the earlier time. OFFSET 0 as in `outbox`.
_OF_ORDERS = text("""
    SELECT event.order_id, version, position, event_id, type, CAST(payload AS text) AS body, created_at
    FROM unnest(CAST(:orders AS text[])) AS chosen (order_id) CROSS JOIN LATERAL (
        SELECT * FROM outbox_events WHERE outbox_events.order_id = chosen.order_id OFFSET 0
    ) AS event
    WHERE published_at IS NULL
    ORDER BY order_id, version, position
""")


class Told(NamedTuple):
    """An event that is of no order of the outbox, for `tell`."""

    type: str
    data: Mapping[str, Any]


def fan_out(session: Session, events: Sequence[Any]) -> int:
    """Write what is to be delivered of these rows of the outbox, and ring; how many of the rows that was.

    Rows have event_id, type, body (JSON text), order_id, version, position, created_at. It is all of them unless that
    makes more than `MOST_AT_ONCE` deliveries: many endpoints must not make a batch so long that the outbox stops.
    An endpoint is told of what happened after it was made.
    """
    subscribers = _subscribers(session) if events else []
    if not subscribers:
        return len(events)
    wanted = [(Subscription(*row[:4]), row.created_at) for row in subscribers]
    narrow = any(subscription.is_narrow for subscription, _ in wanted)
    messages: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    had = 0
    for event in events:
        if len(deliveries) >= MOST_AT_ONCE:
            break
        had += 1
        about = orjson.loads(event.body) if narrow else {}
        ids = [
            subscription.endpoint_id
            for subscription, since in wanted
            if event.created_at >= since and subscription.wants(event.type, about)
        ]
        if ids:
            messages.append(_message(event))
            deliveries += [_delivery(endpoint_id, event) for endpoint_id in ids]
    _write(session, messages, deliveries)
    return had


def fan_out_late(session: Session, shard: int, since: datetime, until: datetime, batch: int = 500) -> datetime | None:
    """The same for events of a shard that wait to be published, from `since` on; the time to go on at, None at the end.

    It spares subscribers the wait for a broker that is away and is no more than that: what it misses, `fan_out` brings.
    """
    parameters = {"shard": shard, "since": since, "until": until, "batch": batch}
    late = session.execute(_LATE, parameters).all()
    if not late:
        return None
    orders = sorted({row.order_id for row in late})
    events: Sequence[Any] = session.execute(_OF_ORDERS, {"orders": orders}).all()
    while events:
        events = events[fan_out(session, events) :]
    reached: datetime = late[-1].retry_at
    # Were a whole batch of one moment, it would be the next one too.
    return max(reached, since + timedelta(microseconds=1))


def has_subscribers(session: Session) -> bool:
    return bool(_subscribers(session))


def tell(session: Session, endpoint_ids: Sequence[str], told: Told) -> str:
    """Have these endpoints told of something that is no order's event; the id of the message."""
    now, event_id = datetime.now(UTC), new_id()
    message = {"event_id": event_id, "type": told.type, "created_at": now}
    message["body"] = strict_json.write({"type": told.type, "timestamp": now, "data": told.data}).decode()
    deliveries = [
        {"endpoint_id": endpoint_id, "event_id": event_id, "type": told.type, "created_at": now}
        | {"order_id": None, "version": 0, "position": 0}
        for endpoint_id in endpoint_ids
    ]
    _write(session, [message], deliveries)
    return event_id


def subscribed(session: Session, kind: str) -> list[str]:
    """The endpoints that want events of this type whatever they are about."""
    subscriptions = [Subscription(*row[:4]) for row in _subscribers(session)]
    return [each.endpoint_id for each in subscriptions if not each.is_narrow and each.wants(kind, {})]


def _subscribers(session: Session) -> Sequence[Any]:
    return session.execute(_SUBSCRIPTIONS, {"statuses": [ENABLED, PAUSED]}).all()


def _write(session: Session, messages: list[dict[str, Any]], deliveries: list[dict[str, Any]]) -> None:
    if not deliveries:
        return
    # In one order for everybody: two that write the same events wait for each other, and don't lock crosswise.
    messages.sort(key=lambda message: message["event_id"])
    deliveries.sort(key=lambda delivery: (delivery["event_id"], delivery["endpoint_id"]))
    session.execute(_MESSAGES, {"messages": strict_json.write(messages).decode()})
    session.execute(_DELIVERIES, {"deliveries": strict_json.write(deliveries).decode()})
    ring(session)


def ring(session: Session) -> None:
    """Wake the worker of webhooks after the commit."""
    after_commit(session, _wake)


def _wake() -> None:
    queues.wake(queues.DELIVER_WEBHOOKS)


def _message(event: Any) -> dict[str, Any]:
    head = strict_json.write({"type": event.type, "timestamp": event.created_at}).decode()
    # The payload goes in as the text it is: what was written once is not read and written again.
    body = f'{head[:-1]},"data":{event.body}}}'
    return {"event_id": event.event_id, "type": event.type, "body": body, "created_at": event.created_at}


def _delivery(endpoint_id: str, event: Any) -> dict[str, Any]:
    names = ("event_id", "type", "order_id", "version", "position", "created_at")
    return {"endpoint_id": endpoint_id} | {name: getattr(event, name) for name in names}
