"""How webhooks are doing, for metrics and the doctor."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

COUNTED = 10_000
_WAITING = text("""
    SELECT count(*) FROM webhook_endpoints CROSS JOIN LATERAL (
        SELECT 1 FROM webhook_deliveries
        WHERE webhook_deliveries.endpoint_id = webhook_endpoints.id AND webhook_deliveries.status = 'waiting'
        LIMIT :counted
    ) AS waiting
    WHERE webhook_endpoints.status IN ('enabled', 'paused')
""")
_OVERDUE = text("""
    SELECT COALESCE(EXTRACT(EPOCH FROM now() - min(due)), 0) FROM webhook_endpoints CROSS JOIN LATERAL (
        SELECT next_attempt_at AS due FROM webhook_deliveries
        WHERE webhook_deliveries.endpoint_id = webhook_endpoints.id AND webhook_deliveries.status = 'waiting'
            AND next_attempt_at <= now()
        ORDER BY next_attempt_at LIMIT 1
    ) AS oldest
    WHERE webhook_endpoints.status = 'enabled'
""")
_ENDPOINTS = text("""
    SELECT status, disabled_reason, count(*) AS count FROM webhook_endpoints WHERE status <> 'deleted' GROUP BY 1, 2
""")


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting` deliveries, up to `COUNTED` of an endpoint; `overdue_seconds` of the oldest whose attempt has come;
    endpoints by status, and those that were `disabled` by the system for what they answered."""

    waiting: int
    overdue_seconds: float
    endpoints: Mapping[str, int]
    given_up: int


def backlog(session: Session) -> Backlog:
    waiting = session.execute(_WAITING, {"counted": COUNTED}).scalar_one()
    counts: dict[str, int] = dict.fromkeys(("enabled", "paused", "disabled"), 0)
    given_up = 0
    for status, reason, count in session.execute(_ENDPOINTS):
        counts[status] += count
        given_up += count if reason in ("gone", "failing") else 0
    return Backlog(int(waiting), overdue(session), counts, given_up)


def overdue(session: Session) -> float:
    """Seconds since the oldest attempt that has not been made should have been; 0 when none is late."""
    return float(session.execute(_OVERDUE).scalar_one())
