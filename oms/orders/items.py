"""Changing one line: its status, some of its units, or how much of it is ordered."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.errors import Conflict, Invalid, NotFound
from oms.orders import balance, cancellation, events, lifecycle, line_moves, lines, store, totals
from oms.orders.completion import complete
from oms.orders.order import JourneyEntry, Line, Order, Outcome, line_of, refuse_open_returns, refuse_other_version
from oms.orders.store import Change


def change_item(
    session: Session,
    order_id: str,
    line_no: int,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> Outcome:
    """Move one line, or change how much of it is ordered; the order's own status follows from its lines.

    Raises as `change_status`, and `Conflict` quantity_exceeded.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    return change_locked_line(session, order, line_of(order, line_no), data, actor)


def change_item_by_sku(
    session: Session,
    order_id: str,
    sku: str,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> Outcome:
    """A's way: the line is named by its SKU. Raises `Conflict` ambiguous_sku with the line numbers."""
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    found = [line for line in order.lines if line.sku == sku]
    if not found:
        raise NotFound("The order has no such SKU.", code="item_not_found")
    if len(found) > 1:
        raise Conflict(
            "The SKU is on several lines; name the line.",
            code="ambiguous_sku",
            line_nos=[line.line_no for line in found],
        )
    return change_locked_line(session, order, found[0], data, actor)


def change_locked_line(session: Session, order: Order, line: Line, data: Mapping[str, Any], actor: Actor) -> Outcome:
    """`change_item` for an order that is locked already."""
    if "status" not in data:
        return _change_quantity(session, order, line, data["quantity"], actor)
    target = lifecycle.parse(data["status"])
    if target == lifecycle.CANCELLED:
        return cancellation.cancel_some(
            session, order, [(line, data.get("quantity"))], actor, data.get("reason"), data.get("remarks")
        )
    step = lifecycle.step(line.status, target, actor, order.managed_by, paid=balance.paid(order))
    counted = "quantity" in data and target in lines.COUNTED
    if not step.applied and not counted:
        return Outcome(order, applied=False, late=line.status != target)
    if "quantity" in data and not counted:
        raise Invalid.at("/quantity", f"A part of a line can't be {target}.", code="quantity_not_counted")
    refuse_open_returns(order, line.line_no)
    return _move_line(session, order, line, target, step, data, actor)


def _move_line(
    session: Session,
    order: Order,
    line: Line,
    target: str,
    step: lifecycle.Step,
    data: Mapping[str, Any],
    actor: Actor,
) -> Outcome:
    previous = line.status
    before = (line.status, line.shipped_quantity, line.delivered_quantity, line.returned_quantity)
    lines.move(line, target, data.get("quantity"))
    if before == (line.status, line.shipped_quantity, line.delivered_quantity, line.returned_quantity):
        return Outcome(order, applied=False)
    entry = JourneyEntry(
        line.status, previous, actor.id, actor.kind, line.line_no, data.get("reason"), data.get("remarks"), step.skipped
    )
    line_moves.write(session, order, [line], [entry], actor)
    return Outcome(order, applied=True)


def _change_quantity(session: Session, order: Order, line: Line, quantity: Decimal, actor: Actor) -> Outcome:
    if line.status not in lifecycle.EDITABLE or order.status not in lifecycle.EDITABLE:
        raise Conflict("The line is past changing.", code="line_not_editable")
    if quantity <= line.cancelled_quantity + line.shipped_quantity:
        raise Conflict(
            f"{line.cancelled_quantity + line.shipped_quantity:f} of the line are cancelled or shipped already.",
            code="quantity_exceeded",
        )
    order.refuse_if_paid()
    if quantity == line.quantity:
        return Outcome(order, applied=False)
    line.quantity = quantity
    totals.apply(order, None)
    change = Change(lines=list(order.lines), events=[lambda: events.items_changed(order, actor, [line])])
    complete(session, order, change, actor)
    return Outcome(order, applied=True)
