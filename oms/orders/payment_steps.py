"""The steps a payment takes, each with its journey entry and its event."""

from oms.accounts.actor import Actor
from oms.orders import events, representation
from oms.orders.order import NO_REASON, Order, Payment, Why
from oms.orders.store import Change

_KINDS = {
    "payment.created": events.PAYMENT_CREATED,
    "payment.opened": events.PAYMENT_OPENED,
    "payment.attempt_failed": events.PAYMENT_ATTEMPT_FAILED,
    "payment.authorized": events.PAYMENT_AUTHORIZED,
    "payment.captured": events.PAYMENT_CAPTURED,
    "payment.failed": events.PAYMENT_FAILED,
    "payment.voided": events.PAYMENT_VOIDED,
}


def tell(order: Order, change: Change, actor: Actor, payment: Payment, step: str, why: Why = NO_REASON) -> None:
    """Write a payment that has changed, a journey entry named `step`, and the event of that name."""
    change.add_payment(payment)
    change.note(order, actor, step, representation.payment_details(payment, order.currency), why)
    change.events.append(events.payment_changed(_KINDS[step], order, actor, payment))


def captured(order: Order, change: Change, actor: Actor, payment: Payment) -> None:
    """Money has been received for `payment`, whose captured amount says so already."""
    payment.status, payment.error = "captured", None
    tell(order, change, actor, payment, "payment.captured")


def ended(order: Order, change: Change, actor: Actor, payment: Payment, status: str, why: Why = NO_REASON) -> None:
    """A part comes to nothing: `failed` or `voided`."""
    payment.status = status
    tell(order, change, actor, payment, f"payment.{status}", why)
