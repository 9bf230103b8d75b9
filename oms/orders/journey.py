"""The journey: every step of an order, its lines, its money and its returns, oldest first."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import partitions
from oms.driver_sql import Executor
from oms.errors import NotFound
from oms.orders.representation import moment

# The order first: its times tell PostgreSQL which months to look at before it plans. A join has to be planned for all
# of them, which takes 3 ms when they are sixty, and that for every reading.
_ORDER = text("""
    SELECT created_at - interval '1 day' AS since, updated_at + interval '1 day' AS until FROM orders
    WHERE order_id = :order_id AND (CAST(:owner AS text) IS NULL OR customer_id = :owner)
""")
_JOURNEY = text("""
    SELECT seq, line_no, current_status, previous_status, skipped, event, details, actor_id, actor_type,
        reason, remarks, created_at
    FROM order_journey WHERE order_id = :order_id AND created_at BETWEEN :since AND :until
        AND (CAST(:owner AS text) IS NULL OR event IS DISTINCT FROM 'note') ORDER BY seq
""")


def journey_of(on: Executor, order_id: str, owner: str | None) -> list[dict[str, Any]]:
    """The entries as JSON documents, without those past `JOURNEY_RETENTION_DAYS`; an `owner` sees no notes of the shop.

    Raises `NotFound` when the order is absent or not `owner`'s.
    """
    order = on.execute(_ORDER, {"order_id": order_id, "owner": owner}).one_or_none()
    if order is None:
        raise NotFound("There is no such order.", code="order_not_found")
    rows = on.execute(
        _JOURNEY, {"order_id": order_id, "owner": owner, "since": order.since, "until": order.until}
    ).all()
    return [
        {
            "seq": row.seq,
            "line_no": row.line_no,
            "current_status": row.current_status,
            "previous_status": row.previous_status,
            "skipped": row.skipped or [],
            "event": row.event,
            "details": row.details,
            "actor": row.actor_id,
            "actor_type": row.actor_type,
            "reason": row.reason,
            "remarks": row.remarks,
            "created_at": moment(row.created_at),
        }
        for row in rows
    ]


def purge(session: Session, days: int) -> int:
    """Drop the months that ended `days` ago or earlier; returns how many."""
    return partitions.drop_before(session, partitions.JOURNEY, datetime.now(UTC) - timedelta(days=days))
