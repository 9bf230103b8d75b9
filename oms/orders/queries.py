"""Lists of orders: which ones are on a page, and in which version. One query a page, keyset over (created_at,
order_id), newest first; their bodies come from the cache, or in one more query."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.errors import Invalid
from oms.ids import ORDER_ID
from oms.orders import lifecycle

_BEFORE = "(orders.created_at, orders.order_id) < (:before_time, :before_id)"
_NEWEST_FIRST = "ORDER BY orders.created_at DESC, orders.order_id DESC"
# Each branch is one index look-up; an OR over them would read the whole table.
_SEARCH = """orders.order_id IN (
    SELECT order_id FROM orders WHERE order_id LIKE :q_prefix
    UNION SELECT order_id FROM orders WHERE customer_id = :q
    UNION SELECT order_id FROM orders WHERE facility_id = :q
    UNION SELECT order_id FROM orders WHERE address ->> 'phone' = :q
    UNION SELECT order_id FROM order_items WHERE sku = :q)"""
_CONDITIONS = {
    "owner": "customer_id = :owner",
    "customer_id": "customer_id = :customer_id",
    "facility_id": "facility_id = :facility_id",
    "status": "orders.status = :status",
    "created_from": "orders.created_at >= :created_from",
    "created_to": "orders.created_at < :created_to",
    "q": _SEARCH,
}
_COUNT = text("SELECT count(*) FROM orders WHERE customer_id = :customer_id")
_FOUND = "SELECT order_id, version, created_at FROM orders"
_NUMBERED = text(f"{_FOUND} WHERE customer_id = :customer_id {_NEWEST_FIRST} LIMIT :page_size OFFSET :skipped")


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


def list_orders(session: Session, filters: Mapping[str, Any], limit: int, cursor: str | None) -> Page:
    """A page of orders. `filters`: owner, customer_id, facility_id, status, created_from, created_to, q; all optional.

    Raises `Invalid` bad_cursor or unknown_status.
    """
    given = {name: value for name, value in filters.items() if value is not None}
    parameters: dict[str, Any] = {**given, "limit": limit + 1}
    conditions = [_CONDITIONS[name] for name in given]
    if "status" in given:
        parameters["status"] = lifecycle.parse(given["status"])
    if "q" in given:
        parameters["q_prefix"] = _like_prefix(given["q"])
    if cursor is not None:
        parameters["before_time"], parameters["before_id"] = _read_cursor(cursor)
        conditions.append(_BEFORE)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = session.execute(text(f"{_FOUND} {where} {_NEWEST_FIRST} LIMIT :limit"), parameters).all()
    orders = [Found(*row) for row in rows[:limit]]
    return Page(orders, _cursor(orders[-1]) if len(rows) > limit else None)


def list_numbered(session: Session, customer_id: str, page: int, page_size: int) -> tuple[list[Found], int]:
    """B's listing: (orders of the numbered page, how many there are in all). Past the end is an empty list."""
    total = session.execute(_COUNT, {"customer_id": customer_id}).scalar_one()
    skipped = (page - 1) * page_size
    if skipped >= total:
        return [], total
    rows = session.execute(_NUMBERED, {"customer_id": customer_id, "page_size": page_size, "skipped": skipped})
    return [Found(*row) for row in rows], total


def _like_prefix(q: str) -> str:
    return q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _cursor(order: Found) -> str:
    return base64.urlsafe_b64encode(f"{order.created_at.isoformat()}|{order.order_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
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
