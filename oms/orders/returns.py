"""Goods that come back: requested, accepted, received and paid out, or rejected, or withdrawn.

requested -> accepted -> received -> closed, or rejected, or cancelled. The money goes back when the goods have
arrived, for what was accepted of them; an exchange sends the same goods once more instead.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from oms import money
from oms.accounts.actor import Actor
from oms.errors import Conflict, Invalid
from oms.extensions import settings
from oms.ids import new_id
from oms.money import ZERO
from oms.orders import events, exchange, lines, return_steps, store
from oms.orders.completion import complete
from oms.orders.order import (
    JourneyEntry,
    Line,
    Order,
    Outcome,
    ReturnItem,
    ReturnRequest,
    Why,
    line_of,
    refuse_other_version,
    return_of,
)
from oms.orders.return_closing import cause_of
from oms.orders.store import Change

EXCHANGE = "exchange"


def request_return(
    session: Session,
    order_id: str,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> tuple[Outcome, ReturnRequest]:
    """Announce that units of lines come back.

    Raises `NotFound`, `PreconditionFailed`, `Invalid` (return_exceeds_delivered with what is left, line_twice) or
    `Conflict` return_window_closed; staff may take back later than the window allows.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    items = _items_of(order, data["items"], data["resolution"], actor)
    now = store.now()
    request = ReturnRequest(
        return_id=new_id(),
        status=return_steps.REQUESTED,
        reason=data["reason"],
        remarks=data.get("remarks"),
        resolution=data["resolution"],
        created_at=now,
        updated_at=now,
        items=items,
    )
    order.returns.append(request)
    change, why = Change(), Why(request.reason, request.remarks)
    moved = [line_of(order, item.line_no) for item in items]
    _tell(order, change, actor, request, why)
    _move_lines(order, change, actor, moved, why)
    complete(session, order, change, actor)
    return Outcome(order, applied=True), request


def _items_of(order: Order, wanted: Sequence[Mapping[str, Any]], resolution: str, actor: Actor) -> list[ReturnItem]:
    items: list[ReturnItem] = []
    for position, item in enumerate(wanted):
        line, pointer = line_of(order, item["line_no"]), f"/items/{position}"
        if any(line.line_no == known.line_no for known in items):
            raise Invalid.at(f"{pointer}/line_no", "The line is in the request twice.", code="line_twice")
        left = line.delivered_quantity - line.returned_quantity - _announced(order, line.line_no)
        if resolution == EXCHANGE:
            left -= _refunded_and_kept(order, line)  # they cost nothing any more: no others come for them
        left = money.plain(left)
        if item["quantity"] > left:
            raise Invalid.at(
                f"{pointer}/quantity",
                f"{left:f} of line {line.line_no} can be returned, not {item['quantity']:f}.",
                code="return_exceeds_delivered",
                line_no=line.line_no,
                available=f"{left:f}",
            )
        if actor.owner_id is not None:
            _refuse_late(order, line)
        items.append(ReturnItem(line.line_no, item["quantity"]))
    # In the order they are read back in: what is cached now has to be what a fresh reading shows.
    return sorted(items, key=lambda item: item.line_no)


def _announced(order: Order, line_no: int) -> Decimal:
    """Units of a line in requests that are still open."""
    waiting = (item for request in order.returns if request.open for item in request.items)
    return sum((item.quantity for item in waiting if item.line_no == line_no), ZERO)


def _refuse_late(order: Order, line: Line) -> None:
    days = settings().return_window_days if line.return_window_days is None else line.return_window_days
    delivered_at = line.delivered_at or order.updated_at  # delivered before that was noted
    if store.now() > delivered_at + timedelta(days=days):
        raise Conflict(
            f"Line {line.line_no} could be returned for {days} days after its delivery.",
            code="return_window_closed",
            line_no=line.line_no,
        )


