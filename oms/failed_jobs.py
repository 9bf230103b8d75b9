"""Jobs that have failed: what they were and why, and trying them again.

A job carries no work of its own, so trying one again says "look" once more. Only jobs that this system knows by name
are put back into the queue, whatever is found in Redis.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from rq.exceptions import DeserializationError, InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy.orm import Session

from oms import audit, queues
from oms.audit import Author
from oms.errors import Conflict, NotFound
from oms.extensions import queue_connection

MOST_RETRIED = 1000


@dataclass(frozen=True, slots=True)
class FailedJob:
    """`name` is None for one that can't be read or isn't ours: it can be looked at, not tried again."""

    id: str
    name: str | None
    failed_at: datetime
    reason: str
    traceback: str


class _Entry(NamedTuple):
    """A place in a registry of failed jobs, and when it is forgotten (seconds since 1970)."""

    until: float
    job_id: str


def listed(limit: int, skipped: int = 0) -> list[FailedJob]:
    """Those of all queues, the latest first; raises `redis.RedisError`."""
    found = [entry for registry in _registries() for entry in _newest(registry, skipped + limit)]
    latest = sorted(found, key=lambda entry: (entry.until, entry.job_id), reverse=True)[skipped : skipped + limit]
    ids = [entry.job_id for entry in latest]
    jobs = Job.fetch_many(ids, connection=queue_connection(), serializer=JSONSerializer)
    return [_described(job, entry.until) for job, entry in zip(jobs, latest, strict=True) if job is not None]


def retry(session: Session, author: Author, job_id: str) -> str:
    """Put one back into the queue and return its name; the entry of the audit log is the caller's transaction's.

    Raises `NotFound`, `Conflict` unknown_job, or `redis.RedisError`.
    """
    try:
        job = Job.fetch(job_id, connection=queue_connection(), serializer=JSONSerializer)
    except NoSuchJobError as error:
        raise _unknown() from error
    if not queues.is_ours(job) or job.origin not in queues.QUEUES:
        raise Conflict("This is no job of this system; it is not run again.", code="unknown_job")
    name = str(job.func_name)
    # Written first: once the job is back in the queue, nothing but the commit can fail.
    audit.record(session, author, "job.retried", audit.Subject("job", job_id), {"name": name})
    try:
        queues.queue(job.origin).failed_job_registry.requeue(job)
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


def _registries() -> list[FailedJobRegistry]:
    return [queues.queue(name).failed_job_registry for name in queues.QUEUES]


def _newest(registry: FailedJobRegistry, most: int) -> list[_Entry]:
    registry.cleanup()
    found: Any = registry.connection.zrevrange(registry.key, 0, most - 1, withscores=True)
    return [_Entry(until, job_id.decode()) for job_id, until in found]


def _described(job: Job, until: float) -> FailedJob:
    name = str(job.func_name) if queues.is_ours(job) else None
    result = _result(job)
    traceback = (result.exc_string if result else None) or ""
    lines = traceback.strip().splitlines()
    ended = job.ended_at or datetime.fromtimestamp(until, UTC) - timedelta(seconds=queues.FAILED_JOB_SECONDS)
    return FailedJob(job.id, name, ended.replace(tzinfo=UTC), lines[-1] if lines else "", traceback)


def _result(job: Job) -> Any:
    try:
        return job.latest_result()
    except DeserializationError:
        return None


def _unknown() -> NotFound:
    return NotFound("There is no such failed job.", code="job_not_found")
