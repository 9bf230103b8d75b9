"""Lines: how quantities fill as a line moves, and where an order stands given its lines. Pure but for the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from oms.errors import Conflict
from oms.orders import lifecycle as life
from oms.orders.order import Line

_RANK = {status: rank for rank, status in enumerate((*life.MAIN_PATH[:5], life.DELIVERY_FAILED))}
_ARRIVED = frozenset({life.DELIVERED, life.RETURN_REQUESTED, life.RETURNED})


def move(line: Line, target: str, quantity: Decimal | None = None) -> None:
    """Bring a line to `target`, all that is left of it or `quantity` units; the lifecycle has already agreed.

    Raises `Conflict` quantity_exceeded when the line has fewer units to move.
    """
    mover = _MOVERS.get(target)
    if mover is None:
        line.status = target
        return
    mover(line, quantity)


def on_its_way(line: Line) -> bool:
    """Some units have left the house, and nobody has said yet that they failed to arrive."""
    return line.live and line.shipped_quantity > 0 and line.status != life.DELIVERY_FAILED


def _take(available: Decimal, quantity: Decimal | None, line: Line, doing: str) -> Decimal:
    if quantity is None:
        return available
    if quantity > available:
        raise Conflict(
            f"Line {line.line_no} has {available:f} left to be {doing}, not {quantity:f}.",
            code="quantity_exceeded",
            line_no=line.line_no,
            available=str(available),
        )
    return quantity


def _cancel(line: Line, quantity: Decimal | None) -> None:
    line.cancelled_quantity += _take(line.unshipped_quantity, quantity, line, life.CANCELLED)
    line.refunded_quantity = min(line.refunded_quantity, line.live_quantity)
    if line.live_quantity == 0 or line.status == life.DELIVERY_FAILED:
        line.status = life.CANCELLED
    elif line.unshipped_quantity == 0:
        line.status = life.DELIVERED if line.delivered_quantity == line.live_quantity else life.SHIPPED


def _ship(line: Line, quantity: Decimal | None) -> None:
    line.shipped_quantity += _take(line.unshipped_quantity, quantity, line, life.SHIPPED)
    if line.unshipped_quantity == 0 and line.status != life.PARTIALLY_DELIVERED:
        line.status = life.SHIPPED


def _deliver(line: Line, quantity: Decimal | None) -> None:
    if quantity is None:
        line.shipped_quantity = line.live_quantity
    line.delivered_quantity += _take(line.shipped_quantity - line.delivered_quantity, quantity, line, life.DELIVERED)
    line.delivered_at = datetime.now(UTC)
    complete = line.delivered_quantity == line.live_quantity
    line.status = life.DELIVERED if complete else life.PARTIALLY_DELIVERED


def _return(line: Line, quantity: Decimal | None) -> None:
    if line.status == life.DELIVERY_FAILED:
        # They never reached the customer: he does not pay for them.
        line.refunded_quantity = max(line.refunded_quantity, line.live_quantity - line.delivered_quantity)
    line.returned_quantity += _take(line.delivered_quantity - line.returned_quantity, quantity, line, life.RETURNED)
    if line.returned_quantity == line.delivered_quantity:
        line.status = life.RETURNED


def stand_after_return(line: Line, *, announced: bool) -> None:
    """Where a line stands that was delivered as a whole: `announced` says that some of it is to come back."""
    if line.status not in _ARRIVED:
        return
    if announced:
        line.status = life.RETURN_REQUESTED
    else:
        line.status = life.RETURNED if line.returned_quantity == line.live_quantity else life.DELIVERED


_MOVERS = {life.CANCELLED: _cancel, life.SHIPPED: _ship, life.DELIVERED: _deliver, life.RETURNED: _return}
# The statuses a line reaches unit by unit.
COUNTED = frozenset(_MOVERS)


def follow(lines: Sequence[Line], target: str) -> list[Line]:
    """The order moved as a whole: every live line goes with it. Returns the lines that changed.

    A line that is ahead already stays there. A partly delivered order says nothing about which lines arrived, so its
    lines stay until they are told.
    """
    moved = []
    for line in lines:
        if line.live and line.status != target and _goes_along(line, target):
            move(line, target)
            moved.append(line)
    return moved


def _goes_along(line: Line, target: str) -> bool:
    if line.status == life.RETURNED or _is_behind(target, line.status):
        return False
    if target == life.RETURN_REQUESTED:
        return line.delivered_quantity > 0
    return target != life.PARTIALLY_DELIVERED


def _is_behind(target: str, status: str) -> bool:
    path = life.MAIN_PATH
    return target in path and status in path and path.index(target) < path.index(status)


def order_status(lines: Sequence[Line], current: str) -> str:
    """Where the order stands: before dispatch where its slowest live line stands, after it by what has arrived.

    `current` is kept where the lines don't say otherwise.
    """
    live = [line.status for line in lines if line.live]
    if not live:
        return life.CANCELLED if lines else current
    if any(status in _ARRIVED or status == life.PARTIALLY_DELIVERED for status in live):
        return _after_arrival(live)
    return min(live, key=lambda status: _RANK[status])


def _after_arrival(live: Sequence[str]) -> str:
    if any(status not in _ARRIVED for status in live):
        return life.PARTIALLY_DELIVERED
    if all(status == life.RETURNED for status in live):
        return life.RETURNED
    return life.RETURN_REQUESTED if life.RETURN_REQUESTED in live else life.DELIVERED
