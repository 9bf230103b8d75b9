"""Jobs that have failed: what they were and why, and trying them again.

A job carries no work of its own, so trying one again says "look" once more. Only jobs that this system knows by name
are put back into the queue, whatever is found in Redis.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rq.exceptions import DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from oms import audit, queues
from oms.audit import Author
from oms.errors import Conflict, NotFound

MOST_RETRIED = 1000


@dataclass(frozen=True, slots=True)
class FailedJob:
    """`name` is None for one that can't be read or isn't ours: it can be looked at, not tried again."""

    id: str
    name: str | None
    failed_at: datetime | None
    reason: str
    traceback: str


def listed(limit: int, skipped: int = 0) -> list[FailedJob]:
    """The latest first; raises `redis.RedisError`."""
    registry = _registry()
    ids = registry.get_job_ids(skipped, skipped + limit - 1, desc=True)
    jobs = Job.fetch_many(ids, connection=registry.connection, serializer=JSONSerializer)
    return [_described(job, registry) for job in jobs if job is not None]


def retry(session: Session, author: Author, job_id: str) -> str:
    """Put one back into the queue and return its name; the entry of the audit log is the caller's transaction's.

    Raises `NotFound`, `Conflict` unknown_job, or `redis.RedisError`.
    """
    registry = _registry()
    try:
        job = Job.fetch(job_id, connection=registry.connection, serializer=JSONSerializer)
    except NoSuchJobError as error:
        raise _unknown() from error
    if not queues.is_ours(job):
        raise Conflict("This is no job of this system; it is not run again.", code="unknown_job")
    name = str(job.func_name)
    # Written first: once the job is back in the queue, nothing but the commit can fail.
    audit.record(session, author, "job.retried", audit.Subject("job", job_id), {"name": name})
    try:
        registry.requeue(job)
    except InvalidJobOperation as error:
        raise _unknown() from error
    return name


def retry_all(session: Session, author: Author) -> int:
    """Put back all of ours, at most `MOST_RETRIED`; returns how many."""
    ours = [job for job in listed(MOST_RETRIED) if job.name is not None]
    done = 0
    for job in ours:
        try:
            retry(session, author, job.id)
        except NotFound:
            continue  # somebody else was quicker
        done += 1
    return done


def _registry() -> FailedJobRegistry:
    found: FailedJobRegistry = queues.queue().failed_job_registry
    return found


def _described(job: Job, registry: FailedJobRegistry) -> FailedJob:
    name = str(job.func_name) if queues.is_ours(job) else None
    result = _result(job)
    traceback = (result.exc_string if result else None) or ""
    lines = traceback.strip().splitlines()
    until: Any = registry.connection.zscore(registry.key, job.id)
    ended = job.ended_at or (
        until and datetime.fromtimestamp(until, UTC) - timedelta(seconds=queues.FAILED_JOB_SECONDS)
    )
    return FailedJob(job.id, name, ended.replace(tzinfo=UTC) if ended else None, lines[-1] if lines else "", traceback)


def _result(job: Job) -> Any:
    try:
        return job.latest_result()
    except DeserializationError:
        return None


def _unknown() -> NotFound:
    return NotFound("There is no such failed job.", code="job_not_found")
