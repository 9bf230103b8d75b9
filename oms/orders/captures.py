"""Money arrives: said by staff for what is paid by hand, said by the provider for everything else.

One locked handler does the provider's part, whether its callback or our own question brought the news first; so any
order of arrival ends in the same state. Money that was captured is never argued with: it is recorded, and what is too
much of it goes back.
"""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import money
from oms.accounts.actor import Actor
from oms.errors import Conflict, Forbidden, Invalid
from oms.ids import new_id
from oms.orders import completion, lifecycle, payment_steps, store, totals
from oms.orders.order import Order, Outcome, Payment, Why, payment_of, refuse_other_version
from oms.orders.refund_shares import CAPTURE
from oms.orders.representation import written
from oms.orders.store import Change
from oms.providers.provider import AUTHORIZED, CAPTURED, FAILED, ProviderPayment

# News of a lower or equal rank changes nothing; money that is held does not reopen what was ended here.
_RANK = {"pending": 0, "failed": 1, "authorized": 2, "captured": 3}
_STANDS = {"pending": 0, "authorized": 2, "voided": 2, "failed": 2, "captured": 3}


def capture_by_hand(
    session: Session,
    order_id: str,
    payment_id: str,
    amount: Decimal | None,
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> tuple[Outcome, Payment]:
    """Staff have received the money of a part; repeating it changes nothing.

    Raises `NotFound`, `PreconditionFailed`, `Forbidden` capture_not_yours, `Conflict` (payment_not_open,
    order_cancelled) or `Invalid` (amount_exceeds_payment, too_many_decimals). What was not received stays due.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    payment = payment_of(order, payment_id)
    if payment.status == "captured":
        return Outcome(order, applied=False), payment
    if actor.owner_id is not None:
        raise Forbidden("That money has arrived is for the shop to say.", code="capture_not_yours")
    _refuse_closed(order, payment)
    received = payment.amount if amount is None else amount
    totals.refuse_decimals(received, order.currency, "/amount")
    if received > payment.amount:
        raise Invalid.at(
            "/amount",
            f"The part is {written(payment.amount, order.currency)}, not {received:f}.",
            code="amount_exceeds_payment",
            amount=written(payment.amount, order.currency),
        )
    change = Change()
    payment.captured_amount = received
    payment_steps.captured(order, change, actor, payment)
    completion.complete(session, order, change, actor, cause=_cause(payment))
    return Outcome(order, applied=True), payment


def _refuse_closed(order: Order, payment: Payment) -> None:
    if order.status == lifecycle.CANCELLED:
        raise Conflict("The order is cancelled; nothing is to be paid for it.", code="order_cancelled")
    if not payment.open:
        raise Conflict(
            f"A payment that is {payment.status} can't be captured; add another part.",
            code="payment_not_open",
            current=payment.status,
        )


def record(
    session: Session, order_id: str, payment_id: str, reported: ProviderPayment, actor: Actor
) -> tuple[Outcome, Payment]:
    """What a provider says about an attempt to pay a part, whenever and however often it says so.

    Raises `NotFound` (order or payment) or `Conflict` other_currency.
    """
    order = store.lock(session, order_id, None)
    payment = payment_of(order, payment_id)
    if reported.currency != order.currency:
        raise Conflict(f"The order is in {order.currency}, the payment in {reported.currency}.", code="other_currency")
    change, payment = Change(), _part_of_attempt(order, payment, reported)
    if not _follow(order, change, payment, reported, actor):
        return Outcome(order, applied=False), payment
    completion.complete(session, order, change, actor, cause=_cause(payment))
    return Outcome(order, applied=True), payment


def _part_of_attempt(order: Order, payment: Payment, reported: ProviderPayment) -> Payment:
    """The part this attempt belongs to: a second capture of one part is money too, and gets a part of its own; so does
    one that was paid somewhere else than where the part was opened."""
    for known in order.payments:
        if known.provider == payment.provider and known.provider_payment_id == reported.provider_payment_id:
            return known
    if reported.status != CAPTURED or (payment.status != "captured" and not _elsewhere(payment, reported)):
        return payment
    again = Payment(
        new_id(),
        payment.mode,
        reported.amount,
        store.now(),
        provider=payment.provider,
        provider_order_id=reported.provider_order_id or payment.provider_order_id,
        provider_payment_id=reported.provider_payment_id,
    )
    order.payments.append(again)
    return again


def _elsewhere(payment: Payment, reported: ProviderPayment) -> bool:
    ours, theirs = payment.provider_order_id, reported.provider_order_id
    return ours is not None and theirs is not None and ours != theirs


def _follow(order: Order, change: Change, payment: Payment, reported: ProviderPayment, actor: Actor) -> bool:
    """Bring the part to what is reported, unless it is further already; False when nothing changes."""
    if reported.status == CAPTURED:
        return _receive(order, change, payment, reported, actor)
    if _STANDS[payment.status] >= _RANK[reported.status] or order.status == lifecycle.CANCELLED:
        return False
    if reported.status == AUTHORIZED:
        payment.status, payment.error = "authorized", None
        payment.provider_payment_id = reported.provider_payment_id
        payment_steps.tell(order, change, actor, payment, "payment.authorized")
        return True
    if reported.status == FAILED and payment.error != reported.error:
        # The payer may try again, so an open part stays open: only the reason is new.
        payment.error = reported.error
        payment_steps.tell(order, change, actor, payment, "payment.attempt_failed", Why(_brief(reported.error)))
        return True
    return False


def _receive(order: Order, change: Change, payment: Payment, reported: ProviderPayment, actor: Actor) -> bool:
    amount = money.rounded(reported.captured_amount, order.currency)
    if payment.status == "captured" and amount <= payment.captured_amount:
        return False
    if payment.status != "captured" and reported.refunded_amount >= amount:
        return False  # it came and went at the provider: nothing of it is here
    payment.captured_amount = amount
    payment.provider_payment_id = reported.provider_payment_id
    payment_steps.captured(order, change, actor, payment)
    return True


def _brief(error: str | None) -> str | None:
    return error and error[:100]


def _cause(payment: Payment) -> str:
    """The same capture never leads to two refunds."""
    return f"{CAPTURE}{payment.payment_id}:{payment.captured_amount:f}"


# Money that is held is taken at once; an unpaid part is asked about ever more rarely, and for two weeks.
_UNSETTLED = text("""
    SELECT order_id, payment_id FROM payments
    WHERE provider_order_id IS NOT NULL AND status IN ('pending', 'authorized')
        AND created_at > now() - interval '14 days'
        AND (status = 'authorized' OR created_at < now() - interval '10 minutes')
        AND (asked_at IS NULL OR asked_at < now()
            - LEAST(GREATEST((now() - created_at) / 4, interval '10 minutes'), interval '6 hours'))
    ORDER BY created_at LIMIT :batch
""")
# Beside the order's version: that somebody asked changes nothing that anybody is shown.
_ASKED = text("UPDATE payments SET asked_at = now() WHERE order_id = :order_id AND payment_id = :payment_id")


def unsettled(session: Session, batch: int) -> list[tuple[str, str]]:
    """(order id, payment id) of parts that are open at a provider and whose news is overdue."""
    return [(row.order_id, row.payment_id) for row in session.execute(_UNSETTLED, {"batch": batch})]


def note_asked(session: Session, order_id: str, payment_id: str) -> None:
    """Not again for a while, however it ends."""
    session.execute(_ASKED, {"order_id": order_id, "payment_id": payment_id})


_BY_PROVIDER_ORDER = text("""
    SELECT order_id, payment_id FROM payments WHERE provider = :provider AND provider_order_id = :id
    ORDER BY payment_id LIMIT 1
""")
_BY_PROVIDER_PAYMENT = text("""
    SELECT order_id, payment_id FROM payments WHERE provider = :provider AND provider_payment_id = :id LIMIT 1
""")


_BY_REFERENCE = text("""
    SELECT order_id, payment_id FROM payments
    WHERE order_id = :order_id AND payment_id = :payment_id AND provider = :provider
""")


def find_part(session: Session, provider: str, reported: ProviderPayment) -> tuple[str, str] | None:
    """(order id, payment id) of the part a provider speaks of: by its ids, else by our own references in it.

    The references come last: they may have passed through the customer's checkout page. They are what is left for a
    callback that overtakes our own note of the provider's id, and for what was opened twice.
    """
    for query, provider_id in (
        (_BY_PROVIDER_PAYMENT, reported.provider_payment_id),
        (_BY_PROVIDER_ORDER, reported.provider_order_id),
    ):
        if provider_id and (row := session.execute(query, {"provider": provider, "id": provider_id}).first()):
            return row.order_id, row.payment_id
    row = session.execute(
        _BY_REFERENCE,
        {"provider": provider, "order_id": reported.order_id, "payment_id": reported.payment_id},
    ).first()
    return (row.order_id, row.payment_id) if row else None
