"""The job queues: their names, their jobs, and coalesced wake-ups.

RQ is the doorbell, PostgreSQL is the mailbox. A job carries no work of its own; it says "look", so a thousand orders
cost one job. The flag that coalesces is taken down by the job before it looks: whatever commits later rings again.
"""

from contextlib import suppress
from typing import Any

import redis
import structlog
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job
from rq.serializers import JSONSerializer

from oms.extensions import queue_connection
from oms.redis_guard import attempt

# One queue per worker process: RQ loses a job on kill -9 when a worker listens on several.
QUEUE = "oms"
# For what takes long: events don't wait behind it.
BULK_QUEUE = "oms-bulk"
# Its jobs wait for other people's servers, and keep nobody waiting who doesn't.
WEBHOOKS = "oms-webhooks"
QUEUES = (QUEUE, BULK_QUEUE, WEBHOOKS)
PUBLISH_OUTBOX = "oms.jobs.publish_outbox.publish_outbox"
REFRESH_CACHE = "oms.jobs.refresh_cache.refresh_cache"
SEND_REFUNDS = "oms.jobs.send_refunds.send_refunds"
FOLLOW_UP_PAYMENTS = "oms.jobs.follow_up_payments.follow_up_payments"
IMPORT_ORDERS = "oms.jobs.import_orders.import_orders"
DELIVER_WEBHOOKS = "oms.jobs.deliver_webhooks.deliver_webhooks"
_ELSEWHERE = {IMPORT_ORDERS: BULK_QUEUE, DELIVER_WEBHOOKS: WEBHOOKS}
JOBS = frozenset({PUBLISH_OUTBOX, REFRESH_CACHE, SEND_REFUNDS, FOLLOW_UP_PAYMENTS, *_ELSEWHERE})
JOB_SECONDS = 60
FAILED_JOB_SECONDS = 7 * 24 * 3600
WAKE_SECONDS = 30
_log = structlog.get_logger(__name__)


def queue(name: str = QUEUE) -> Queue:
    """A queue over this application's Redis; JSON, so that nothing from Redis is ever unpickled."""
    return Queue(name, connection=queue_connection(), serializer=JSONSerializer, default_timeout=JOB_SECONDS)


def wake(*jobs: str) -> bool:
    """Put up each job's flag, and enqueue where it was down; False when Redis is away (the sweep comes by)."""

    def work(client: "redis.Redis") -> bool:
        pipeline = client.pipeline(transaction=False)
        for job in jobs:
            pipeline.set(flag(job), 1, nx=True, ex=WAKE_SECONDS)
        enqueue([job for job, won in zip(jobs, pipeline.execute(), strict=True) if won])
        return True

    return bool(attempt("wake", work))


def insist(job: str) -> bool:
    """Enqueue although the flag may be up, unless the job waits already; False when Redis is away.

    For the sweep: a worker that died between taking a job and taking the flag down has left the flag behind.
    """

    def work(client: "redis.Redis") -> bool:
        if job not in _waiting(queue(queue_of(job))):
            client.set(flag(job), 1, ex=WAKE_SECONDS)
            enqueue([job])
        return True

    return bool(attempt("wake", work))


def _waiting(target: Queue) -> set[str | None]:
    """The names of the jobs that wait; what can't be read is for the worker to throw away."""
    names: set[str | None] = set()
    for waiting in target.get_jobs():
        with suppress(DeserializationError):
            names.add(waiting.func_name)
    return names


def enqueue(jobs: list[str]) -> None:
    """Enqueue by name, in one round trip for each queue."""
    for name in dict.fromkeys(map(queue_of, jobs)):
        queue(name).enqueue_many([_prepared(job) for job in jobs if queue_of(job) == name])


def _prepared(job: str) -> Any:
    return Queue.prepare_data(job, timeout=JOB_SECONDS, result_ttl=0, failure_ttl=FAILED_JOB_SECONDS, description=job)


def queue_of(job: str) -> str:
    """The name of the queue in which a job waits."""
    return _ELSEWHERE.get(job, QUEUE)


def silence(job: str) -> None:
    """Take the flag down: called by the job before it looks."""
    attempt("wake", lambda client: client.delete(flag(job)))


def is_ours(job: Job) -> bool:
    """A known name and nothing else: a callback would be one more function, and our jobs take no arguments."""
    try:
        known = job.func_name in JOBS and not (job.instance or job.args or job.kwargs)
    except DeserializationError:  # pickled, or damaged
        return False
    return known and not (job._success_callback_name or job._failure_callback_name or job._stopped_callback_name)


def hear(job: str) -> bool:
    """Whether somebody has rung since the job took the flag down: for one that goes on and looks again by itself.

    The job that was enqueued with the ring has nothing left to do, and goes.
    """

    def work(client: "redis.Redis") -> bool:
        if not client.delete(flag(job)):
            return False
        for waiting in queue(queue_of(job)).get_jobs():
            with suppress(DeserializationError):
                if waiting.func_name == job:
                    waiting.delete()
        return True

    return bool(attempt("wake", work))


def depth() -> dict[str, int]:
    """Jobs waiting and failed, of all queues; raises `redis.RedisError`."""
    targets = [queue(name) for name in QUEUES]
    registries: list[Any] = [target.failed_job_registry for target in targets]
    failed = sum(registry.get_job_count(cleanup=False) for registry in registries)
    return {"waiting": sum(map(len, targets)), "failed": failed}


def flag(job: str) -> str:
    """The key that says that a job has been rung for."""
    return "wake:" + job.rsplit(".", 1)[1]
