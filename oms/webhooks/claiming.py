"""What is due is claimed for a while, so that it is sent by one worker at a time and found again when that one dies.

Claims and results are written under one lock: so the number of requests under way to an endpoint is known, and an
ordered endpoint is told the events of an order one after the other.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

# Longer than any attempt may take (`config`), with the time to write down what came of it.
CLAIM_SECONDS = 30
# Requests under way to one endpoint.
AT_ONCE = 8
# Of an ordered endpoint's due deliveries many may have to wait for earlier ones.
LOOKED_AT = 50
# What waits behind an earlier event is released when that one is done; should that be lost, this is when it is seen.
SEEN_AGAIN_SECONDS = 60
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('oms.webhooks'))")
# OFFSET 0 has the requests under way counted once for each endpoint.
_DUE = text("""
    SELECT endpoint.id AS endpoint_id, delivery.event_id, failing, under_way, earlier.until AS blocked_until
    FROM (
        SELECT id, ordered, failing_since IS NOT NULL AS failing, (
                SELECT count(*) FROM webhook_deliveries AS claimed
                WHERE claimed.endpoint_id = webhook_endpoints.id AND claimed AND next_attempt_at > now()
            ) AS under_way
        FROM webhook_endpoints WHERE status = 'enabled' OFFSET 0
    ) AS endpoint CROSS JOIN LATERAL (
        SELECT event_id, order_id, version, position, next_attempt_at FROM webhook_deliveries
        WHERE webhook_deliveries.endpoint_id = endpoint.id AND status = 'waiting' AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT :looked_at
    ) AS delivery LEFT JOIN LATERAL (
        SELECT greatest(next_attempt_at, now()) AS until FROM webhook_deliveries AS other
        WHERE endpoint.ordered AND other.endpoint_id = endpoint.id AND other.order_id = delivery.order_id
            AND status = 'waiting' AND (other.version, other.position) < (delivery.version, delivery.position)
        ORDER BY version, position LIMIT 1
    ) AS earlier ON true
    ORDER BY delivery.next_attempt_at
""")
_PUT_OFF = text("""
    UPDATE webhook_deliveries SET next_attempt_at = until + make_interval(secs => :seconds)
    FROM unnest(CAST(:endpoints AS text[]), CAST(:events AS text[]), CAST(:until AS timestamptz[]))
        AS wanted (endpoint_id, event_id, until)
    WHERE webhook_deliveries.endpoint_id = wanted.endpoint_id AND webhook_deliveries.event_id = wanted.event_id
""")
_CLAIM = text("""
    WITH claimed AS (
        UPDATE webhook_deliveries SET claimed = true, next_attempt_at = now() + make_interval(secs => :seconds)
        FROM unnest(CAST(:endpoints AS text[]), CAST(:events AS text[])) AS wanted (endpoint_id, event_id)
        WHERE webhook_deliveries.endpoint_id = wanted.endpoint_id AND webhook_deliveries.event_id = wanted.event_id
        RETURNING webhook_deliveries.endpoint_id, webhook_deliveries.event_id, order_id, attempts
    )
    SELECT claimed.endpoint_id, claimed.event_id, order_id, attempts, failing_since IS NOT NULL AS failing,
        ordered, body, url, secret,
        CASE WHEN previous_secret_until > now() THEN previous_secret END AS previous_secret
    FROM claimed JOIN webhook_messages AS message ON message.event_id = claimed.event_id
        JOIN webhook_endpoints AS endpoint ON endpoint.id = claimed.endpoint_id
""")


class Due(NamedTuple):
    """A delivery that may go now. `under_way` counts the requests to its endpoint, by all workers."""

    endpoint_id: str
    event_id: str
    failing: bool
    under_way: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours for `CLAIM_SECONDS`. `attempts` were made before; secrets are sealed, current first."""

    endpoint_id: str
    event_id: str
    order_id: str | None
    attempts: int
    failing: bool
    ordered: bool
    body: str
    url: str
    secrets: Sequence[bytes]


class Found(NamedTuple):
    """`more`: something was put off, so others may be due that were not looked at."""

    claimed: list[Claimed]
    more: bool


class Slots:
    """Who may send next, so that nobody is kept waiting by somebody else's slow receiver.

    Of `capacity` requests at once, an endpoint that fails has one, and all of those together half. One that works has
    its first request as long as there is any room, and up to `AT_ONCE` while half is free.
    """

    def __init__(self, capacity: int, free: int, failing: int) -> None:
        self._half = max(1, capacity // 2)
        self._free = free
        self._failing = failing
        self._under_way: dict[str, int] = {}

    def choose(self, due: Sequence[Due]) -> list[Due]:
        """Round by round, one of each endpoint a round."""
        waiting: dict[str, list[Due]] = defaultdict(list)
        for delivery in due:
            waiting[delivery.endpoint_id].append(delivery)
            self._under_way.setdefault(delivery.endpoint_id, delivery.under_way)
        chosen: list[Due] = []
        for position in range(max(map(len, waiting.values()), default=0)):
            turn = (deliveries[position] for deliveries in waiting.values() if position < len(deliveries))
            chosen += [delivery for delivery in turn if self._takes(delivery)]
        return chosen

    def _takes(self, delivery: Due) -> bool:
        under_way = self._under_way[delivery.endpoint_id]
        if delivery.failing:
            admitted = self._free > 0 and under_way == 0 and self._failing < self._half
            self._failing += admitted
        else:
            admitted = self._free > (0 if under_way == 0 else self._half) and under_way < AT_ONCE
        if admitted:
            self._free -= 1
            self._under_way[delivery.endpoint_id] += 1
        return admitted


def lock(session: Session) -> None:
    """Whoever claims or records does so alone, until the transaction ends."""
    session.execute(_LOCK)


def claim(session: Session, slots: Slots) -> Found:
    """Take what is due and has a slot. Under the lock."""
    rows = session.execute(_DUE, {"looked_at": LOOKED_AT}).all()
    blocked = [row for row in rows if row.blocked_until is not None]
    if blocked:
        session.execute(
            _PUT_OFF,
            {**_keys(blocked), "until": [row.blocked_until for row in blocked], "seconds": SEEN_AGAIN_SECONDS},
        )
    free = [Due(row.endpoint_id, row.event_id, row.failing, row.under_way) for row in _unblocked(rows)]
    chosen = slots.choose(free)
    claimed = _claimed(session, chosen) if chosen else []
    return Found(claimed, more=bool(blocked))


def _unblocked(rows: Sequence[Any]) -> list[Any]:
    return [row for row in rows if row.blocked_until is None]


def _claimed(session: Session, chosen: Sequence[Due]) -> list[Claimed]:
    found = session.execute(_CLAIM, {**_keys(chosen), "seconds": CLAIM_SECONDS})
    return [
        Claimed(
            row.endpoint_id,
            row.event_id,
            row.order_id,
            row.attempts,
            row.failing,
            row.ordered,
            row.body,
            row.url,
            [bytes(sealed) for sealed in (row.secret, row.previous_secret) if sealed is not None],
        )
        for row in found
    ]


def _keys(rows: Sequence[Any]) -> dict[str, list[str]]:
    return {"endpoints": [row.endpoint_id for row in rows], "events": [row.event_id for row in rows]}
