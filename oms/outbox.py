"""The outbox: events written in the transaction of the change, sent to Kafka afterwards, in order per order.

At least once, with a stable event id. The order of events is the order's own, (version, position), never a clock or a
global serial. A shard of orders is drained by one worker at a time under an advisory lock; nothing is ever selected by
"id greater than the last one seen", so a gap can't skip a row.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zlib import crc32

import structlog
from sqlalchemy import CheckConstraint, DateTime, Index, Integer, SmallInteger, String, Text, func, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms import partitions, strict_json
from oms.extensions import Base
from oms.ids import new_id
from oms.kafka import Delivery, Publisher, Record

SHARDS = 16
BATCH = 1000
REFUSED_RETRY_SECONDS = 60
HOURS_OF_A_PARTITION = 24
SOURCE = "/oms"
# Takes rows with order_id, version, position, event_id, type, body and created_at; says how many of them it has had.
FanOut = Callable[[Session, Sequence[Any]], int]
_log = structlog.get_logger(__name__)


class OutboxEvent(Base):
    """One event of one order. Unpublished rows are never deleted. Partitioned by days (`oms.partitions`)."""

    __tablename__ = "outbox_events"

    order_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    event_id: Mapped[str] = mapped_column(String(26))
    shard: Mapped[int] = mapped_column(SmallInteger)
    topic: Mapped[str] = mapped_column(String(249))
    type: Mapped[str] = mapped_column(String(100))
    payload: Mapped[Any] = mapped_column(JSON)
    trace: Mapped[str | None] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    retry_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(f"shard >= 0 AND shard < {SHARDS}", name="shard"),
        Index("ix_outbox_events_pending", "shard", "retry_at", postgresql_where=text("published_at IS NULL")),
        Index("ix_outbox_events_created", "created_at"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )


@dataclass(frozen=True, slots=True)
class Event:
    """An event before it has its place. `payload` is a JSON document; `type` is the CloudEvents type."""

    topic: str
    type: str
    payload: Mapping[str, Any]


# For statements that write an order and its events together: `WITH ..., {INSERT} SELECT ...`, fed by :events.
INSERT = """
    recorded AS (
        INSERT INTO outbox_events (order_id, version, position, event_id, shard, topic, type, payload, trace)
        SELECT order_id, version, position, event_id, shard, topic, type, CAST(payload AS json), trace
        FROM jsonb_to_recordset(CAST(:events AS jsonb)) AS event (
            order_id text, version int, position smallint, event_id text, shard smallint, topic text, type text,
            payload text, trace text)
    )
"""


def rows(order_id: str, version: int, events: Sequence[Event]) -> list[dict[str, Any]]:
    """The events of one change as rows for `INSERT`, in the order they happened."""
    trace = structlog.contextvars.get_contextvars().get("traceparent")
    return [
        {
            "order_id": order_id,
            "version": version,
            "position": position,
            "event_id": new_id(),
            "shard": shard_of(order_id),
            "topic": event.topic,
            "type": event.type,
            # The finished text travels as a string, so that the stored payload is byte for byte what Kafka will get.
            "payload": strict_json.write(event.payload).decode(),
            "trace": trace,
        }
        for position, event in enumerate(events)
    ]


def shard_of(order_id: str) -> int:
    return crc32(order_id.encode()) % SHARDS


class Recorded(NamedTuple):
    """An event of an order and what became of it; `published_at` is None while it waits, `last_error` says for what."""

    version: int
    position: int
    type: str
    event_id: str
    created_at: datetime
    published_at: datetime | None
    attempts: int
    last_error: str | None


_OF_ORDER = text("""
    SELECT version, position, type, event_id, created_at, published_at, attempts, last_error FROM outbox_events
    WHERE order_id = :order_id ORDER BY version DESC, position DESC LIMIT :most
