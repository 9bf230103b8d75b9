"""Jobs that have failed, and trying them again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from rq import Queue
from rq.job import Job
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
    workers = [
        OmsWorker([queues.queue(name)], connection=queue_connection(), serializer=JSONSerializer)
        for name in queues.QUEUES
    ]

    def failing(*names: str) -> None:
        with monkeypatch.context() as broken:
            for name in names:
                broken.setattr(name, lambda: 1 // 0)
            queues.enqueue(list(names))
            for worker in workers:
                work_off(worker)

    return failing


def retry(*job_ids: str) -> int:
    return retried([failed_jobs.one(job_id) for job_id in job_ids])


def retried(jobs: list[Job]) -> int:
    transaction(lambda session: failed_jobs.note(session, ADMIN, jobs))
    return failed_jobs.put_back(jobs)


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
    assert abs(datetime.now(UTC) - job.failed_at) < timedelta(minutes=1)


def test_they_are_listed_in_pages_the_latest_first(fail: Any) -> None:
    fail(queues.REFRESH_CACHE, queues.SEND_REFUNDS)
    assert [job.name for job in failed_jobs.listed(1)] + [job.name for job in failed_jobs.listed(1, 1)] == [
        job.name for job in failed_jobs.listed(10)
    ]
    assert len(failed_jobs.listed(10)) == 2


def test_those_of_all_queues_are_listed_together_the_latest_first(fail: Any) -> None:
    wanted = [queues.IMPORT_ORDERS, queues.REFRESH_CACHE, queues.DELIVER_WEBHOOKS]
    for seconds, name in enumerate(wanted):
        fail(name)
        registry = queues.queue(queues.queue_of(name)).failed_job_registry
        registry.connection.zadd(registry.key, dict.fromkeys(registry.get_job_ids(), 2e9 + seconds))
    assert [job.name for job in failed_jobs.listed(10)] == wanted[::-1]
    assert [failed_jobs.listed(1, skipped)[0].name for skipped in range(3)] == wanted[::-1]
    assert failed_jobs.listed(1, 3) == []


@pytest.mark.parametrize("name", [queues.IMPORT_ORDERS, queues.DELIVER_WEBHOOKS])
def test_one_goes_back_into_its_own_queue(fail: Any, name: str) -> None:
    fail(name)
    (job,) = failed_jobs.listed(10)
    retry(job.id)
    waiting = {each: [found.func_name for found in queues.queue(each).get_jobs()] for each in queues.QUEUES}
    assert {each: names for each, names in waiting.items() if names} == {queues.queue_of(name): [name]}
    assert failed_jobs.listed(10) == []


def test_a_job_of_another_queue_is_not_put_there(fail: Any) -> None:
    fail(queues.REFRESH_CACHE)
    (job,) = failed_jobs.listed(10)
    queue_connection().hset(f"rq:job:{job.id}", "origin", "somewhere-else")
    with pytest.raises(Conflict):
        retry(job.id)


def test_one_is_tried_again_and_it_is_told_who_wanted_it(app: Flask, fail: Any) -> None:
    fail(queues.REFRESH_CACHE)
    (job,) = failed_jobs.listed(10)
    assert retry(job.id) == 1
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
    fail(queues.REFRESH_CACHE, queues.IMPORT_ORDERS, queues.DELIVER_WEBHOOKS)
    strangers()
    assert retried(failed_jobs.ours()) == 3
    assert queues.depth() == {"waiting": 3, "failed": 2}


def test_what_somebody_else_has_put_back_meanwhile_is_put_back_once(fail: Any) -> None:
    fail(queues.REFRESH_CACHE, queues.SEND_REFUNDS)
    found = failed_jobs.ours()
    assert failed_jobs.put_back(found[:1]) == 1
    assert failed_jobs.put_back(found) == 1
    assert queues.depth() == {"waiting": 2, "failed": 0}
