"""Moving an order along its lifecycle."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.orders import balance, cancellation, events, lifecycle, lines, payments, store
from oms.orders.completion import complete
from oms.orders.order import NO_REASON, JourneyEntry, Order, Outcome, Why, refuse_open_returns, refuse_other_version
from oms.orders.store import Change


def change_status(
    session: Session,
    order_id: str,
    word: str,
    actor: Actor,
    why: Why = NO_REASON,
    expected: Sequence[int] | None = None,
) -> Outcome:
    """Move an order along the lifecycle.

    Raises `NotFound`, `PreconditionFailed`, `Invalid` unknown_status, `InvalidTransition`, `Forbidden`.
    """
    target = lifecycle.parse(word)
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    step = lifecycle.step(order.status, target, actor, order.managed_by, paid=balance.paid(order))
    if not step.applied and _brings_cash(order, target, actor):
        complete(session, order, Change(), actor, why=why)
        return Outcome(order, applied=True)
    if not step.applied:
        return Outcome(order, applied=False, late=order.status != target)
    refuse_open_returns(order)
    if target == lifecycle.CANCELLED:
        cancellation.cancel_locked(session, order, actor, why.reason, why.remarks)
        return Outcome(order, applied=True)
    attested = payments.attest(order, target, actor)
    previous, order.status = order.status, target
    moved = lines.follow(order.lines, target)
    entry = JourneyEntry(target, previous, actor.id, actor.kind, None, why.reason, why.remarks, step.skipped)
    told = [lambda: events.status_changed(order, actor, previous, entry)]
    complete(session, order, Change([entry], moved, told, payments=attested), actor, why=why)
    return Outcome(order, applied=True)


def _brings_cash(order: Order, target: str, actor: Actor) -> bool:
    """The customer has confirmed his receipt already; now the carrier says so, who has the cash."""
    waiting = any(payment.mode == "cod" and payment.open for payment in order.payments)
    return waiting and order.status == target == lifecycle.DELIVERED and actor.drives_fulfilment
