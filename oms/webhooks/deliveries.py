"""The log of deliveries: listed, looked at, sent again, and forgotten in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from oms.errors import NotFound
from oms.ids import first_id
from oms.webhooks import endpoints, fan_out
from oms.webhooks.fan_out import Told
from oms.webhooks.models import WAITING, WebhookAttempt, WebhookDelivery, WebhookMessage
from oms.webhooks.subscriptions import TEST

REPLAYED_AT_ONCE = 5000
CLOCKS_DIFFER = timedelta(minutes=1)
# Of one delivery; the schedule makes eleven, replays may add to them.
MOST_ATTEMPTS = 100
_COLUMNS = (
    WebhookDelivery.event_id,
    WebhookDelivery.type,
    WebhookDelivery.order_id,
    WebhookDelivery.status,
    WebhookDelivery.attempts,
    WebhookDelivery.next_attempt_at,
    WebhookDelivery.created_at,
    WebhookDelivery.finished_at,
)
_ATTEMPTS = (
    WebhookAttempt.attempted_at,
    WebhookAttempt.duration_ms,
    WebhookAttempt.status_code,
    WebhookAttempt.error,
    WebhookAttempt.response,
)
# The beginning of a ULID is its time, by the clock of the process that made it.
_REPLAY_FAILED = text("""
    UPDATE webhook_deliveries SET status = 'waiting', attempts = 0, next_attempt_at = now(), finished_at = NULL
    WHERE endpoint_id = :endpoint_id AND status = 'failed' AND event_id = ANY(ARRAY(
        SELECT event_id FROM webhook_deliveries
        WHERE endpoint_id = :endpoint_id AND status = 'failed' AND event_id >= :first
            AND created_at >= :since
        ORDER BY event_id LIMIT :batch))
""")
_PURGE = text("""
    WITH old AS (
        DELETE FROM webhook_deliveries WHERE (endpoint_id, event_id) IN (
            SELECT endpoint_id, event_id FROM webhook_deliveries
            WHERE created_at < now() - make_interval(days => :days) ORDER BY created_at LIMIT :batch)
        RETURNING endpoint_id, event_id
    ), attempts AS (
        DELETE FROM webhook_attempts USING old
        WHERE webhook_attempts.endpoint_id = old.endpoint_id AND webhook_attempts.event_id = old.event_id
    )
    SELECT count(*) FROM old
""")
# After their deliveries: those carry the same time.
_PURGE_MESSAGES = text("""
    DELETE FROM webhook_messages WHERE event_id = ANY(ARRAY(
        SELECT event_id FROM webhook_messages
        WHERE created_at < now() - make_interval(days => :days) ORDER BY created_at LIMIT :batch))
""")
_PURGE_DELETED = text("""
    WITH gone AS (SELECT id FROM webhook_endpoints WHERE status = 'deleted' ORDER BY id LIMIT 1),
    old AS (
        DELETE FROM webhook_deliveries WHERE (endpoint_id, event_id) IN (
            SELECT endpoint_id, event_id FROM gone CROSS JOIN LATERAL (
                SELECT endpoint_id, event_id FROM webhook_deliveries WHERE endpoint_id = gone.id LIMIT :batch
            ) AS its)
        RETURNING endpoint_id, event_id
    ), attempts AS (
        DELETE FROM webhook_attempts USING old
        WHERE webhook_attempts.endpoint_id = old.endpoint_id AND webhook_attempts.event_id = old.event_id
    ), emptied AS (
        DELETE FROM webhook_endpoints USING gone
        WHERE webhook_endpoints.id = gone.id
            AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE webhook_deliveries.endpoint_id = gone.id)
        RETURNING webhook_endpoints.id
    )
    SELECT (SELECT count(*) FROM old) + (SELECT count(*) FROM emptied)
""")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for an endpoint; `next_attempt_at` counts while it waits."""

    event_id: str
    type: str
    order_id: str | None
    status: str
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request: either `status_code` or, where there was no answer, `error` says how it ended."""

    attempted_at: datetime
    duration_ms: int
    status_code: int | None
    error: str | None
    response: str | None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Newest event first; `next_cursor` is None on the last page."""

    deliveries: Sequence[Delivery]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class DeliveryWithAttempts:
    """A delivery, the body of its requests (JSON text), and its last attempts, oldest first."""

    delivery: Delivery
    body: str | None
    attempts: Sequence[Attempt]


