"""The tone of each status. A badge has its word, so that nobody has to tell states apart by their colour."""

from datetime import UTC, datetime, timedelta

from oms.orders import lifecycle
from oms.orders.order import Order

_TONES = {
    lifecycle.PENDING: "warning",
    lifecycle.CONFIRMED: "info",
    lifecycle.PROCESSING: "progress",
    lifecycle.PACKED: "progress",
    lifecycle.SHIPPED: "progress",
    lifecycle.PARTIALLY_DELIVERED: "info",
    lifecycle.DELIVERED: "success",
    lifecycle.DELIVERY_FAILED: "danger",
    lifecycle.RETURN_REQUESTED: "warning",
    # Of the order's money.
    "unpaid": "warning",
    "partially_paid": "warning",
    "paid": "success",
    "overpaid": "danger",
    # Of payments, refunds and returns.
    "authorized": "info",
    "captured": "success",
    "created": "info",
    "processed": "success",
    "failed": "danger",
    "requested": "warning",
    "accepted": "info",
    "received": "progress",
    "closed": "success",
}
# What is promised for a day has been kept, or is not wanted any more.
_SETTLED = frozenset({lifecycle.DELIVERED, lifecycle.CANCELLED, lifecycle.RETURN_REQUESTED, lifecycle.RETURNED})


def tone(status: str) -> str:
    """success, info, progress, warning or danger; "" for what is over and for what we don't know."""
    return _TONES.get(status, "")


def late_by(order: Order) -> timedelta | None:
    """How long ago the order should have arrived; None if it is not late or nobody said when."""
    if order.eta is None or order.status in _SETTLED:
        return None
    passed = datetime.now(UTC) - order.eta
    return passed if passed > timedelta(0) else None
