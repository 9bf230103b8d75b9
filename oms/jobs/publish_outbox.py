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
    """Drain until nothing is left that can go; returns how many events Kafka confirmed.

    Gives up at once when the broker takes nothing: asking it again for every shard would outlast the job's time limit,
    and the sweep rings again.
    """
    queues.silence(queues.PUBLISH_OUTBOX)
    began = time.monotonic()
    total, more = 0, True
    while more and (shards := read(outbox.pending_shards)):
        more = False
        for shard in shards:
            drained = _drain(shard)
            total, more = total + drained.sent, more or drained.more
            if drained.broker_away:
                return total
            if time.monotonic() - began > SECONDS:
                queues.wake(queues.PUBLISH_OUTBOX)
                return total
    return total


def _drain(shard: int) -> outbox.Drained:
    return transaction(lambda session: outbox.publish_shard(session, shard, publisher()))
