import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer, PickleSerializer

from devstack.valkey import Valkey
from oms import queues, redis_guard
from oms.extensions import queue_connection, redis_client

pytestmark = pytest.mark.usefixtures("silent")


@pytest.fixture
def silent(context: object) -> None:
    """No job waits and nobody has rung."""
    for name in queues.QUEUES:
        queues.queue(name).empty()
    for job in queues.JOBS:
        queues.silence(job)


def waiting() -> list[str]:
    return [job.func_name for job in queues.queue().get_jobs()]


def test_ringing_twice_makes_one_job() -> None:
    queues.wake(queues.PUBLISH_OUTBOX)
    queues.wake(queues.PUBLISH_OUTBOX)
    assert waiting() == [queues.PUBLISH_OUTBOX]


def test_each_job_has_a_bell_of_its_own() -> None:
    queues.wake(queues.PUBLISH_OUTBOX)
    queues.wake(queues.REFRESH_CACHE, queues.PUBLISH_OUTBOX)
    assert waiting() == [queues.PUBLISH_OUTBOX, queues.REFRESH_CACHE]


def test_after_silence_one_can_ring_again() -> None:
    queues.wake(queues.PUBLISH_OUTBOX)
    queues.silence(queues.PUBLISH_OUTBOX)
    queues.wake(queues.PUBLISH_OUTBOX)
    assert waiting() == [queues.PUBLISH_OUTBOX] * 2


def test_a_bell_that_nobody_heard_falls_silent_by_itself() -> None:
    queues.wake(queues.PUBLISH_OUTBOX)
    assert 0 < redis_client().ttl("wake:publish_outbox") <= 30


def test_who_insists_enqueues_a_job_that_does_not_wait_whatever_else_does() -> None:
    queues.wake(queues.PUBLISH_OUTBOX, queues.REFRESH_CACHE)
    queues.insist(queues.PUBLISH_OUTBOX)
    queues.insist(queues.SEND_REFUNDS)
    assert waiting() == [queues.PUBLISH_OUTBOX, queues.REFRESH_CACHE, queues.SEND_REFUNDS]


def test_a_job_that_can_not_be_read_does_not_keep_others_from_waiting() -> None:
    Queue(queues.QUEUE, connection=queue_connection(), serializer=PickleSerializer).enqueue("os.getpid")
    try:
        assert queues.insist(queues.SEND_REFUNDS)
        assert queues.depth()["waiting"] == 2
    finally:
        queues.queue().empty()  # others want to read what waits


def test_a_job_is_json_is_short_and_leaves_nothing_behind() -> None:
    queues.wake(queues.PUBLISH_OUTBOX)
    (job,) = queues.queue().get_jobs()
    assert job.serializer is JSONSerializer
    assert (job.args, job.kwargs) == ([], {})
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (60, 0, 7 * 24 * 3600)


def test_without_redis_ringing_is_no_error(valkey: Valkey) -> None:
    valkey.kill()
    queues.wake(queues.PUBLISH_OUTBOX)
    queues.silence(queues.PUBLISH_OUTBOX)
    with pytest.raises(redis.RedisError):
        queues.depth()
    valkey.start()
    redis_guard.breaker.reset()
    queues.wake(queues.PUBLISH_OUTBOX)
    assert waiting() == [queues.PUBLISH_OUTBOX]


def test_a_job_that_is_still_at_it_hears_a_ring_and_needs_no_successor() -> None:
    queues.queue(queues.WEBHOOKS).empty()
    queues.wake(queues.DELIVER_WEBHOOKS)
    assert waiting() == []
    assert len(queues.queue(queues.WEBHOOKS)) == 1
    assert [queues.hear(queues.DELIVER_WEBHOOKS) for _ in range(2)] == [True, False]
    assert len(queues.queue(queues.WEBHOOKS)) == 0
    queues.wake(queues.DELIVER_WEBHOOKS)
    assert len(queues.queue(queues.WEBHOOKS)) == 1
    queues.queue(queues.WEBHOOKS).empty()
