"""The journey: every step of an order, its lines, its money and its returns, oldest first."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.errors import NotFound
from oms.orders.representation import moment

# One query tells an order without entries (there is none) from an order that is not there or not the caller's.
_JOURNEY = text("""
    SELECT seq, line_no, current_status, previous_status, skipped, event, details, actor_id, actor_type,
        reason, remarks, order_journey.created_at
    FROM orders JOIN order_journey ON order_journey.order_id = orders.order_id
    WHERE orders.order_id = :order_id AND (CAST(:owner AS text) IS NULL OR customer_id = :owner)
    ORDER BY seq
""")


def journey_of(session: Session, order_id: str, owner: str | None) -> list[dict[str, Any]]:
    """The entries as JSON documents; raises `NotFound` when the order is absent or not `owner`'s."""
    rows = session.execute(_JOURNEY, {"order_id": order_id, "owner": owner}).all()
    if not rows:
        raise NotFound("There is no such order.", code="order_not_found")
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
