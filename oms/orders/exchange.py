"""An exchange: the accepted goods are sent once more, as an order of its own that costs nothing.

The original stays what was paid for; its `replacement_order_id` and the new order's `exchange_of` lead to each other.
"""

from decimal import Decimal

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.ids import new_id
from oms.money import ZERO
from oms.orders import events, lifecycle, representation, store
from oms.orders.order import JourneyEntry, Line, Order, ReturnItem, ReturnRequest, line_of
from oms.orders.store import Change


def place_replacement(session: Session, original: Order, request: ReturnRequest, actor: Actor) -> str | None:
    """Place the replacement, confirmed; returns its id, or None when nothing was accepted."""
    accepted = [item for item in request.items if item.accepted_quantity]
    if not accepted:
        return None
    now = store.now()
    order = Order(
        order_id=new_id(),
        customer_id=original.customer_id,
        creator_id=actor.id,
        managed_by=lifecycle.OPERATOR,
        status=lifecycle.CONFIRMED,
        currency=original.currency,
        total_amount=ZERO,
        created_at=now,
        updated_at=now,
        order_datetime=now,
        facility_id=original.facility_id,
        address=original.address,
        exchange_of=original.order_id,
        lines=[_line(number, line_of(original, item.line_no), item) for number, item in enumerate(accepted, 1)],
    )
    entry = JourneyEntry(order.status, None, actor.id, actor.kind, reason="exchange", remarks=request.return_id)
    store.create(
        session,
        order,
        Change([entry], order.lines, events.created(order, actor, representation.with_written_items(order))),
    )
    return order.order_id


def _line(number: int, line: Line, item: ReturnItem) -> Line:
    return Line(
        line_no=number,
        sku=line.sku,
        quantity=item.accepted_quantity or Decimal(0),
        unit_price=line.unit_price,
        sale_price=ZERO,
        name=line.name,
        status=lifecycle.CONFIRMED,
        return_window_days=line.return_window_days,
        metadata=line.metadata,
    )
