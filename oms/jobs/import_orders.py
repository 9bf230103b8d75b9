"""The job that works off imports. Rung by `queues.wake`; what it has to do is in PostgreSQL."""

import time

from oms import queues
from oms.bulk import running

# Well below the job's time limit: it rings for its own successor.
SECONDS = 30.0


def import_orders() -> int:
    """Work until nothing is left to do; returns how many orders were looked at. Imports take turns, chunk by chunk."""
    queues.silence(queues.IMPORT_ORDERS)
    began, total = time.monotonic(), 0
    while progress := running.any_chunk():
        total += progress.done
        if time.monotonic() - began > SECONDS:
            queues.wake(queues.IMPORT_ORDERS)
            break
    return total
