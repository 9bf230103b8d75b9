"""Parts of a payment: what an order is going to be paid with, one after the other or side by side.

pending -> authorized -> captured | failed | voided. Open parts never ask for more than is due.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.errors import Conflict, Forbidden, Invalid
from oms.ids import new_id
from oms.orders import balance, completion, lifecycle, payment_steps, store, totals
from oms.orders.order import NO_REASON, Order, Outcome, Payment, Why, payment_of, refuse_other_version
from oms.orders.representation import written
from oms.orders.store import Change
from oms.providers import registry


def add_parts(order: Order, wanted: Sequence[Mapping[str, Any]]) -> list[Payment]:
    """Pending parts for a new order from loaded bodies; raises `Invalid` amount_exceeds_due or too_many_decimals."""
    ids = sorted(new_id() for _ in wanted)  # they are read back in this order
    for position, (payment_id, body) in enumerate(zip(ids, wanted, strict=True)):
        totals.refuse_decimals(body["amount"], order.currency, f"/payment/{position}/amount")
        part = _part(order, payment_id, body["payment_mode"], body["amount"])
        part.create_payment_order = body["create_payment_order"]
        order.payments.append(part)
    promised = balance.promised(order)
    if promised > order.total_amount:
        raise Invalid.at(
            "/payment",
            f"The parts add up to {promised:f}; {order.total_amount:f} is due.",
            code="amount_exceeds_due",
            due=f"{order.total_amount:f}",
        )
    return order.payments


def _part(order: Order, payment_id: str, mode: str, amount: Decimal) -> Payment:
    return Payment(payment_id, mode, amount, store.now(), provider=registry.for_mode(mode))


def attest(order: Order, target: str, actor: Actor) -> list[Payment]:
    """B's `PAID`: the owner of an owner-managed order says he has paid; no refund is ever drawn from his word."""
    says_paid = order.managed_by == lifecycle.OWNER and actor.kind == "customer"
    if not says_paid or (order.status, target) != (lifecycle.PENDING, lifecycle.CONFIRMED) or balance.paid(order):
        return []
    amount = balance.due(order)
    part = Payment(new_id(), "online", amount, store.now(), "captured", captured_amount=amount, attested=True)
    order.payments.append(part)
    return [part]


def add_payment(
    session: Session,
    order_id: str,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> tuple[Outcome, Payment]:
    """One more part, for an amount or for all that is due.

    Raises `NotFound`, `PreconditionFailed`, `Conflict` (nothing_due, order_cancelled) or `Invalid` (amount_exceeds_due
    with what is due, too_many_decimals).
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    if order.status == lifecycle.CANCELLED:
        raise Conflict("The order is cancelled; nothing is to be paid for it.", code="order_cancelled")
    open_amount = balance.due(order) - balance.promised(order)
    if open_amount <= 0:
        raise Conflict("Nothing is due that is not asked for already.", code="nothing_due")
    amount = data.get("amount", open_amount)
    totals.refuse_decimals(amount, order.currency, "/amount")
    if amount > open_amount:
        raise Invalid.at(
            "/amount",
            f"{written(open_amount, order.currency)} is due, not {amount:f}.",
            code="amount_exceeds_due",
            due=written(open_amount, order.currency),
        )
    part = _part(order, new_id(), data["mode"], amount)
    order.payments.append(part)
    change = Change()
    payment_steps.tell(order, change, actor, part, "payment.created")
    completion.complete(session, order, change, actor)
    return Outcome(order, applied=True), part


def opened(
    session: Session, order_id: str, payment_id: str, provider_order_id: str, actor: Actor
) -> tuple[Outcome, Payment]:
    """The provider has opened the part under an id of its own. Saying it twice changes nothing."""
    order = store.lock(session, order_id, None)
    payment = payment_of(order, payment_id)
    if payment.provider_order_id is not None:
        return Outcome(order, applied=False), payment
    payment.provider_order_id = provider_order_id
    change = Change()
    payment_steps.tell(order, change, actor, payment, "payment.opened")
    completion.complete(session, order, change, actor)
    return Outcome(order, applied=True), payment


def end_payment(
    session: Session,
    order_id: str,
    payment_id: str,
    status: str,
    actor: Actor,
    why: Why = NO_REASON,
    expected: Sequence[int] | None = None,
) -> tuple[Outcome, Payment]:
    """A part comes to nothing: `failed` or `voided`; repeating it changes nothing.

    Raises `NotFound`, `PreconditionFailed`, `Forbidden` payment_not_yours (customers may while the order is pending) or
    `Conflict` payment_not_open. Money that arrives for it all the same is recorded.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    payment = payment_of(order, payment_id)
    if payment.status == status:
        return Outcome(order, applied=False), payment
    if actor.owner_id is not None and order.status != lifecycle.PENDING:
        raise Forbidden("The order counts on this payment; ask the shop.", code="payment_not_yours")
    if not payment.open:
        raise Conflict(
            f"A payment that is {payment.status} can't be {status}.",
            code="payment_not_open",
            current=payment.status,
        )
    change = Change()
    payment.error = why.reason if status == "failed" else None
    payment_steps.ended(order, change, actor, payment, status, why)
    completion.complete(session, order, change, actor)
    return Outcome(order, applied=True), payment
