"""Orders that have been in a status for longer than they should be.

When an order came into its status is in its journey. It can't have come into it before it was placed, so an order that
was placed after a limit ago is not stuck: what is left is walked over from the oldest on, a bounded number at a time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.figures.standing import Count
from oms.orders import lifecycle

# docs/operations.md has these too.
LIMITS = {
    lifecycle.PENDING: timedelta(days=1),
    lifecycle.CONFIRMED: timedelta(days=1),
    lifecycle.PROCESSING: timedelta(days=1),
    lifecycle.PACKED: timedelta(days=1),
    lifecycle.SHIPPED: timedelta(days=7),
    lifecycle.PARTIALLY_DELIVERED: timedelta(days=7),
    lifecycle.DELIVERY_FAILED: timedelta(days=2),
    lifecycle.RETURN_REQUESTED: timedelta(days=14),
}
# Orders looked at for one page, so many at a time, and of each status to be counted.
MOST_LOOKED_AT = 1000
BATCH = 100
MOST_COUNTED = 500


@dataclass(frozen=True, slots=True)
class StuckOrder:
    """`since` is when it came into its status, as far as its journey tells."""

    order_id: str
    customer_id: str
    facility_id: str | None
    created_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this order."""

    created_at: datetime
    order_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """Stuck orders, those that were placed first first. `after` leads on, None at the end; a page may have few orders
    or none and still lead on, where many were looked at that are not stuck."""

    orders: list[StuckOrder]
    after: Place | None


# An order that nothing has happened to since the limit need not be asked about its journey.
_STUCK = """
    WITH candidates AS MATERIALIZED (
        SELECT order_id, customer_id, facility_id, created_at, updated_at FROM orders
        WHERE status = :status AND created_at < :limit AND (created_at, order_id) > (:after_time, :after_id)
        ORDER BY created_at, order_id LIMIT :most
    ), dated AS (
        SELECT *, (
            SELECT max(step.created_at) FROM order_journey AS step
            WHERE step.order_id = candidates.order_id AND step.created_at >= candidates.created_at - interval '1 day'
                AND line_no IS NULL AND event IS NULL AND current_status = :status
        ) AS entered FROM candidates
    )
"""
_PAGE = text(f"""{_STUCK}
    SELECT order_id, customer_id, facility_id, created_at, COALESCE(entered, created_at) AS since,
        updated_at < :limit OR COALESCE(entered, created_at) < :limit AS stuck
    FROM dated ORDER BY created_at, order_id
""")  # noqa: S608 - parts of this module's own
_COUNT = text(f"""{_STUCK}
    SELECT count(*) AS looked_at,
        count(*) FILTER (WHERE updated_at < :limit OR COALESCE(entered, created_at) < :limit) AS stuck
    FROM dated
""")  # noqa: S608 - parts of this module's own


def page(session: Session, status: str, now: datetime, limit: int, after: Place | None = None) -> Page:
    """Orders stuck in `status`, one of `LIMITS`; the journeys of orders in the way are looked at too."""
    orders: list[StuckOrder] = []
    for _ in range(MOST_LOOKED_AT // BATCH):
        rows = session.execute(_PAGE, _parameters(status, now, BATCH, after)).all()
        for row in rows:
            if len(orders) == limit:
                return Page(orders, after)
            after = Place(row.created_at, row.order_id)
            if row.stuck:
                orders.append(StuckOrder(row.order_id, row.customer_id, row.facility_id, row.created_at, row.since))
        if len(rows) < BATCH:
            return Page(orders, None)
    return Page(orders, after)


def counts(session: Session, now: datetime) -> dict[str, Count]:
    """How many are stuck in each status of `LIMITS`, of the oldest `MOST_COUNTED`."""
    found = {}
    for status in LIMITS:
        row = session.execute(_COUNT, _parameters(status, now, MOST_COUNTED)).one()
        found[status] = Count(row.stuck, "at least" if row.looked_at == MOST_COUNTED else "exactly")
    return found


def _parameters(status: str, now: datetime, most: int, after: Place | None = None) -> dict[str, Any]:
    return {
        "status": status,
        "limit": now - LIMITS[status],
        "after_time": "-infinity" if after is None else after.created_at,
        "after_id": "" if after is None else after.order_id,
        "most": most,
    }
