"""Refunds: asked for by staff, carried out by the job, each share with a state that ends somewhere people can see.

created -> pending -> processed | failed -> (retried) pending. What is promised stays reserved until it has been
given back, whatever becomes of the attempts, so nothing else can spend it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import money
from oms.accounts.actor import Actor
from oms.errors import Conflict, Invalid, NotFound
from oms.orders import balance, events, refund_shares, representation, store, totals
from oms.orders.completion import complete
from oms.orders.order import (
    Line,
    Order,
    Outcome,
    Payment,
    Refund,
    Why,
    line_of,
    payment_of,
    refunds_of,
    refuse_other_version,
)
from oms.orders.representation import written
from oms.orders.store import Change
from oms.providers.provider import ProviderRefund

# About a day in all: a provider's bad afternoon is waited out, a refused refund is not.
BACKOFF_SECONDS = (5, 15, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 28800)
MAX_ATTEMPTS = len(BACKOFF_SECONDS) + 1
# Where counting stops: a share that is pending at its provider is asked about for as long as it takes.
MOST_ATTEMPTS = 10_000
# How long an attempt may take before another one may begin.
LEASE_SECONDS = 60


def request_refund(
    session: Session,
    order_id: str,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> tuple[Outcome, list[Refund]]:
    """Give back an amount, or the price of some units of some lines.

    Raises `NotFound`, `PreconditionFailed`, `Invalid` (refund_exceeds_refundable with what is left, quantity_exceeded,
    nothing_to_refund, too_many_decimals).
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    change, why = Change(), Why(data.get("reason"), data.get("remarks"))
    items = data.get("items")
    if items is None:
        totals.refuse_decimals(data["amount"], order.currency, "/amount")
        amount, cause = data["amount"], balance.GOOD_WILL + "{refund_id}"
    else:
        amount, cause = _credit_items(order, items, change), "items:{refund_id}"
    left = balance.held(order)
    if amount > left:
        raise Invalid.at(
            "/amount" if items is None else "/items",
            f"{written(left, order.currency)} can be refunded, not {amount:f}.",
            code="refund_exceeds_refundable",
            refundable=written(left, order.currency),
        )
    drawn = refund_shares.draw(order, change, actor, amount, cause, why, items)
    complete(session, order, change, actor)
    return Outcome(order, applied=True), drawn


def _credit_items(order: Order, items: Sequence[Mapping[str, Any]], change: Change) -> Decimal:
    """Count the units as refunded; returns what they are worth of the order's total."""
    before = balance.credited_value(order)
    for position, item in enumerate(items):
        line = line_of(order, item["line_no"])
        _refund_units(line, item["quantity"], position)
        change.add_lines([line])
    amount = balance.credited_value(order) - before
    if not amount:
        raise Invalid.at("/items", "These units were free; there is nothing to refund.", code="nothing_to_refund")
    return amount


def _refund_units(line: Line, quantity: Decimal, position: int) -> None:
    left = line.quantity - line.credited_quantity
    if quantity > left:
        raise Invalid.at(
            f"/items/{position}/quantity",
            f"Line {line.line_no} has {money.plain(left):f} left to refund, not {quantity:f}.",
            code="quantity_exceeded",
            line_no=line.line_no,
            available=f"{money.plain(left):f}",
        )
    line.refunded_quantity += quantity


@dataclass(frozen=True, slots=True)
class DueRefund:
    """A share, and the number of the key its attempts have: news about an older key says nothing about a newer one."""

    order_id: str
    refund_id: str
    payment_id: str
    key_no: int


def key_of(refund: Refund) -> str:
    """The same in every attempt at a share until the provider refuses it, and in no other share."""
    return f"{refund.refund_id}-{refund.payment_id}-{refund.key_no}"


def find_share(session: Session, provider: str, reported: ProviderRefund) -> DueRefund | None:
    """The share a provider speaks of, by our key in it, else by the provider's id; with the key the news is about."""
    refund_id, payment_id, key_no = _read_key(reported.key)
    row = session.execute(
        _REPORTED,
        {
            "provider": provider,
            "provider_payment_id": reported.provider_payment_id,
            "provider_refund_id": reported.provider_refund_id,
            "refund_id": refund_id,
            "payment_id": payment_id,
        },
    ).first()
    if row is None:
        return None
    return DueRefund(row.order_id, row.refund_id, row.payment_id, row.key_no if key_no is None else key_no)


def _read_key(key: str | None) -> tuple[str, str, int | None]:
    """The parts of one of our keys; nothing of anything else."""
    parts = (key or "").split("-")
    known = len(parts) == 3 and parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 4
    return (parts[0], parts[1], int(parts[2])) if known else ("", "", None)


