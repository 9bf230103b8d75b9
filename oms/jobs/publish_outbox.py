"""The job that sends what the outbox holds. Rung by `queues.wake`; carries nothing."""

import time
from collections.abc import Sequence

from oms import outbox, queues
from oms.extensions import settings
from oms.kafka import Publisher
from oms.transactions import read, transaction
from oms.webhooks.fan_out import fan_out

# Well below the job's time limit: a long drain rings for its own successor.
SECONDS = 30.0
# How long events that come one by one are gathered, once the first of them are out.
GATHER_SECONDS = 0.05
_publisher: list[Publisher] = []


def publisher() -> Publisher:
    """This process's producer; it outlives the jobs."""
    if not _publisher:
        _publisher.append(Publisher(settings()))
    return _publisher[0]


def publish_outbox() -> int:
    """Drain until nothing is left that can go; returns how many events Kafka confirmed.

    A few events are taken from all shards in one batch. When there are many, shards are taken one by one, so that other
    workers find some that are free. Gives up at once when the broker takes nothing: asking it again for every shard
    would outlast the job's time limit, and the sweep rings again.
    """
    queues.silence(queues.PUBLISH_OUTBOX)
    began = time.monotonic()
    total, more, few = 0, True, True
    while more and (shards := read(outbox.pending_shards)):
        more, before = False, total
        for group in [shards] if few else [[shard] for shard in shards]:
            drained = _drain(group)
            total, more = total + drained.sent, more or drained.more
            if drained.broker_away:
                return total
            if time.monotonic() - began > SECONDS:
                queues.wake(queues.PUBLISH_OUTBOX)
                return total
        few = total - before < outbox.BATCH // 2
        if more and few:
            time.sleep(GATHER_SECONDS)
    return total


def _drain(shards: Sequence[int]) -> outbox.Drained:
    return transaction(lambda session: outbox.publish(session, shards, publisher(), fan_out))
