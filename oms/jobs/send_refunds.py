"""The job that carries out refunds. Rung by `queues.wake`; what it has to do is in PostgreSQL."""

import time

import structlog

from oms import queues
from oms.errors import Unavailable
from oms.gateway import refunding
from oms.orders import refunds
from oms.orders.refunds import DueRefund
from oms.transactions import read, transaction

_log = structlog.get_logger(__name__)
BATCH = 50
# Events wait behind this job: it makes way for them soon, and rings for its own successor.
SECONDS = 5.0


def send_refunds() -> int:
    """Try every share that is due, once; returns how many attempts were made."""
    queues.silence(queues.SEND_REFUNDS)
    began = time.monotonic()
    tried: set[DueRefund] = set()
    attempts = 0
    while fresh := [wanted for wanted in read(lambda session: refunds.due(session, BATCH)) if wanted not in tried]:
        for wanted in fresh:
            tried.add(wanted)
            attempts += _tried(wanted)
            if time.monotonic() - began > SECONDS:
                queues.wake(queues.SEND_REFUNDS)
                return attempts
    return attempts


def _tried(wanted: DueRefund) -> bool:
    """One attempt; whatever is wrong with one refund does not keep the others waiting."""
    try:
        return refunding.send(wanted) != "skipped"
    except Exception:  # the claim runs out, and it is tried again
        _log.exception("refund_attempt_broke", order_id=wanted.order_id, refund_id=wanted.refund_id)
    try:
        transaction(lambda session: refunds.make_way(session, wanted))
    except Unavailable as error:  # the next round begins with it
        _log.warning("refund_stays_first", refund_id=wanted.refund_id, reason=error.detail)
    return True