_REPORTED = text("""
    SELECT refunds.order_id, refunds.refund_id, refunds.payment_id, key_no
    FROM payments JOIN refunds ON refunds.order_id = payments.order_id AND refunds.payment_id = payments.payment_id
    WHERE provider = :provider AND provider_payment_id = :provider_payment_id
        AND ((refunds.refund_id = :refund_id AND refunds.payment_id = :payment_id)
            OR provider_refund_id = :provider_refund_id)
    LIMIT 1
""")
_DUE = text("""
    SELECT order_id, refund_id, payment_id, key_no FROM refunds
    WHERE status IN ('created', 'pending') AND next_attempt_at <= :now
    ORDER BY next_attempt_at LIMIT :batch
""")


def due(session: Session, batch: int) -> list[DueRefund]:
    """Shares to be sent (again) now, the longest waiting first."""
    return [DueRefund(*row) for row in session.execute(_DUE, {"batch": batch, "now": store.now()})]


def claim(session: Session, wanted: DueRefund) -> tuple[Order, Payment, Refund] | None:
    """Count an attempt at a share and keep others off it for a while; None when somebody else has it, or it is done."""
    order = store.lock(session, wanted.order_id, None)
    payment = payment_of(order, wanted.payment_id)
    refund = _share_of(payment, wanted.refund_id)
    now = store.now()
    due_at = refund.next_attempt_at
    if refund.status not in ("created", "pending") or due_at is None or due_at > now or refund.key_no != wanted.key_no:
        return None
    refund.attempts = min(refund.attempts + 1, MOST_ATTEMPTS)
    refund.next_attempt_at = now + timedelta(seconds=LEASE_SECONDS)
    _schedule(session, wanted, refund, None)
    return order, payment, refund


# Without the order's lock, for somebody may hold it.
_MAKE_WAY = text("""
    UPDATE refunds SET next_attempt_at = :later
    WHERE order_id = :order_id AND refund_id = :refund_id AND payment_id = :payment_id
        AND status IN ('created', 'pending') AND next_attempt_at <= :now
""")


def make_way(session: Session, wanted: DueRefund) -> None:
    """A share that could not even be claimed waits as long as one that was, so that others come before it."""
    now = store.now()
    later = now + timedelta(seconds=LEASE_SECONDS)
    place = {"order_id": wanted.order_id, "refund_id": wanted.refund_id, "payment_id": wanted.payment_id}
    session.execute(_MAKE_WAY, {**place, "now": now, "later": later})


# Beside the order's version on purpose: an attempt that is under way changes nothing that anybody is shown.
_SCHEDULE = text("""
    UPDATE refunds SET attempts = :attempts, next_attempt_at = :next_attempt_at, error = :error, updated_at = now()
    WHERE order_id = :order_id AND refund_id = :refund_id AND payment_id = :payment_id
""")


def _schedule(session: Session, wanted: DueRefund, refund: Refund, error: str | None) -> None:
    session.execute(
        _SCHEDULE,
        {
            "order_id": wanted.order_id,
            "refund_id": wanted.refund_id,
            "payment_id": wanted.payment_id,
            "attempts": refund.attempts,
            "next_attempt_at": refund.next_attempt_at,
            "error": error,
        },
    )


def processed(session: Session, wanted: DueRefund, provider_refund_id: str | None, actor: Actor) -> Outcome:
    """The money has been given back. Saying it twice changes nothing, and nor does saying it of one that has failed."""
    order = store.lock(session, wanted.order_id, None)
    payment = payment_of(order, wanted.payment_id)
    refund = _share_of(payment, wanted.refund_id)
    if refund.status in ("processed", "failed") or refund.key_no != wanted.key_no:
        return Outcome(order, applied=False)
    refund.status, refund.error, refund.next_attempt_at = "processed", None, None
    refund.provider_refund_id = provider_refund_id or refund.provider_refund_id
    payment.reserved_amount -= refund.amount
    payment.refunded_amount += refund.amount
    change = Change(payments=[payment])
    return _write(session, order, change, refund, events.REFUND_PROCESSED, actor)


def failed(session: Session, wanted: DueRefund, error: str, actor: Actor, *, definite: bool = True) -> Outcome:
    """The provider has said no, or (not `definite`) never said anything; it stays promised until somebody retries it.

    After a no the retry has a key of its own, for providers repeat their answer to an old one; where the outcome is
    unknown it has the same key, so that the money can't go out twice.

    One that was processed can still fail: the money has come back to the provider, and is promised again.
    """
    order = store.lock(session, wanted.order_id, None)
    payment = payment_of(order, wanted.payment_id)
    refund, change = _share_of(payment, wanted.refund_id), Change()
    if refund.status == "failed" or refund.by_hand or refund.key_no != wanted.key_no:
        return Outcome(order, applied=False)
    if refund.status == "processed":
        payment.refunded_amount -= refund.amount
        payment.reserved_amount += refund.amount
        change.add_payment(payment)
    refund.status, refund.error, refund.next_attempt_at = "failed", error[:200], None
    if definite:
        refund.key_no += 1
        refund.provider_refund_id = None
    return _write(session, order, change, refund, events.REFUND_FAILED, actor)