""")


def of_order(session: Session, order_id: str, most: int) -> list[Recorded]:
    """The newest events of an order, as far as `OUTBOX_RETENTION_HOURS` go back."""
    return [Recorded(*row) for row in session.execute(_OF_ORDER, {"order_id": order_id, "most": most})]


_PENDING_SHARDS = text("SELECT DISTINCT shard FROM outbox_events WHERE published_at IS NULL AND retry_at <= now()")
_LOCK = text("""
    SELECT shard FROM unnest(CAST(:shards AS int[])) AS wanted (shard)
    WHERE pg_try_advisory_xact_lock(hashtext('oms.outbox'), shard)
""")
# The orders of the oldest rows, then everything unpublished of those orders: an older version of an order may carry a
# later time, so time may choose the orders but must not cut one in the middle. What waits behind a refused event is not
# chosen: a thousand such rows would fill every batch and hold up the other orders. OFFSET 0 has the rows of an order
# looked up by the primary key: the planner, short of statistics, walks the whole backlog for each of them otherwise.
_PENDING = text("""
    WITH refused AS MATERIALIZED (
        SELECT order_id FROM outbox_events
        WHERE shard = ANY(CAST(:shards AS int[])) AND published_at IS NULL AND retry_at > now()
    ), chosen AS (
        SELECT DISTINCT oldest.order_id FROM unnest(CAST(:shards AS int[])) AS wanted (shard) CROSS JOIN LATERAL (
            SELECT order_id FROM outbox_events
            WHERE outbox_events.shard = wanted.shard AND published_at IS NULL AND retry_at <= now()
              AND order_id NOT IN (SELECT order_id FROM refused)
            ORDER BY retry_at LIMIT :batch
        ) AS oldest
    )
    SELECT event.order_id, version, position, event_id, topic, type, CAST(payload AS text) AS body, trace, created_at
    FROM chosen CROSS JOIN LATERAL (
        SELECT * FROM outbox_events WHERE outbox_events.order_id = chosen.order_id OFFSET 0
    ) AS event
    WHERE published_at IS NULL
    ORDER BY order_id, version, position
""")
# Row by row, by the primary key, in each partition: for a full batch the planner would rather read a whole day, and
# that again for each batch. Without the time, on purpose: where many events have the same, or nobody knows yet that few
# do, it would look them up by their time instead.
_PUBLISHED = text("""
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;
    UPDATE outbox_events SET published_at = now(), last_error = NULL
    FROM unnest(CAST(:orders AS text[]), CAST(:versions AS int[]), CAST(:positions AS smallint[]))
        AS sent (order_id, version, position)
    WHERE outbox_events.order_id = sent.order_id AND outbox_events.version = sent.version
      AND outbox_events.position = sent.position
""")
_REFUSED = text("""
    UPDATE outbox_events
    SET attempts = attempts + 1, last_error = :error, retry_at = now() + make_interval(secs => :seconds)
    WHERE order_id = :order_id AND version = :version AND position = :position AND created_at = :created_at
