"""Jobs that have failed, and trying them again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from rq import Queue
from rq.serializers import JSONSerializer, PickleSerializer

from oms import failed_jobs, queues
from oms.accounts.actor import Actor
from oms.errors import Conflict, NotFound
from oms.extensions import queue_connection
from oms.ids import new_id
from oms.transactions import transaction
from tests.factories import rows
from tests.jobs.test_worker import work_off
from worker import OmsWorker

pytestmark = pytest.mark.usefixtures("quiet")
ADMIN = Actor(new_id(), "admin")


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets jobs of this name fail in the worker."""
    worker = OmsWorker([queues.queue()], connection=queue_connection(), serializer=JSONSerializer)

    def failing(*names: str) -> None:
        with monkeypatch.context() as broken:
            for name in names:
                broken.setattr(name, lambda: 1 // 0)
            queues.enqueue(list(names))
            work_off(worker)

    return failing


def retry(job_id: str) -> str:
    return transaction(lambda session: failed_jobs.retry(session, ADMIN, job_id))


def told(app: Flask, job_id: str) -> list[Any]:
    return rows(app, "SELECT * FROM audit_entries WHERE subject_kind = 'job' AND subject_id = :id", id=job_id)


def strangers() -> list[str]:
    """Two jobs that failed and are not ours: an unknown one, and one that can't be read."""
    ids = []
    for serializer in (JSONSerializer, PickleSerializer):
        target = Queue(queues.QUEUE, connection=queue_connection(), serializer=serializer)
        job = target.enqueue("os.mkdir", "trace")
        target.remove(job)
        target.failed_job_registry.add(job, ttl=60)
        ids.append(job.id)
    return ids


def test_a_failed_job_says_what_it_was_and_why(fail: Any) -> None:
    fail(queues.REFRESH_CACHE)
    (job,) = failed_jobs.listed(10)
    assert (job.name, job.reason) == (queues.REFRESH_CACHE, "ZeroDivisionError: integer division or modulo by zero")
    assert "Traceback" in job.traceback
    assert job.failed_at is not None
    assert abs(datetime.now(UTC) - job.failed_at) < timedelta(minutes=1)


def test_they_are_listed_in_pages_the_latest_first(fail: Any) -> None:
    fail(queues.REFRESH_CACHE, queues.SEND_REFUNDS)
    assert [job.name for job in failed_jobs.listed(1)] + [job.name for job in failed_jobs.listed(1, 1)] == [
        job.name for job in failed_jobs.listed(10)
    ]
    assert len(failed_jobs.listed(10)) == 2


def test_one_is_tried_again_and_it_is_told_who_wanted_it(app: Flask, fail: Any) -> None:
    fail(queues.REFRESH_CACHE)
    (job,) = failed_jobs.listed(10)
    assert retry(job.id) == queues.REFRESH_CACHE
    assert failed_jobs.listed(10) == []
    assert [waiting.func_name for waiting in queues.queue().get_jobs()] == [queues.REFRESH_CACHE]
    (entry,) = told(app, job.id)
    assert (entry.actor_id, entry.action, entry.details) == (ADMIN.id, "job.retried", {"name": queues.REFRESH_CACHE})


def test_a_job_that_is_not_failed_is_not_tried_again(app: Flask, fail: Any) -> None:
    fail(queues.REFRESH_CACHE)
    (job,) = failed_jobs.listed(10)
    retry(job.id)
    for unknown in (job.id, new_id()):
        with pytest.raises(NotFound):
            retry(unknown)
    assert len(told(app, job.id)) == 1


def test_what_is_not_ours_can_be_looked_at_and_not_tried_again() -> None:
    ids = strangers()
    assert {job.id: job.name for job in failed_jobs.listed(10)} == dict.fromkeys(ids)
    for job_id in ids:
        with pytest.raises(Conflict):
            retry(job_id)
    assert queues.depth() == {"waiting": 0, "failed": 2}


def test_all_of_ours_are_tried_again(fail: Any) -> None:
    fail(queues.REFRESH_CACHE, queues.SEND_REFUNDS)
    strangers()
    assert transaction(lambda session: failed_jobs.retry_all(session, ADMIN)) == 2
    assert queues.depth() == {"waiting": 2, "failed": 2}
