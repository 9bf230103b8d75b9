"""Moving an order along its lifecycle."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.driver_sql import Executor
from oms.errors import OmsError
from oms.ids import ORDER_ID
from oms.orders import balance, cancellation, events, lifecycle, lines, payments, store
from oms.orders.completion import complete, settle
from oms.orders.invoices import invoice_due
from oms.orders.lifecycle import Step
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
    complete(session, order, _move(order, target, actor, why, step), actor, why=why)
    return Outcome(order, applied=True)


def plain_move(
    on: Executor, order_id: str, word: str, actor: Actor, why: Why, expected: Sequence[int] | None
) -> tuple[Order, Change] | None:
    """A move that touches nothing but the order and its lines, worked out on the order as it stands, for
    `store.save_if_unchanged`. None for all else: `change_status` holds the order while it does that, or refuses it.
    """
    target = lifecycle.parse(word)
    if target in _NEVER_PLAIN or not ORDER_ID.fullmatch(order_id):
        return None
    order = store.get(on, order_id, actor.owner_id)
    if order is None:
        return None
    try:
        refuse_other_version(order, expected)
        step = foreseen(order, target, actor)
    except OmsError:
        return None
    if not step.applied:
        return None
    change = _move(order, target, actor, why, step)
    settle(order, change, actor, why=why)
    plain = not (change.payments or change.refunds or change.returns or invoice_due(order))
    return (order, change) if plain else None


# Cancelling is a matter of its own, and what is shipped gets its invoice.
_NEVER_PLAIN = frozenset({lifecycle.CANCELLED, lifecycle.SHIPPED})


def _move(order: Order, target: str, actor: Actor, why: Why, step: Step) -> Change:
    attested = payments.attest(order, target, actor)
    previous, order.status = order.status, target
    moved = lines.follow(order.lines, target)
    entry = JourneyEntry(target, previous, actor.id, actor.kind, None, why.reason, why.remarks, step.skipped)
    told = [lambda: events.status_changed(order, actor, previous, entry)]
    return Change([entry], moved, told, payments=attested)


def foreseen(order: Order, word: str, actor: Actor) -> Step:
    """What `change_status` would come to, for an order that is not locked; raises what it would raise."""
    target = lifecycle.parse(word)
    step = lifecycle.step(order.status, target, actor, order.managed_by, paid=balance.paid(order))
    if step.applied:
        refuse_open_returns(order)
    if step.applied and target == lifecycle.CANCELLED:
        cancellation.refuse_on_its_way(order)
    return step


def _brings_cash(order: Order, target: str, actor: Actor) -> bool:
    """The customer has confirmed his receipt already; now the carrier says so, who has the cash."""
    waiting = any(payment.mode == "cod" and payment.open for payment in order.payments)
    return waiting and order.status == target == lifecycle.DELIVERED and actor.drives_fulfilment
