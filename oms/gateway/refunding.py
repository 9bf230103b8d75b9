"""Sending one share of a refund: claimed, asked for outside of any transaction, recorded.

A process that dies in between leaves the claim to run out; the next attempt uses the same key, so the provider pays
once, whatever it has heard before.
"""

import structlog
from sqlalchemy.orm import Session

from oms.accounts.actor import system
from oms.errors import NotFound
from oms.orders import cache, refunds
from oms.orders.order import Order, Outcome, Payment, Refund
from oms.orders.refunds import DueRefund
from oms.providers import provider as seam
from oms.providers import registry
from oms.providers.provider import ProviderRefund, ProviderRefused, ProviderUnavailable, RefundRequest
from oms.transactions import transaction

REFUNDS = system("refunds")
_log = structlog.get_logger(__name__)


def send(wanted: DueRefund) -> str:
    """One attempt; returns processed, pending, failed, postponed or skipped (somebody else has it, or it is done)."""
    claimed = transaction(lambda session: refunds.claim(session, wanted))
    if claimed is None:
        return "skipped"
    try:
        answer = _ask(*claimed)
    except (ProviderUnavailable, NotFound) as error:  # not configured here is no answer either
        return _put_off(wanted, error.detail)
    except ProviderRefused as error:
        if claimed[2].status == "pending":  # it won't say what became of it; that is not a no
            return _put_off(wanted, error.reason)
        return _give_up(wanted, error.reason)
    return _record(wanted, answer)


def _ask(order: Order, payment: Payment, refund: Refund) -> ProviderRefund:
    provider = registry.provider(payment.provider)
    if refund.status == "pending" and refund.provider_refund_id and payment.provider_payment_id:
        return provider.refund_state(payment.provider_payment_id, refund.provider_refund_id)
    return provider.refund(
        RefundRequest(
            order_id=order.order_id,
            payment_id=payment.payment_id,
            refund_id=refund.refund_id,
            provider_payment_id=payment.provider_payment_id,
            amount=refund.amount,
            currency=order.currency,
            key=refunds.key_of(refund),
            attempt=refund.attempts,
        )
    )


def _record(wanted: DueRefund, answer: ProviderRefund) -> str:
    if answer.status == seam.FAILED:
        return _give_up(wanted, answer.error or "failed at the provider")

    def work(session: Session) -> Outcome:
        if answer.status == seam.PROCESSED:
            outcome = refunds.processed(session, wanted, answer.provider_refund_id, REFUNDS)
        else:
            outcome = refunds.accepted(session, wanted, answer.provider_refund_id or "", REFUNDS)
        return _announced(session, outcome)

    transaction(work)
    return answer.status


def _put_off(wanted: DueRefund, reason: str) -> str:
    _log.warning("refund_postponed", order_id=wanted.order_id, refund_id=wanted.refund_id, reason=reason)
    if transaction(lambda session: refunds.postponed(session, wanted, reason)):
        return "postponed"
    return _give_up(wanted, f"no answer after {refunds.MAX_ATTEMPTS} attempts: {reason}", definite=False)


def _give_up(wanted: DueRefund, reason: str, *, definite: bool = True) -> str:
    _log.error("refund_failed", order_id=wanted.order_id, refund_id=wanted.refund_id, reason=reason)
    transaction(
        lambda session: _announced(session, refunds.failed(session, wanted, reason, REFUNDS, definite=definite))
    )
    return "failed"


def _announced(session: Session, outcome: Outcome) -> Outcome:
    if outcome.applied:
        cache.announce(session, outcome.order)
    return outcome