def page(
    session: Session, endpoint_id: str, limit: int, after: str | None = None, status: str | None = None
) -> DeliveryPage:
    """Raises `NotFound`."""
    endpoints.find(session, endpoint_id)
    query = select(*_COLUMNS).where(WebhookDelivery.endpoint_id == endpoint_id)
    if after is not None:
        query = query.where(WebhookDelivery.event_id < after)
    if status is not None:
        query = query.where(WebhookDelivery.status == status)
    rows = session.execute(query.order_by(WebhookDelivery.event_id.desc()).limit(limit + 1))
    found = [_delivery(row) for row in rows]
    return DeliveryPage(found[:limit], found[limit - 1].event_id if len(found) > limit else None)


def find(session: Session, endpoint_id: str, event_id: str) -> DeliveryWithAttempts:
    """Raises `NotFound`."""
    endpoints.find(session, endpoint_id)
    key = (WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id == event_id)
    row = session.execute(select(*_COLUMNS).where(*key)).one_or_none()
    if row is None:
        raise _unknown()
    of_it = (WebhookAttempt.endpoint_id == endpoint_id, WebhookAttempt.event_id == event_id)
    newest = select(*_ATTEMPTS).where(*of_it).order_by(WebhookAttempt.id.desc()).limit(MOST_ATTEMPTS)
    attempts = [Attempt(*each) for each in session.execute(newest)][::-1]
    body = session.execute(select(WebhookMessage.body).where(WebhookMessage.event_id == event_id)).scalar()
    return DeliveryWithAttempts(_delivery(row), body, attempts)


def replay(session: Session, endpoint_id: str, event_id: str) -> Delivery:
    """Send it again at once, whatever became of it, with a whole schedule before it. Raises `NotFound`."""
    endpoints.find(session, endpoint_id)
    statement = (
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id == event_id)
        .values(status=WAITING, attempts=0, next_attempt_at=func.now(), claimed=False, finished_at=None)
        .returning(*_COLUMNS)
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        raise _unknown()
    fan_out.ring(session)
    return _delivery(row)


def replay_failed(session: Session, endpoint_id: str, since: datetime, batch: int = REPLAYED_AT_ONCE) -> int:
    """Send again what was given up of events since then, oldest first, `batch` at most; how many. Raises `NotFound`."""
    endpoints.find(session, endpoint_id)
    parameters = {"endpoint_id": endpoint_id, "first": first_id(since - CLOCKS_DIFFER), "since": since}
    found: Any = session.execute(_REPLAY_FAILED, {**parameters, "batch": batch})
    fan_out.ring(session)
    return int(found.rowcount)


def send_test(session: Session, endpoint_id: str) -> str:
    """Have a test event delivered; its id. Raises `NotFound`, `Conflict` (webhook_not_enabled)."""
    endpoints.require_enabled(endpoints.find(session, endpoint_id))
    return fan_out.tell(session, [endpoint_id], Told(TEST, {"endpoint_id": endpoint_id}))


def purge(session: Session, days: int, batch: int = 2000) -> int:
    """Forget what is older than `days`, delivered or not, and what is left of a deleted endpoint, `batch` at most; how
    many deliveries, messages and endpoints went."""
    parameters = {"days": days, "batch": batch}
    old = int(session.execute(_PURGE, parameters).scalar_one())
    if not old:
        old = int(session.execute(_PURGE_MESSAGES, parameters).rowcount)  # type: ignore[attr-defined]
    return old + int(session.execute(_PURGE_DELETED, {"batch": batch}).scalar_one())


def _delivery(row: Any) -> Delivery:
    values = row._asdict()
    values["next_attempt_at"] = row.next_attempt_at if row.status == WAITING else None
    return Delivery(**values)


def _unknown() -> NotFound:
    return NotFound("There is no such delivery.", code="webhook_delivery_not_found")
