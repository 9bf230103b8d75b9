"""The job that asks providers about parts nobody has called about: a callback can be lost, money that is held has to be
taken."""

import time
from functools import partial

import structlog

from oms import queues
from oms.errors import OmsError
from oms.gateway import asking
from oms.orders import captures, store
from oms.orders.order import payment_of
from oms.transactions import read, transaction

BATCH = 20
# Events wait behind this job: it makes way for them soon, and what is left waits for the clock's next round.
SECONDS = 5.0
_log = structlog.get_logger(__name__)


def follow_up_payments() -> int:
    """Ask about every part whose news is overdue, once; returns how many were asked about."""
    queues.silence(queues.FOLLOW_UP_PAYMENTS)
    began = time.monotonic()
    asked = 0
    for order_id, payment_id in read(lambda session: captures.unsettled(session, BATCH)):
        if time.monotonic() - began > SECONDS:
            break
        transaction(partial(captures.note_asked, order_id=order_id, payment_id=payment_id))
        _ask(order_id, payment_id)
        asked += 1
    return asked


def _ask(order_id: str, payment_id: str) -> None:
    order = read(lambda session: store.get(session, order_id, None))
    if order is None:
        return
    payment = payment_of(order, payment_id)
    try:
        asking.follow(order, payment, payment.provider_order_id or "")
    except OmsError as error:
        _log.warning("payment_not_followed_up", order_id=order_id, payment_id=payment_id, reason=error.detail)