def accepted(session: Session, wanted: DueRefund, provider_refund_id: str, actor: Actor) -> Outcome:
    """The provider has taken it in and will say when it is done; we ask, too."""
    order = store.lock(session, wanted.order_id, None)
    refund = _share_of(payment_of(order, wanted.payment_id), wanted.refund_id)
    if refund.status in ("processed", "failed") or refund.by_hand or refund.key_no != wanted.key_no:
        return Outcome(order, applied=False)
    refund.next_attempt_at = store.now() + _wait(refund)
    if refund.status == "pending":
        _schedule(session, wanted, refund, None)
        return Outcome(order, applied=False)
    refund.status, refund.provider_refund_id = "pending", provider_refund_id
    return _write(session, order, Change(), refund, events.REFUND_PENDING, actor)


def postponed(session: Session, wanted: DueRefund, error: str) -> bool:
    """No answer: ask again after a while. False when the attempts are used up; the outcome is unknown even then."""
    order = store.lock(session, wanted.order_id, None)
    refund = _share_of(payment_of(order, wanted.payment_id), wanted.refund_id)
    if refund.status in ("processed", "failed") or refund.key_no != wanted.key_no:
        return True
    if refund.attempts >= MAX_ATTEMPTS and refund.status == "created":
        return False
    refund.next_attempt_at = store.now() + _wait(refund)
    _schedule(session, wanted, refund, error[:200])
    return True


def _wait(refund: Refund) -> timedelta:
    """How long until the next attempt."""
    return timedelta(seconds=BACKOFF_SECONDS[max(0, min(refund.attempts, len(BACKOFF_SECONDS)) - 1)])


def retry(
    session: Session,
    order_id: str,
    refund_id: str,
    actor: Actor,
    expected: Sequence[int] | None = None,
    *,
    by_hand: bool = False,
) -> tuple[Outcome, list[Refund]]:
    """Try the failed shares of a refund again; or record that a person has given them back, or what waited for one.

    Raises `NotFound` refund_not_found, `PreconditionFailed` or `Conflict` refund_not_failed.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    shares_of_it = [share for share in refunds_of(order) if share.refund_id == refund_id]
    if not shares_of_it:
        raise NotFound("The order has no such refund.", code="refund_not_found")
    stuck = [share for share in shares_of_it if share.status == "failed" or (by_hand and _waits_for_a_person(share))]
    if not stuck:
        raise Conflict(
            f"The refund is {representation.refund_status(shares_of_it)}; only a failed one is retried.",
            code="refund_not_failed",
        )
    change = Change()
    for share in stuck:
        _give_by_hand(order, share, change, actor) if by_hand else _start_over(share)
    change.refunds += stuck
    event = "refund.processed" if by_hand else "refund.retried"
    change.note(order, actor, event, representation.refund_details(stuck, order.currency))
    kind = events.REFUND_PROCESSED if by_hand else events.REFUND_RETRIED
    change.events.append(events.refund_changed(kind, order, actor, shares_of_it))
    complete(session, order, change, actor)
    return Outcome(order, applied=True), shares_of_it


def _waits_for_a_person(share: Refund) -> bool:
    return share.by_hand and share.status == "pending"


def _start_over(share: Refund) -> None:
    # Not from nought: the provider may know of an attempt, so it is asked before it is told.
    share.status, share.error, share.attempts, share.next_attempt_at = "created", None, 1, store.now()
    share.provider_refund_id = None


def _give_by_hand(order: Order, share: Refund, change: Change, actor: Actor) -> None:
    payment = payment_of(order, share.payment_id)
    share.status, share.error, share.next_attempt_at = "processed", None, None
    # What a provider still says about it is about an attempt that was given up.
    share.by_hand, share.provider_refund_id, share.key_no = True, None, share.key_no + 1
    payment.reserved_amount -= share.amount
    payment.refunded_amount += share.amount
    change.add_payment(payment)


def _write(session: Session, order: Order, change: Change, refund: Refund, kind: str, actor: Actor) -> Outcome:
    change.refunds.append(refund)
    change.note(
        order,
        actor,
        f"refund.{refund.status}",
        representation.refund_details([refund], order.currency),
        Why(refund.error),
    )
    whole = [share for share in refunds_of(order) if share.refund_id == refund.refund_id]
    change.events.append(events.refund_changed(kind, order, actor, whole))
    complete(session, order, change, actor)
    return Outcome(order, applied=True)


def _share_of(payment: Payment, refund_id: str) -> Refund:
    for refund in payment.refunds:
        if refund.refund_id == refund_id:
            return refund
    raise NotFound("The payment has no such refund.", code="refund_not_found")
