"""How long orders stay in each status, by a sample of those that moved last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.orders import lifecycle

# The newest events, whose orders are the sample: about a thousand orders.
EVENTS = 2000
DAYS = 14


@dataclass(frozen=True, slots=True)
class Pace:
    """How long `orders` of the sample were in `status` before they left it, in seconds."""

    status: str
    orders: int
    median: float
    p90: float


# OFFSET 0 has the entries of each order looked up by the primary key, in the months that `since` leaves.
_PACE = text("""
    WITH moved AS MATERIALIZED (
        SELECT DISTINCT order_id FROM (
            SELECT order_id FROM outbox_events ORDER BY created_at DESC LIMIT :events
        ) AS newest
    ), steps AS (
        SELECT previous_status AS status,
            EXTRACT(EPOCH FROM created_at - lag(created_at) OVER (PARTITION BY moved.order_id ORDER BY seq)) AS seconds
        FROM moved CROSS JOIN LATERAL (
            SELECT seq, previous_status, created_at FROM order_journey
            WHERE order_journey.order_id = moved.order_id AND created_at >= :since
                AND line_no IS NULL AND event IS NULL OFFSET 0
        ) AS step
    )
    SELECT status, count(*) AS orders, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
    FROM steps WHERE seconds IS NOT NULL GROUP BY status
""")


def by_status(session: Session, now: datetime) -> list[Pace]:
    """In the order of the lifecycle; statuses that none of the sample has left are missing."""
    rows = session.execute(_PACE, {"events": EVENTS, "since": now - timedelta(days=DAYS)})
    found = {row.status: Pace(row.status, row.orders, float(row.median), float(row.p90)) for row in rows}
    return [found[status] for status in lifecycle.STATUSES if status in found]
