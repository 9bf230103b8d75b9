"""What came of attempts: delivered, to be tried again, given up; and what that says about the endpoint."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import strict_json
from oms.ids import new_id
from oms.transactions import after_commit
from oms.webhooks import fan_out, schedule
from oms.webhooks.claiming import Claimed
from oms.webhooks.fan_out import Told
from oms.webhooks.models import DELIVERED, FAILED, WAITING
from oms.webhooks.sending import Result
from oms.webhooks.subscriptions import ENDPOINT_DISABLED

# So many failures, besides the days of nothing else: an endpoint that is called once a week is not judged by two.
FEWEST_FAILURES = 10
HTTP_GONE = 410
_log = structlog.get_logger(__name__)
_ATTEMPTS = text("""
    INSERT INTO webhook_attempts
        (endpoint_id, event_id, id, attempted_at, duration_ms, status_code, error, response)
    SELECT endpoint_id, event_id, id, attempted_at, duration_ms, status_code, error, response
    FROM jsonb_to_recordset(CAST(:attempts AS jsonb)) AS attempt (endpoint_id text, event_id text, id text,
        attempted_at timestamptz, duration_ms int, status_code smallint, error text, response text)
""")
# A late result of a claim that had run out must not undo a success.
_RECORD = text("""
    UPDATE webhook_deliveries
    SET status = outcome.status, claimed = false, attempts = attempts + 1,
        next_attempt_at = now() + make_interval(secs => outcome.seconds),
        finished_at = CASE WHEN outcome.status <> 'waiting' THEN now() END
    FROM unnest(CAST(:endpoints AS text[]), CAST(:events AS text[]), CAST(:statuses AS text[]),
        CAST(:seconds AS float[])) AS outcome (endpoint_id, event_id, status, seconds)
    WHERE webhook_deliveries.endpoint_id = outcome.endpoint_id AND webhook_deliveries.event_id = outcome.event_id
      AND webhook_deliveries.status = 'waiting'
""")
# The next event of the same order, where an ordered endpoint has one waiting for this.
_RELEASE = text("""
    UPDATE webhook_deliveries SET next_attempt_at = now()
    FROM (
        SELECT following.endpoint_id, following.event_id
        FROM unnest(CAST(:endpoints AS text[]), CAST(:events AS text[])) AS outcome (endpoint_id, event_id)
            JOIN webhook_endpoints AS endpoint ON endpoint.id = outcome.endpoint_id AND endpoint.ordered
            JOIN webhook_deliveries AS done
                ON done.endpoint_id = outcome.endpoint_id AND done.event_id = outcome.event_id
                    AND done.status <> 'waiting'
            CROSS JOIN LATERAL (
                SELECT endpoint_id, event_id, attempts FROM webhook_deliveries AS other
                WHERE other.endpoint_id = done.endpoint_id AND other.order_id = done.order_id
                    AND other.status = 'waiting'
                ORDER BY version, position LIMIT 1
            ) AS following
        WHERE following.attempts = 0
    ) AS following
    WHERE webhook_deliveries.endpoint_id = following.endpoint_id AND webhook_deliveries.event_id = following.event_id
      AND NOT claimed
""")
_WELL = text("""
    UPDATE webhook_endpoints SET failing_since = NULL, failures = 0
    WHERE id = ANY(CAST(:endpoints AS text[])) AND failing_since IS NOT NULL
""")
_FAILING = text("""
    UPDATE webhook_endpoints SET failing_since = COALESCE(failing_since, now()), failures = failures + failed.count
    FROM unnest(CAST(:endpoints AS text[]), CAST(:counts AS int[])) AS failed (id, count)
    WHERE webhook_endpoints.id = failed.id
""")
_DISABLE = text("""
    UPDATE webhook_endpoints
    SET status = 'disabled', disabled_at = now(), updated_at = now(),
        disabled_reason = CASE WHEN id = ANY(CAST(:gone AS text[])) THEN 'gone' ELSE 'failing' END
    WHERE id = ANY(CAST(:failed AS text[])) AND status = 'enabled' AND (id = ANY(CAST(:gone AS text[]))
        OR (failures >= :fewest AND failing_since < now() - make_interval(days => :days)))
    RETURNING id, url, disabled_reason, failing_since
""")


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that is over."""

    delivery: Claimed
    result: Result


class Outcome(NamedTuple):
    """What becomes of a delivery: its status, and in how many seconds it is tried again."""

    status: str
    seconds: float


def outcome(tried: Tried) -> Outcome:
    """Any 2xx is a success, 410 a definite no, everything else is tried again as long as the schedule has it."""
    if tried.result.is_success:
        return Outcome(DELIVERED, 0)
    asked = schedule.asked_pause(tried.result.retry_after)
    pause = None if tried.result.status == HTTP_GONE else schedule.pause_after(tried.delivery.attempts + 1, asked)
    return Outcome(FAILED, 0) if pause is None else Outcome(WAITING, pause)


def record(session: Session, tried: Sequence[Tried], disable_after_days: int) -> list[Outcome]:
    """Write down what came of these attempts; what became of each. Under the lock of `claiming`."""
    found = [outcome(each) for each in tried]
    session.execute(_ATTEMPTS, {"attempts": strict_json.write([_attempt(each) for each in tried]).decode()})
    keys = {
        "endpoints": [each.delivery.endpoint_id for each in tried],
        "events": [each.delivery.event_id for each in tried],
    }
    what = {"statuses": [each.status for each in found], "seconds": [each.seconds for each in found]}
    session.execute(_RECORD, {**keys, **what})
    if any(each.delivery.ordered for each in tried):
        session.execute(_RELEASE, keys)
    _judge(session, tried, disable_after_days)
    return found


def _attempt(tried: Tried) -> dict[str, Any]:
    delivery, result = tried.delivery, tried.result
    return {
        "endpoint_id": delivery.endpoint_id,
        "event_id": delivery.event_id,
        "id": new_id(),
        "attempted_at": datetime.now(UTC) - timedelta(milliseconds=result.duration_ms),
        "duration_ms": result.duration_ms,
        "status_code": result.status,
        "error": result.error,
        "response": result.response,
    }


def _judge(session: Session, tried: Sequence[Tried], days: int) -> None:
    """An endpoint that says it is gone, or has only failed for days, is disabled, and somebody is told."""
    well = {each.delivery.endpoint_id for each in tried if each.result.is_success}
    failed = Counter(each.delivery.endpoint_id for each in tried if not each.result.is_success)
    gone = [each.delivery.endpoint_id for each in tried if each.result.status == HTTP_GONE]
    if well:
        session.execute(_WELL, {"endpoints": sorted(well)})
    only_failed = sorted(set(failed) - well)
    if only_failed:
        session.execute(_FAILING, {"endpoints": only_failed, "counts": [failed[each] for each in only_failed]})
    if failed:
        suspects = {"failed": sorted(set(only_failed) | set(gone)), "gone": gone}
        for row in session.execute(_DISABLE, {**suspects, "fewest": FEWEST_FAILURES, "days": days}).all():
            _announce(session, row)


def _announce(session: Session, row: Any) -> None:
    """To the log, and to endpoints that ask for it, the operators' for example."""
    about = {"endpoint_id": row.id, "reason": row.disabled_reason}
    after_commit(session, lambda: _log.warning("webhook_endpoint_disabled", **about))
    if others := fan_out.subscribed(session, ENDPOINT_DISABLED):
        told = {**about, "url": row.url, "failing_since": row.failing_since}
        fan_out.tell(session, others, Told(ENDPOINT_DISABLED, told))
