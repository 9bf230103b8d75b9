"""The job that carries out refunds. Rung by `queues.wake`; what it has to do is in PostgreSQL."""

import time

from oms import queues
from oms.gateway import refunding
from oms.orders import refunds
from oms.transactions import read

BATCH = 50
# Well below the job's time limit: what is left rings for its own successor.
SECONDS = 20.0


def send_refunds() -> int:
    """Try every share that is due, once; returns how many attempts were made."""
    queues.silence(queues.SEND_REFUNDS)
    began = time.monotonic()
    attempts = 0
    while due := read(lambda session: refunds.due(session, BATCH)):
        for wanted in due:
            attempts += refunding.send(wanted) != "skipped"
            if time.monotonic() - began > SECONDS:
                queues.wake(queues.SEND_REFUNDS)
                return attempts
    return attempts