def take_step(
    session: Session,
    order_id: str,
    return_id: str,
    step: str,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> tuple[Outcome, ReturnRequest]:
    """Accept, receive, reject or cancel a request; repeating a step changes nothing.

    What is accepted of goods that are received counts as returned, and is paid back or sent once more; lines whose
    request was rejected or cancelled are delivered as before. Raises `NotFound`, `PreconditionFailed`,
    `InvalidTransition` invalid_return_step or `Invalid` (accepted_exceeds_requested, line_twice, line_not_in_return).
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    request = return_of(order, return_id)
    if return_steps.reached(request, step):
        return Outcome(order, applied=False), request
    request.status = step
    change, why = Change(), Why(data.get("reason"), data.get("remarks"))
    if step == return_steps.RECEIVED:
        _receive(session, order, request, data.get("items") or (), actor)
    _tell(order, change, actor, request, why)
    _move_lines(order, change, actor, [line_of(order, item.line_no) for item in request.items], why)
    complete(session, order, change, actor, cause=cause_of(request), why=why, items=_accepted(request))
    return Outcome(order, applied=True), request


def _receive(
    session: Session, order: Order, request: ReturnRequest, arrived: Sequence[Mapping[str, Any]], actor: Actor
) -> None:
    _note_arrival(request, arrived)
    for item in request.items:
        _take_back(order, line_of(order, item.line_no), item, request.resolution)
    if request.resolution == EXCHANGE:
        request.replacement_order_id = exchange.place_replacement(session, order, request, actor)


def _note_arrival(request: ReturnRequest, arrived: Sequence[Mapping[str, Any]]) -> None:
    """Write down what was accepted; all of it where nothing else is said."""
    announced = {item.line_no: item for item in request.items}
    for position, word in enumerate(arrived):
        item, pointer = announced.get(word["line_no"]), f"/items/{position}"
        if item is None:
            raise Invalid.at(f"{pointer}/line_no", "The line is not part of this return.", code="line_not_in_return")
        if item.accepted_quantity is not None:
            raise Invalid.at(f"{pointer}/line_no", "The line is in the request twice.", code="line_twice")
        if word["accepted_quantity"] > item.quantity:
            raise Invalid.at(
                f"{pointer}/accepted_quantity",
                f"{money.plain(item.quantity):f} of line {item.line_no} were to come,"
                f" not {word['accepted_quantity']:f}.",
                code="accepted_exceeds_requested",
                line_no=item.line_no,
                available=f"{money.plain(item.quantity):f}",
            )
        item.accepted_quantity, item.condition = word["accepted_quantity"], word.get("condition")
    for item in request.items:
        if item.accepted_quantity is None:
            item.accepted_quantity = item.quantity


def _take_back(order: Order, line: Line, item: ReturnItem, resolution: str) -> None:
    """Units that were refunded while the customer kept them come back first: nobody is paid for them twice."""
    accepted = item.accepted_quantity or ZERO
    if resolution == EXCHANGE:
        line.returned_quantity += accepted
        return
    line.refunded_quantity += max(ZERO, accepted - _refunded_and_kept(order, line))
    line.returned_quantity += accepted


def _refunded_and_kept(order: Order, line: Line) -> Decimal:
    """Units the customer got his money back for, and still has."""
    came_back_for_money = line.returned_quantity - _exchanged(order, line.line_no)
    return max(ZERO, line.refunded_quantity - came_back_for_money)


def _exchanged(order: Order, line_no: int) -> Decimal:
    """Units of a line that came back for others in their place."""
    swapped = (item for request in order.returns if request.resolution == EXCHANGE for item in request.items)
    return sum((item.accepted_quantity or ZERO for item in swapped if item.line_no == line_no), ZERO)


def _accepted(request: ReturnRequest) -> list[dict[str, Any]]:
    return [
        {"line_no": item.line_no, "quantity": item.accepted_quantity}
        for item in request.items
        if item.accepted_quantity
    ]


def _tell(order: Order, change: Change, actor: Actor, request: ReturnRequest, why: Why) -> None:
    change.add_return(request)
    change.note(order, actor, f"return.{request.status}", {"return_id": request.return_id}, why)
    change.events.append(events.return_changed(order, actor, request))


def _move_lines(order: Order, change: Change, actor: Actor, moved: Sequence[Line], why: Why) -> None:
    """Lines stand where their goods are, and the order where its lines do."""
    for line in moved:
        previous = line.status
        lines.stand_after_return(line, announced=bool(_announced(order, line.line_no)))
        if line.status != previous:
            change.entries.append(
                JourneyEntry(line.status, previous, actor.id, actor.kind, line.line_no, why.reason, why.remarks)
            )
    change.add_lines(moved)
    previous, order.status = order.status, lines.order_status(order.lines, order.status)
    if order.status != previous:
        entry = JourneyEntry(order.status, previous, actor.id, actor.kind, None, why.reason, why.remarks)
        change.entries.append(entry)
        change.events.append(lambda: events.status_changed(order, actor, previous, entry))
