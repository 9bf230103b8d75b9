"""The events of the outbox in the order they were committed, for whoever watches. Reads only, a page at a time.

A row's time is when its transaction began, so rows come to light behind others that are younger. So each look begins
again where the oldest transaction that could still be writing began, and what was seen from there on is remembered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

PAGE = 500
# Of a transaction that has just begun, PostgreSQL tells a moment later.
CUSHION = timedelta(seconds=1)
# So many unpublished events are watched until they are sent; of the others only the commit is seen.
MOST_WATCHED = 2000
_SETTLED = text("""
    SELECT GREATEST(LEAST(now(), min(xact_start)), now() - interval '60 seconds') FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
""")
_NEXT = text("""
    SELECT order_id, version, position, event_id, topic, type, CAST(payload AS text) AS body, created_at, published_at
    FROM outbox_events
    WHERE created_at >= :time AND (created_at, order_id, version, position) > (:time, :order_id, :version, :position)
    ORDER BY created_at, order_id, version, position LIMIT :page
""")
_OF_ORDER = text("""
    SELECT order_id, version, position, event_id, topic, type, CAST(payload AS text) AS body, created_at, published_at
    FROM outbox_events
    WHERE order_id = :order_id AND created_at >= :time AND (version, position) > (:version, :position)
    ORDER BY version, position LIMIT :page
""")
_SENT = text("""
    SELECT event.event_id, event.published_at
    FROM unnest(CAST(:orders AS text[]), CAST(:versions AS int[]), CAST(:positions AS smallint[]),
        CAST(:times AS timestamptz[])) AS watched (order_id, version, position, created_at)
    CROSS JOIN LATERAL (
        SELECT event_id, published_at FROM outbox_events
        WHERE outbox_events.order_id = watched.order_id AND outbox_events.version = watched.version
          AND outbox_events.position = watched.position AND outbox_events.created_at = watched.created_at OFFSET 0
    ) AS event
    WHERE event.published_at IS NOT NULL
""")


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that has come to light (`sent` is False), or that Kafka has confirmed since it did."""

    event: Any
    sent: bool
    published_at: datetime | None


class Tail:
    """Remembers what it has shown; `look` yields what is new since the last time.

    `types` are parts of the names of types, any of which an event's must have; none at all are all.
    """

    def __init__(self, since: datetime, order_id: str | None = None, types: Sequence[str] = ()) -> None:
        self._since = since
        self._order_id = order_id
        self._types = types
        self._shown: dict[str, datetime] = {}
        self._waiting: dict[str, Any] = {}

    def look(self, connection: Connection) -> Iterator[Seen]:
        """What has been committed, oldest first, then what has been sent of what was shown before."""
        settled = connection.execute(_SETTLED).scalar_one() - CUSHION
        yield from self._sent(connection)
        for event in self._committed(connection):
            if event.event_id not in self._shown and self._wanted(event.type):
                self._shown[event.event_id] = event.created_at
                if event.published_at is None and len(self._waiting) < MOST_WATCHED:
                    self._waiting[event.event_id] = event
                yield Seen(event, sent=False, published_at=event.published_at)
        self._since = max(self._since, settled)
        self._shown = {event_id: moment for event_id, moment in self._shown.items() if moment >= self._since}

    def _wanted(self, kind: str) -> bool:
        return not self._types or any(part in kind for part in self._types)

    def _committed(self, connection: Connection) -> Iterator[Any]:
        statement = _OF_ORDER if self._order_id else _NEXT
        place = {"time": self._since, "order_id": self._order_id or "", "version": 0, "position": -1}
        while True:
            page = connection.execute(statement, {**place, "page": PAGE}).all()
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]
            place.update(version=last.version, position=last.position)
            if not self._order_id:
                place.update(time=last.created_at, order_id=last.order_id)

    def _sent(self, connection: Connection) -> Iterator[Seen]:
        if not self._waiting:
            return
        waiting = list(self._waiting.values())
        asked = {
            "orders": [event.order_id for event in waiting],
            "versions": [event.version for event in waiting],
            "positions": [event.position for event in waiting],
            "times": [event.created_at for event in waiting],
        }
        for row in connection.execute(_SENT, asked):
            yield Seen(self._waiting.pop(row.event_id), sent=True, published_at=row.published_at)
