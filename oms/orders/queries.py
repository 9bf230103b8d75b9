"""Lists of orders: which ones are on a page, and in which version. One query a page, keyset over (created_at,
order_id), newest first; their bodies come from the cache, or in one more query."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from oms.driver_sql import DriverStatement, Executor, compiled, run
from oms.errors import Invalid
from oms.ids import ORDER_ID
from oms.orders import customer_counts, lifecycle
from oms.orders.customer_counts import NOTHING, Counted, Total

# What a search looks at of an article or the beginning of an id that more orders than these have: the highest ids.
MOST_FOUND = 1000
# Of the orders of somebody who searches his own, the newest.
MOST_OWN = 5000
_NEWEST_FIRST = "ORDER BY created_at DESC, order_id DESC"
_OLDEST_FIRST = "ORDER BY created_at, order_id"
_TIMES = {
    "created_from": "created_at >= :created_from",
    "created_to": "created_at < :created_to",
    "before_time": "(created_at, order_id) < (:before_time, :before_id)",
}
_LIKE = "order_id LIKE :q_prefix"
_PHONE = "address ->> 'phone' = :q"


def _found(chosen: str) -> DriverStatement:
    """The orders whose ids `chosen` selects. Whatever has to be walked over to choose them, only these are read."""
    return compiled(
        f"SELECT order_id, version, created_at FROM orders WHERE order_id = ANY(ARRAY({chosen})) {_NEWEST_FIRST}"
    )


_OF_CUSTOMER = "SELECT order_id FROM orders WHERE customer_id = :customer_id"
_NUMBERED = _found(f"{_OF_CUSTOMER} {_NEWEST_FIRST} LIMIT :shown OFFSET :skipped")
_NUMBERED_FROM_THE_END = _found(f"{_OF_CUSTOMER} {_OLDEST_FIRST} LIMIT :shown OFFSET :skipped")


class Found(NamedTuple):
    """An order of a list, in the version that was found."""

    order_id: str
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Orders and the cursor that leads on, None on the last page."""

    orders: list[Found]
    next_cursor: str | None


def list_orders(on: Executor, filters: Mapping[str, Any], limit: int, cursor: str | None) -> Page:
    """A page of orders. `filters`: owner, customer_id, facility_id, status, created_from, created_to, q; all optional.

    Raises `Invalid` bad_cursor or unknown_status.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    if "owner" in given:
        given["customer_id"] = given["owner"]
    parameters: dict[str, Any] = {**given, "limit": limit + 1, "statuses": list(lifecycle.STATUSES)}
    if "status" in given:
        parameters["statuses"] = [lifecycle.parse(given["status"])]
    if "q" in given:
        parameters["q_prefix"] = _like_prefix(given["q"])
    if cursor is not None:
        parameters["before_time"], parameters["before_id"] = read_cursor(cursor)
    statement = _page(frozenset(parameters) & _SHAPING)
    rows = run(on, statement, parameters).all()
    orders = [Found(*row) for row in rows[:limit]]
    return Page(orders, _cursor(orders[-1]) if len(rows) > limit else None)


_SHAPING = frozenset({"customer_id", "facility_id", "status", "q", *_TIMES})


@cache
def _page(given: frozenset[str]) -> DriverStatement:
    """The statement for what is given. Each part of it walks one index from the newest order on, and stops in time."""
    times = [_TIMES[name] for name in sorted(given & _TIMES.keys())]
    if "q" in given:
        return _found(_searched(given, times))
    if "customer_id" in given:
        return _found(_of_customer(":customer_id", times, _of_status_and_facility(given)))
    if "facility_id" in given:
        return _found(_by_status(["facility_id = :facility_id", *times]))
    return _found(_by_status(times))


def _of_status_and_facility(given: frozenset[str]) -> list[str]:
    conditions = {"status": "status = ANY(:statuses)", "facility_id": "facility_id = :facility_id"}
    return [condition for name, condition in conditions.items() if name in given]


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _by_status(conditions: Sequence[str]) -> str:
    """The newest of each status, and of these the newest.

    One index then serves lists of all statuses and of one. With an index by time alone beside it, the planner would
    take that one for a status that is frequent, and read all the newer orders which do not have it.
    """
    return f"""
        SELECT order_id FROM unnest(CAST(:statuses AS text[])) AS wanted (status) CROSS JOIN LATERAL (
            SELECT order_id, created_at FROM orders {_where(["orders.status = wanted.status", *conditions])}
            {_NEWEST_FIRST} LIMIT :limit
        ) AS newest {_NEWEST_FIRST} LIMIT :limit"""


def _of_customer(customer: str, times: Sequence[str], others: Sequence[str]) -> str:
    """A customer's orders, newest first. OFFSET 0 keeps `others` out of the choice of the index."""
    return f"""
        SELECT order_id FROM (
            SELECT order_id, created_at, status, facility_id FROM orders
            {_where([f"customer_id = {customer}", *times])} {_NEWEST_FIRST} OFFSET 0
        ) AS his {_where(others)} {_NEWEST_FIRST} LIMIT :limit"""


