"""What follows from a change of an order, drawn in the same transaction and written with it.

Whoever changes an order ends here: a delivered order's cash is collected, parts that ask for more than is due shrink, a
paid order is confirmed, money held beyond what is owed goes back, a dispatched order gets its invoice.
"""

from sqlalchemy.orm import Session

from oms import audit, queues
from oms.accounts.actor import COMMAND_LINE, Actor
from oms.orders import balance, events, invoices, lifecycle, lines, payment_steps, refund_shares, store
from oms.orders.order import NO_REASON, JourneyEntry, Order, Why
from oms.orders.refund_shares import Units
from oms.orders.return_closing import close_if_settled
from oms.orders.store import Change
from oms.transactions import after_commit


def complete(
    session: Session,
    order: Order,
    change: Change,
    actor: Actor,
    *,
    cause: str | None = None,
    why: Why = NO_REASON,
    items: Units | None = None,
) -> None:
    """Add the consequences to `change` and save all of it. `cause` and `items` as for `settle`."""
    settle(order, change, actor, cause=cause, why=why, items=items)
    invoices.issue_due(session, order, change, actor)
    store.save(session, order, change)
    if any(refund.status == "created" for refund in change.refunds):
        after_commit(session, _wake_worker)


def settle(
    order: Order,
    change: Change,
    actor: Actor,
    *,
    cause: str | None = None,
    why: Why = NO_REASON,
    items: Units | None = None,
) -> None:
    """Add what follows for the order's money, returns and audit log; nothing is written yet.

    `cause` names what a refund would be for (`cancel`, `return:<id>`, `capture:<id>:<amount>`): the same one never
    refunds a payment twice. `items` are the units it would be for.
    """
    _collect_on_delivery(order, change, actor)
    _lower_open_parts(order, change, actor)
    _confirm_if_paid(order, change, actor)
    too_much = balance.excess(order)
    if too_much:
        refund_shares.draw(order, change, actor, too_much, cause or f"excess:{order.version}", why, items)
    for request in order.returns:
        close_if_settled(order, change, actor, request)
    if actor.kind in audit.PEOPLE or actor == COMMAND_LINE:
        change.author = actor


def _wake_worker() -> None:
    queues.wake(queues.SEND_REFUNDS)


def _collect_on_delivery(order: Order, change: Change, actor: Actor) -> None:
    """The carrier has the cash. A customer who confirms his receipt says nothing about money."""
    if order.status != lifecycle.DELIVERED or actor.kind == "customer":
        return
    for payment in order.payments:
        if payment.mode == "cod" and payment.open and (due := balance.due(order)):
            payment.captured_amount = min(payment.amount, due)
            payment_steps.captured(order, change, actor, payment)


def _lower_open_parts(order: Order, change: Change, actor: Actor) -> None:
    """Open parts ask for no more than is due, the last one gives way first; one that is left with nothing is voided.

    A part that is open at a provider keeps its amount: if the customer pays it all the same, the excess goes back.
    """
    if not any(payment.open for payment in order.payments):
        return
    too_much = balance.promised(order) - balance.due(order)
    for payment in reversed(order.payments):
        if too_much <= 0:
            return
        if not payment.open:
            continue
        if payment.amount <= too_much:
            too_much -= payment.amount
            payment_steps.ended(order, change, actor, payment, "voided")
        elif payment.provider_order_id is None:
            payment.amount -= too_much
            change.add_payment(payment)
            return


def _confirm_if_paid(order: Order, change: Change, actor: Actor) -> None:
    if order.status != lifecycle.PENDING or not order.payments or not balance.paid(order):
        return
    previous, order.status = order.status, lifecycle.CONFIRMED
    change.add_lines(lines.follow(order.lines, order.status))
    entry = JourneyEntry(order.status, previous, actor.id, actor.kind)
    change.entries.append(entry)
    change.events.append(lambda: events.status_changed(order, actor, previous, entry))
