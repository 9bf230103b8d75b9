"""Parts of a payment: what an order is going to be paid with, and what its owner attests."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from oms.accounts.actor import Actor
from oms.errors import Invalid
from oms.ids import new_id
from oms.orders import lifecycle, totals
from oms.orders.order import ZERO, Order

# A row of `payments` on its way in: payment_id, mode, status, amount, captured_amount, attested, create_payment_order.
Part = dict[str, Any]


def add_parts(order: Order, wanted: Sequence[Mapping[str, Any]]) -> list[Part]:
    """Pending parts for a new order from loaded bodies; raises `Invalid` amount_exceeds_due or too_many_decimals."""
    parts = []
    ids = sorted(new_id() for _ in wanted)  # they are read back in this order
    for position, body in enumerate(wanted):
        totals.refuse_decimals(body["amount"], order.currency, f"/payment/{position}/amount")
        part = _part(body["payment_mode"], body["amount"], create_payment_order=body["create_payment_order"])
        parts.append({**part, "payment_id": ids[position]})
    promised = sum((part["amount"] for part in parts), ZERO)
    if promised > order.total_amount:
        raise Invalid.at(
            "/payment",
            f"The parts add up to {promised:f}; {order.total_amount:f} is due.",
            code="amount_exceeds_due",
            due=f"{order.total_amount:f}",
        )
    _show(order, parts)
    return parts


def attest(order: Order, target: str, actor: Actor) -> list[Part]:
    """B's `PAID`: the owner of an owner-managed order says he has paid; no refund is ever drawn from his word."""
    says_paid = order.managed_by == lifecycle.OWNER and actor.kind == "customer"
    if not says_paid or (order.status, target) != (lifecycle.PENDING, lifecycle.CONFIRMED) or order.paid:
        return []
    part = _part("online", order.total_amount, status="captured", captured=order.total_amount, attested=True)
    _show(order, [part])
    return [part]


def _part(
    mode: str,
    amount: Decimal,
    *,
    status: str = "pending",
    captured: Decimal = ZERO,
    attested: bool = False,
    create_payment_order: bool = False,
) -> Part:
    return {
        "payment_id": new_id(),
        "mode": mode,
        "status": status,
        "amount": amount,
        "captured_amount": captured,
        "attested": attested,
        "create_payment_order": create_payment_order,
    }


def _show(order: Order, parts: Sequence[Part]) -> None:
    """Put new parts on the order in the form `store` reads them back in; it stamps them when it writes them."""
    for part in parts:
        order.payments.append(
            {
                **{name: part[name] for name in ("payment_id", "mode", "status", "attested")},
                "amount": str(part["amount"]),
                "captured_amount": str(part["captured_amount"]),
                "refunded_amount": "0",
                "reserved_amount": "0",
                "created_at": None,
                "refunds": None,
            }
        )
