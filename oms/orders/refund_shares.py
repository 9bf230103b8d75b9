"""Drawing a refund from the payments that were captured: shares in proportion to what each still holds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from oms.accounts.actor import Actor
from oms.ids import new_id
from oms.orders import events, representation, shares, store
from oms.orders.order import Order, Refund, Why
from oms.orders.store import Change

# How much of which lines: `{"line_no": 1, "quantity": Decimal("0.5")}` each.
Units = Sequence[Mapping[str, Any]]


def draw(
    order: Order,
    change: Change,
    actor: Actor,
    amount: Decimal,
    cause: str,
    why: Why,
    items: Units | None = None,
) -> list[Refund]:
    """Reserve `amount`, which the payments hold, for one refund and return its shares; the job sends them.

    `items`: the units it is for, as line numbers and quantities.
    """
    sources = [payment for payment in order.payments if payment.refundable_amount > 0]
    parts = shares.split(amount, [payment.refundable_amount for payment in sources], order.currency)
    now, refund_id = store.now(), new_id()
    drawn = []
    for payment, part in zip(sources, parts, strict=True):
        if not part:
            continue
        refund = Refund(
            refund_id=refund_id,
            payment_id=payment.payment_id,
            cause=cause.replace("{refund_id}", refund_id),
            status="created",
            amount=part,
            created_at=now,
            reason=why.reason,
            remarks=why.remarks,
            items=None if items is None else [_item(item) for item in items],
            next_attempt_at=now,
        )
        payment.reserved_amount += part
        payment.refunds.append(refund)
        change.add_payment(payment)
        drawn.append(refund)
    change.refunds += drawn
    change.note(order, actor, "refund.created", representation.refund_details(drawn, order.currency), why)
    change.events.append(events.refund_changed(events.REFUND_CREATED, order, actor, drawn))
    return drawn


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"line_no": item["line_no"], "quantity": f"{item['quantity']:f}"}