""")


def pending_shards(session: Session) -> list[int]:
    return list(session.execute(_PENDING_SHARDS).scalars())


class Drained(NamedTuple):
    """How a batch ended: events confirmed, whether it is worth coming back at once, whether the broker took nothing."""

    sent: int
    more: bool
    broker_away: bool


def publish(session: Session, shards: Sequence[int], publisher: Publisher, fan_out: FanOut) -> Drained:
    """Drain one batch of these shards, as far as no other worker holds them.

    `fan_out` gets the batch first; what it has not had waits for the next one. What it writes is committed with the
    marks, whatever Kafka says.
    Orders go out side by side, the events of one order one after the other: wave n sends each order's n-th event, and
    an order whose event failed sits out the rest.
    """
    held = list(session.execute(_LOCK, {"shards": list(shards)}).scalars())
    if not held:
        return Drained(0, more=False, broker_away=False)
    pending = session.execute(_PENDING, {"shards": held, "batch": BATCH // len(held)}).all()
    pending = pending[: fan_out(session, pending)]
    waiting: dict[str, list[Any]] = defaultdict(list)
    for row in pending:
        waiting[row.order_id].append(row)
    sent: list[Any] = []
    broker_failed = False
    while waiting and not broker_failed:
        wave = [events.pop(0) for events in waiting.values()]
        for row, delivery in zip(wave, publisher.send(_record(row) for row in wave), strict=True):
            if delivery.error is None:
                sent.append(row)
            else:
                del waiting[row.order_id]
                broker_failed = broker_failed or not _note_failure(session, row, delivery)
        waiting = {order_id: events for order_id, events in waiting.items() if events}
    _mark(session, sent)
    return Drained(len(sent), bool(sent) and not broker_failed, broker_failed and not sent)


def _note_failure(session: Session, row: Any, delivery: Delivery) -> bool:
    """Put a refused event aside for a while; False when the broker, not the event, is at fault."""
    _log.warning(
        "event_not_delivered", order_id=row.order_id, event_id=row.event_id, topic=row.topic, reason=delivery.error
    )
    if delivery.refused:
        names = ("order_id", "version", "position", "created_at")
        key = {name: getattr(row, name) for name in names}
        session.execute(_REFUSED, {**key, "error": delivery.error, "seconds": REFUSED_RETRY_SECONDS})
    return delivery.refused


def _mark(session: Session, sent: Sequence[Any]) -> None:
    if sent:
        session.execute(
            _PUBLISHED,
            {
                "orders": [row.order_id for row in sent],
                "versions": [row.version for row in sent],
                "positions": [row.position for row in sent],
            },
        )


def _record(row: Any) -> Record:
    """CloudEvents 1.0 in Kafka's binary mode: the body is the data, so that plain consumers need not know of it."""
    headers = [
        ("ce_specversion", "1.0"),
        ("ce_id", row.event_id),
        ("ce_source", SOURCE),
        ("ce_type", row.type),
        ("ce_subject", row.order_id),
        ("ce_time", row.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")),
        ("ce_sequence", f"{row.version:010d}.{row.position:04d}"),
        ("content-type", "application/json"),
    ]
    if row.trace:
        headers.append(("ce_traceparent", row.trace))
    return Record(row.topic, row.order_id, row.body.encode(), tuple(headers))


_LAG = text("""
    SELECT count(*), COALESCE(EXTRACT(EPOCH FROM now() - min(created_at)), 0), count(*) FILTER (WHERE attempts > 0)
    FROM outbox_events WHERE published_at IS NULL
""")
# For times shorter than the days that go as a whole.
_PURGE = text("""
    DELETE FROM outbox_events WHERE (order_id, version, position, created_at) IN (
        SELECT order_id, version, position, created_at FROM outbox_events
        WHERE created_at < now() - interval '1 hour' * :hours AND published_at IS NOT NULL
        ORDER BY created_at LIMIT :batch)
""")


@dataclass(frozen=True, slots=True)
class Lag:
    """Unpublished events: how many, the age of the oldest in seconds, and how many a broker has refused."""

    pending: int
    seconds: float
    refused: int


def lag(session: Session) -> Lag:
    pending, seconds, refused = session.execute(_LAG).one()
    return Lag(pending, float(seconds), refused)


def purge(session: Session, hours: float, batch: int = 5000) -> int:
    """Drop the days that ended `hours` ago; of one with an unpublished event only what was published goes, at most
    `batch`. Less than a day is deleted row by row, `batch` at most. Returns 0 when nothing is left to do."""
    until = datetime.now(UTC) - timedelta(hours=hours)
    dropped = partitions.drop_before(session, partitions.OUTBOX, until, batch)
    if dropped or hours >= HOURS_OF_A_PARTITION:
        return dropped
    return int(session.execute(_PURGE, {"hours": hours, "batch": batch}).rowcount)  # type: ignore[attr-defined]
