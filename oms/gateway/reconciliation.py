"""Our books against the provider's: every capture and refund of the payments opened there, and what differs.

Asks the provider for each payment, so that a difference is never an artefact of somebody's paging or report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms.money import ZERO
from oms.orders import store
from oms.orders.order import Order, Payment
from oms.orders.refunds import key_of
from oms.providers import provider as seam
from oms.providers import registry
from oms.providers.provider import Provider, ProviderPayment, ProviderRefund
from oms.transactions import read

BATCH = 100
_OPENED = text("""
    SELECT DISTINCT order_id FROM payments
    WHERE provider = :provider AND provider_order_id IS NOT NULL AND updated_at >= :since AND order_id > :after
    ORDER BY order_id LIMIT :batch
""")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing the books don't agree on; amounts in the order's currency, None where one side knows nothing."""

    order_id: str
    payment_id: str
    what: str
    ours: Decimal | None
    theirs: Decimal | None
    hint: str


def compare(name: str, since: datetime) -> Iterator[list[Difference]]:
    """What differs, for each payment opened at the provider and changed since then, in turn.

    Raises `NotFound` unknown_provider, `ProviderUnavailable`, `ProviderRefused`.
    """
    provider = registry.provider(name)
    for order in _orders(name, since):
        opened: dict[str, list[Payment]] = {}
        for payment in order.payments:
            if payment.provider == name and payment.provider_order_id is not None:
                opened.setdefault(payment.provider_order_id, []).append(payment)
        for provider_order_id, parts in opened.items():
            yield list(_compare(provider, order, parts, provider.payments_of(provider_order_id)))


def _orders(name: str, since: datetime) -> Iterator[Order]:
    after = ""
    while True:
        wanted = {"provider": name, "since": since, "after": after, "batch": BATCH}
        order_ids = read(partial(_ids, wanted=wanted))
        yield from read(partial(store.get_many, order_ids=order_ids))
        if len(order_ids) < BATCH:
            return
        after = order_ids[-1]


def _ids(session: Session, wanted: dict[str, object]) -> list[str]:
    return list(session.execute(_OPENED, wanted).scalars())


def _compare(
    provider: Provider, order: Order, parts: list[Payment], attempts: list[ProviderPayment]
) -> Iterator[Difference]:
    theirs = {attempt.provider_payment_id: attempt for attempt in attempts if attempt.captured_amount > 0}
    for payment in parts:
        attempt = theirs.pop(payment.provider_payment_id or "", None)
        yield from _compare_capture(order, payment, attempt)
        if attempt is not None:
            yield from _compare_refunds(order, payment, provider.refunds_of(attempt.provider_payment_id))
    for attempt in theirs.values():
        yield Difference(
            order.order_id,
            parts[0].payment_id,
            f"capture {attempt.provider_payment_id}",
            None,
            attempt.captured_amount,
            "captured there, unknown here: POST .../capture records it",
        )


def _compare_capture(order: Order, payment: Payment, attempt: ProviderPayment | None) -> Iterator[Difference]:
    captured = ZERO if attempt is None else attempt.captured_amount
    if captured != payment.captured_amount:
        yield Difference(
            order.order_id,
            payment.payment_id,
            "captured",
            payment.captured_amount,
            captured,
            "captured here, not there" if payment.captured_amount > captured else "POST .../capture records it",
        )


def _compare_refunds(order: Order, payment: Payment, reported: list[ProviderRefund]) -> Iterator[Difference]:
    theirs = {refund.key or refund.provider_refund_id or "": refund for refund in reported}
    for share in payment.refunds:
        if share.by_hand:
            continue
        refund = theirs.pop(key_of(share), None) or theirs.pop(share.provider_refund_id or "", None)
        given = refund is not None and refund.status == seam.PROCESSED
        if given != (share.status == "processed"):
            yield Difference(
                order.order_id,
                payment.payment_id,
                f"refund {share.refund_id} ({share.status})",
                share.amount,
                None if refund is None else refund.amount,
                "not given back there" if not given else "given back there: retry it, the key is the same",
            )
        elif refund is not None and refund.amount != share.amount:
            yield Difference(
                order.order_id,
                payment.payment_id,
                f"refund {share.refund_id}",
                share.amount,
                refund.amount,
                "amounts differ",
            )
    for refund in theirs.values():
        if refund.status != seam.FAILED:
            yield Difference(
                order.order_id,
                payment.payment_id,
                f"refund {refund.provider_refund_id}",
                None,
                refund.amount,
                "made there by hand; it is not in our books",
            )
