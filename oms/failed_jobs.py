"""Jobs that have failed: what they were and why, and trying them again.

A job carries no work of its own, so trying one again says "look" once more. Only jobs that this system knows by name
are put back into the queue, whatever is found in Redis.
"""

from collections.abc import Sequence
from contextlib import suppress
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
    return [_described(job, until) for job, until in _fetched(_latest(limit, skipped))]


def one(job_id: str) -> Job:
    """A failed job of ours; raises `NotFound` job_not_found, `Conflict` unknown_job, or `redis.RedisError`."""
    try:
        job = Job.fetch(job_id, connection=queue_connection(), serializer=JSONSerializer)
    except NoSuchJobError as error:
        raise _unknown() from error
    if not _may_run_again(job):
        raise Conflict("This is no job of this system; it is not run again.", code="unknown_job")
    if job_id not in queues.queue(job.origin).failed_job_registry:
        raise _unknown()
    return job


def ours() -> list[Job]:
    """All failed jobs of ours, at most `MOST_RETRIED`; raises `redis.RedisError`."""
    return [job for job, _ in _fetched(_latest(MOST_RETRIED, 0)) if _may_run_again(job)]


def note(session: Session, author: Author, jobs: Sequence[Job]) -> None:
    """Write into the audit log that `author` wants them tried again; commit it before `put_back`.

    In this order, since Redis can't take part in the transaction: a job that somebody ran again without an entry would
    never be explained, and one that was lost on the way back loses nothing, for the clock rings again.
    """
    audit.record_all(
        session, author, "job.retried", [(audit.Subject("job", job.id), {"name": str(job.func_name)}) for job in jobs]
    )


def put_back(jobs: Sequence[Job]) -> int:
    """Put them back into their queues; returns how many were still failed. Raises `redis.RedisError`."""
    done = 0
    for job in jobs:
        with suppress(InvalidJobOperation):  # somebody else was quicker
            queues.queue(job.origin).failed_job_registry.requeue(job)
            done += 1
    return done


def _may_run_again(job: Job) -> bool:
    return queues.is_ours(job) and job.origin in queues.QUEUES


def _registries() -> list[FailedJobRegistry]:
    return [queues.queue(name).failed_job_registry for name in queues.QUEUES]


def _latest(limit: int, skipped: int) -> list[_Entry]:
    found = [entry for registry in _registries() for entry in _newest(registry, skipped + limit)]
    return sorted(found, key=lambda entry: (entry.until, entry.job_id), reverse=True)[skipped : skipped + limit]


def _fetched(entries: Sequence[_Entry]) -> list[tuple[Job, float]]:
    """The jobs that are still there, with the time when each is forgotten."""
    ids = [entry.job_id for entry in entries]
    jobs = Job.fetch_many(ids, connection=queue_connection(), serializer=JSONSerializer)
    return [(job, entry.until) for job, entry in zip(jobs, entries, strict=True) if job is not None]


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
