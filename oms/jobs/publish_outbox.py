"""The job that sends what the outbox holds. Rung by `queues.wake`; carries nothing."""

import time

from oms import outbox, queues
from oms.extensions import settings
from oms.kafka import Publisher
from oms.transactions import read, transaction

# Well below the job's time limit: a long drain rings for its own successor.
SECONDS = 30.0
_publisher: list[Publisher] = []


def publisher() -> Publisher:
    """This process's producer; it outlives the jobs."""
    if not _publisher:
        _publisher.append(Publisher(settings()))
    return _publisher[0]


def publish_outbox() -> int:
    """Drain until nothing is left that can go; returns how many events Kafka confirmed."""
    queues.silence(queues.PUBLISH_OUTBOX)
    began = time.monotonic()
    total = 0
    while shards := read(outbox.pending_shards):
        progress = [_drain(shard) for shard in shards]
        total += sum(sent for sent, _ in progress)
        if not any(more for _, more in progress):
            return total
        if time.monotonic() - began > SECONDS:
            queues.wake(queues.PUBLISH_OUTBOX)
            return total
    return total


def _drain(shard: int) -> tuple[int, bool]:
    return transaction(lambda session: outbox.publish_shard(session, shard, publisher()))
