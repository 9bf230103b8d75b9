"""Writing lines that moved, and the order to where it now stands."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.orders import events, lifecycle, lines, store
from oms.orders.order import JourneyEntry, Line, Order
from oms.orders.store import Change
from oms.outbox import Event


def write(session: Session, order: Order, moved: Sequence[Line], entries: Sequence[JourneyEntry], actor: Actor) -> None:
    """Save moved lines with a journey entry each, and one more if the order moved with them."""
    previous = order.status
    order.status = lines.order_status(order.lines, order.status)
    steps = list(entries)
    if order.status != previous:
        first = entries[0]
        steps.append(
            JourneyEntry(order.status, previous, actor.id, actor.kind, reason=first.reason, remarks=first.remarks)
        )

    def told() -> list[Event]:
        if order.status == previous:
            return [events.items_changed(order, actor, moved)]
        if order.status == lifecycle.CANCELLED:
            return [events.cancelled(order, actor, previous, steps[-1].reason, moved)]
        return [
            events.items_changed(order, actor, moved),
            events.status_changed(order, actor, previous, steps[-1]),
        ]

    store.save(session, order, Change(steps, moved, told))
