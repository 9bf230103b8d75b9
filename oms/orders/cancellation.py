"""Cancelling: a whole order or some of its lines. A repeat succeeds and has no second effect."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.errors import InvalidTransition
from oms.orders import balance, events, lifecycle, line_moves, lines, store
from oms.orders.completion import complete
from oms.orders.order import JourneyEntry, Line, Order, Outcome, Why, line_of, refuse_other_version
from oms.orders.store import Change


def cancel_order(
    session: Session,
    order_id: str,
    actor: Actor,
    data: Mapping[str, object],
    expected: Sequence[int] | None = None,
) -> Outcome:
    """Cancel the order, or the `items` in `data`.

    Raises `NotFound`, `PreconditionFailed`, `InvalidTransition` not_cancellable, `Conflict` quantity_exceeded.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    if order.status == lifecycle.CANCELLED:
        return Outcome(order, applied=False)
    lifecycle.refuse_cancel(order.status, actor)
    reason, remarks = _text(data, "reason"), _text(data, "remarks")
    items = data.get("items")
    if isinstance(items, list):
        wanted = [(line_of(order, item["line_no"]), item.get("quantity")) for item in items]
        return cancel_some(session, order, wanted, actor, reason, remarks)
    cancel_locked(session, order, actor, reason, remarks)
    return Outcome(order, applied=True)


def expire_order(session: Session, order_id: str, actor: Actor) -> Outcome:
    """Cancel an order that was not paid in time, unless it has been paid or has moved on meanwhile."""
    order = store.lock(session, order_id, None)
    money_is_coming = any(payment.status == "authorized" for payment in order.payments)
    if order.status != lifecycle.PENDING or order.captured_amount or money_is_coming or balance.paid(order):
        return Outcome(order, applied=False)
    cancel_locked(session, order, actor, "payment_expired", None)
    return Outcome(order, applied=True)


def cancel_locked(session: Session, order: Order, actor: Actor, reason: str | None, remarks: str | None) -> None:
    """Cancel a locked order whole; the lifecycle has already agreed.

    Raises `InvalidTransition` not_cancellable while some of it is on its way.
    """
    refuse_on_its_way(order)
    previous, order.status = order.status, lifecycle.CANCELLED
    moved = lines.follow(order.lines, lifecycle.CANCELLED)
    entry = JourneyEntry(order.status, previous, actor.id, actor.kind, reason=reason, remarks=remarks)
    change = Change([entry], moved, [lambda: events.cancelled(order, actor, previous, reason, moved)])
    complete(session, order, change, actor, cause="cancel", why=Why(reason, remarks))


def refuse_on_its_way(order: Order) -> None:
    """Raise `InvalidTransition` not_cancellable for an order of which something is on its way."""
    if any(lines.on_its_way(line) for line in order.lines):
        raise InvalidTransition(
            "Some of the order is on its way; cancel the lines that are not.",
            code="not_cancellable",
            allowed=[status for status in lifecycle.allowed_from(order.status) if status != lifecycle.CANCELLED],
            current=order.status,
        )


def cancel_some(
    session: Session,
    order: Order,
    wanted: Sequence[tuple[Line, Decimal | None]],
    actor: Actor,
    reason: str | None,
    remarks: str | None,
) -> Outcome:
    """Cancel lines of a locked order, each whole or by a quantity; the last live line takes the order with it."""
    moved: list[Line] = []
    entries, units = [], []
    for line, quantity in wanted:
        if not line.live and quantity is None:
            continue
        if line.live:
            lifecycle.refuse_cancel(line.status, actor)
        previous, before = line.status, line.credited_quantity
        lines.move(line, lifecycle.CANCELLED, quantity)
        if line.credited_quantity > before:
            units.append({"line_no": line.line_no, "quantity": line.credited_quantity - before})
        entries.append(
            JourneyEntry(line.status, previous, actor.id, actor.kind, line.line_no, reason=reason, remarks=remarks)
        )
        if line not in moved:
            moved.append(line)
    if not moved:
        return Outcome(order, applied=False)
    line_moves.write(session, order, moved, entries, actor, cause=f"cancel:{order.version}", items=units)
    return Outcome(order, applied=True)


def _text(data: Mapping[str, object], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None
