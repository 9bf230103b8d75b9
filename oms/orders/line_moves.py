"""Writing lines that moved, and the order to where it now stands."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.orders import events, lifecycle, lines
from oms.orders.completion import complete
from oms.orders.order import JourneyEntry, Line, Order, Why
from oms.orders.refund_shares import Units
from oms.orders.store import Change
from oms.outbox import Event


def write(
    session: Session,
    order: Order,
    moved: Sequence[Line],
    entries: Sequence[JourneyEntry],
    actor: Actor,
    *,
    cause: str | None = None,
    items: Units | None = None,
) -> None:
    """Save moved lines with a journey entry each, and one more if the order moved with them.

    `cause` and `items` as for `complete`.
    """
    previous = order.status
    order.status = lines.order_status(order.lines, order.status)
    steps = list(entries)
    if order.status != previous:
        first = entries[0]
        steps.append(
            JourneyEntry(order.status, previous, actor.id, actor.kind, reason=first.reason, remarks=first.remarks)
        )

    change = Change(steps, list(moved), _events(order, actor, previous, steps[-1], moved))
    first = entries[0]
    complete(session, order, change, actor, cause=cause, why=Why(first.reason, first.remarks), items=items)


def _events(
    order: Order, actor: Actor, previous: str, last: JourneyEntry, moved: Sequence[Line]
) -> list[Callable[[], Event]]:
    if order.status == previous:
        return [lambda: events.items_changed(order, actor, moved)]
    if order.status == lifecycle.CANCELLED:
        return [lambda: events.cancelled(order, actor, previous, last.reason, moved)]
    return [
        lambda: events.items_changed(order, actor, moved),
        lambda: events.status_changed(order, actor, previous, last),
    ]
