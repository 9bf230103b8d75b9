"""Drawing a refund from the payments that were captured: shares in proportion to what each still holds."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from oms.accounts.actor import Actor
from oms.ids import new_id
from oms.money import ZERO
from oms.orders import events, representation, shares, store
from oms.orders.order import Order, Payment, Refund, Why
from oms.orders.store import Change
from oms.providers.registry import BY_HAND

# Begins the cause of a refund that a capture led to: `capture:<payment>:<amount>`.
CAPTURE = "capture:"

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

    Cash goes back by hand: at once where whoever asks has it at hand, else it is pending until somebody says that he
    has given it back. `items`: the units it is for, as line numbers and quantities.
    """
    now, refund_id = store.now(), new_id()
    drawn = []
    for payment, part in _parts(order, amount, cause):
        by_hand = payment.mode in BY_HAND and not actor.handles_money
        refund = Refund(
            refund_id=refund_id,
            payment_id=payment.payment_id,
            cause=cause.replace("{refund_id}", refund_id),
            status="pending" if by_hand else "created",
            amount=part,
            created_at=now,
            reason=why.reason,
            remarks=why.remarks,
            items=None if items is None else [_item(item) for item in items],
            by_hand=by_hand,
            next_attempt_at=None if by_hand else now,
        )
        payment.reserved_amount += part
        payment.refunds.append(refund)
        change.add_payment(payment)
        drawn.append(refund)
    change.refunds += drawn
    change.note(order, actor, "refund.created", representation.refund_details(drawn, order.currency), why)
    change.events.append(events.refund_changed(events.REFUND_CREATED, order, actor, drawn))
    return drawn


def _parts(order: Order, amount: Decimal, cause: str) -> list[tuple[Payment, Decimal]]:
    """What each payment gives: money that should not have come goes back where it came from, all else in proportion."""
    held = {payment.payment_id: payment.refundable_amount for payment in order.payments}
    first = cause.split(":")[1] if cause.startswith(CAPTURE) else ""
    given = dict.fromkeys(held, ZERO)
    given[first] = min(amount, held.get(first, ZERO))
    rest = [payment.payment_id for payment in order.payments if held[payment.payment_id] > given[payment.payment_id]]
    weights = [held[payment_id] - given[payment_id] for payment_id in rest]
    for payment_id, part in zip(rest, shares.split(amount - given[first], weights, order.currency), strict=True):
        given[payment_id] += part
    return [(payment, given[payment.payment_id]) for payment in order.payments if given[payment.payment_id]]


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"line_no": item["line_no"], "quantity": f"{item['quantity']:f}"}
