"""How many orders stand where: counted as far as a screen needs it, estimated beyond."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.orders import lifecycle

# Counted one by one up to here, of each status; and of each status of a facility.
MOST = 5000
MOST_OF_FACILITY = 500
# Orders that somebody still has to do something with.
OPEN = tuple(status for status in lifecycle.STATUSES if status not in ("delivered", "cancelled", "returned"))


@dataclass(frozen=True, slots=True)
class Count:
    """`value` orders: exactly, about (by PostgreSQL's own statistics), or at least."""

    value: int
    kind: Literal["exactly", "about", "at least"] = "exactly"


_BY_STATUS = text("""
    SELECT wanted.status, (SELECT count(*) FROM (
        SELECT 1 FROM orders WHERE orders.status = wanted.status ORDER BY created_at DESC, order_id DESC LIMIT :most
    ) AS found) AS found
    FROM unnest(CAST(:statuses AS text[])) AS wanted (status)
""")
_ESTIMATES = text("""
    SELECT unnest(CAST(CAST(most_common_vals AS text) AS text[])) AS status,
        unnest(most_common_freqs) * reltuples AS orders
    FROM pg_stats JOIN pg_class ON pg_class.oid = CAST('orders' AS regclass)
    WHERE pg_stats.tablename = 'orders' AND attname = 'status' AND schemaname = current_schema() AND NOT inherited
""")
_OPEN_OF_FACILITIES = text("""
    SELECT facility, sum(found) AS found, max(found) >= :most AS more FROM (
        SELECT facility, (SELECT count(*) FROM (
            SELECT 1 FROM orders WHERE facility_id = facility AND orders.status = wanted.status
            ORDER BY created_at DESC, order_id DESC LIMIT :most
        ) AS still) AS found
        FROM unnest(CAST(:facilities AS text[])) AS facility, unnest(CAST(:statuses AS text[])) AS wanted (status)
    ) AS counted GROUP BY facility
""")


def by_status(session: Session) -> dict[str, Count]:
    """Orders by status, in the order of the lifecycle."""
    parameters = {"statuses": list(lifecycle.STATUSES), "most": MOST + 1}
    counted: dict[str, int] = {row.status: row.found for row in session.execute(_BY_STATUS, parameters)}
    estimates: dict[str, float] = {}
    if any(found > MOST for found in counted.values()):
        estimates = {row.status: row.orders for row in session.execute(_ESTIMATES)}
    return {status: _count(counted[status], estimates.get(status, 0)) for status in lifecycle.STATUSES}


def open_of(session: Session, facilities: list[str]) -> dict[str, Count]:
    """Orders that are still under way, by facility; a facility that has none is there with 0."""
    parameters: dict[str, Any] = {"facilities": facilities, "statuses": list(OPEN), "most": MOST_OF_FACILITY}
    return {
        row.facility: Count(int(row.found), "at least" if row.more else "exactly")
        for row in session.execute(_OPEN_OF_FACILITIES, parameters)
    }


def _count(found: int, estimate: float) -> Count:
    if found <= MOST:
        return Count(found)
    return Count(round(estimate), "about") if estimate > MOST else Count(MOST, "at least")