def _searched(given: frozenset[str], times: Sequence[str]) -> str:
    others = _of_status_and_facility(given)
    if "customer_id" in given:
        return f"""
            SELECT order_id FROM (
                SELECT order_id, created_at, customer_id, status, facility_id, address FROM orders
                {_where(["customer_id = :customer_id", *times])} {_NEWEST_FIRST} LIMIT {MOST_OWN}
            ) AS his
            {_where([_OWN_MATCH, *others])} {_NEWEST_FIRST} LIMIT :limit"""
    branches = [
        _of_customer(":q", times, others),
        _by_status(["facility_id = :q", *times]),
        f"SELECT order_id FROM orders {_where([_PHONE, *times, *others])} {_NEWEST_FIRST} LIMIT :limit",
        f"SELECT order_id FROM orders WHERE {_LIKE} ORDER BY order_id USING ~>~ LIMIT {MOST_FOUND}",
        f"SELECT order_id FROM order_items WHERE sku = :q ORDER BY order_id DESC LIMIT {MOST_FOUND}",
    ]
    return f"""
        SELECT order_id FROM orders
        {_where([f"order_id = ANY(ARRAY({' UNION '.join(f'({branch})' for branch in branches)}))", *times, *others])}
        {_NEWEST_FIRST} LIMIT :limit"""


_OWN_MATCH = f"""(his.order_id LIKE :q_prefix OR customer_id = :q OR facility_id = :q OR {_PHONE}
    OR :q = ANY(ARRAY(SELECT sku FROM order_items WHERE order_items.order_id = his.order_id)))"""


def list_numbered(
    on: Executor, customer_id: str, page: int, page_size: int, known: Counted = NOTHING
) -> tuple[list[Found], Total]:
    """B's listing: (orders of the numbered page, how many there are in all). Past the end is an empty list.

    `known` is what was counted before. A page is walked to from the nearer end.
    """
    total = customer_counts.count(on, customer_id, known)
    before = (page - 1) * page_size
    if before >= total.orders:
        return [], total
    shown = min(page_size, total.orders - before)
    after = total.orders - before - shown
    statement = _NUMBERED if before <= after else _NUMBERED_FROM_THE_END
    parameters = {"customer_id": customer_id, "shown": shown, "skipped": min(before, after)}
    return [Found(*row) for row in run(on, statement, parameters)], total


def _like_prefix(q: str) -> str:
    return q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _cursor(order: Found) -> str:
    return cursor_at(order.created_at, order.order_id)


def cursor_at(moment: datetime, order_id: str) -> str:
    """The cursor of a page that begins after this order."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{order_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        decoded = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode("ascii")
        moment, _, order_id = decoded.partition("|")
        when = datetime.fromisoformat(moment)
        known = when.tzinfo is not None and ORDER_ID.fullmatch(order_id)
        when = when.astimezone(UTC)
    except (binascii.Error, ValueError, OverflowError) as error:
        raise Invalid.at("/cursor", "Not a cursor of ours.", code="bad_cursor") from error
    if not known:
        raise Invalid.at("/cursor", "Not a cursor of ours.", code="bad_cursor")
    return when, order_id
