"""The worker in this process, over the real queue; as a process of its own it is tested in tests/processes."""

import importlib
from pathlib import Path
from typing import Any

import pytest
from rq import Queue
from rq.job import Callback
from rq.serializers import JSONSerializer, PickleSerializer

from oms import queues
from oms.extensions import queue_connection, redis_client
from worker import OmsWorker

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def worker() -> OmsWorker:
    return listening_to(queues.QUEUE)


def listening_to(queue: str) -> OmsWorker:
    return OmsWorker([queues.queue(queue)], connection=queue_connection(), serializer=JSONSerializer)


def of_webhooks() -> OmsWorker:
    return OmsWorker([queues.queue(queues.WEBHOOKS)], connection=queue_connection(), serializer=JSONSerializer)


def work_off(worker: OmsWorker) -> None:
    """Take every waiting job, as the process does, and stop."""
    worker.work(burst=True, logging_level="WARNING")


def traces(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def left_behind() -> set[bytes]:
    """What lies in Redis of jobs: waiting, half taken, started, failed, and the jobs themselves."""
    ignored = (b"rq:queues", b"rq:workers", b"rq:worker:", b"rq:clean_registries", b"rq:workers:")
    keys: Any = redis_client().keys("rq:*")
    return {key for key in keys if not key.startswith(ignored)}


def test_known_jobs_are_run(worker: OmsWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for name in sorted(queues.JOBS):
        module, _, function = name.rpartition(".")
        monkeypatch.setattr(importlib.import_module(module), function, lambda name=name: ran.append(name))
    queues.enqueue(sorted(queues.JOBS))
    work_off(worker)
    assert ran == sorted(queues.JOBS - {queues.IMPORT_ORDERS, queues.DELIVER_WEBHOOKS})
    for queue, job in ((queues.BULK_QUEUE, queues.IMPORT_ORDERS), (queues.WEBHOOKS, queues.DELIVER_WEBHOOKS)):
        work_off(listening_to(queue))
        assert ran[-1] == job
    assert left_behind() == set()


def test_a_job_that_is_not_ours_is_refused(worker: OmsWorker, tmp_path: Path) -> None:
    queues.queue().enqueue("pathlib.Path.touch", str(tmp_path / "trace"))
    queues.queue().enqueue("os.mkdir", str(tmp_path / "trace"))
    work_off(worker)
    assert traces(tmp_path) == []
    assert left_behind() == set()


def test_a_job_of_another_queue_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for other people's servers must not make events wait."""
    ran: list[str] = []
    monkeypatch.setattr("oms.jobs.refresh_cache.refresh_cache", lambda: ran.append("refresh_cache"))
    queues.queue(queues.WEBHOOKS).enqueue(queues.REFRESH_CACHE)
    work_off(of_webhooks())
    assert (ran, left_behind()) == ([], set())


def test_a_pickled_job_is_refused_and_the_next_one_is_run(worker: OmsWorker, tmp_path: Path) -> None:
    pickled = Queue(queues.QUEUE, connection=queue_connection(), serializer=PickleSerializer)
    pickled.enqueue("os.mkdir", str(tmp_path / "trace"), description="pickled")
    queues.enqueue([queues.REFRESH_CACHE])
    work_off(worker)
    assert traces(tmp_path) == []
    assert queues.depth() == {"waiting": 0, "failed": 0}
    assert left_behind() == set()


@pytest.mark.parametrize("when", ["on_success", "on_failure", "on_stopped"])
def test_a_job_of_ours_that_brings_a_callback_is_refused(worker: OmsWorker, when: str, tmp_path: Path) -> None:
    queues.queue().enqueue(queues.REFRESH_CACHE, **{when: Callback("os.mkdir")})
    work_off(worker)
    assert left_behind() == set()
    assert queues.depth()["failed"] == 0


def test_a_job_of_ours_that_brings_arguments_is_refused(worker: OmsWorker) -> None:
    queues.queue().enqueue(queues.REFRESH_CACHE, "argument")
    work_off(worker)
    assert queues.depth() == {"waiting": 0, "failed": 0}


def test_a_job_that_fails_is_kept_for_people_to_see(worker: OmsWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.jobs.refresh_cache.refresh_cache", lambda: 1 // 0)
    queues.enqueue([queues.REFRESH_CACHE])
    work_off(worker)
    assert queues.depth() == {"waiting": 0, "failed": 1}
    (job_id,) = queues.queue().failed_job_registry.get_job_ids()
    assert "ZeroDivisionError" in (queues.queue().fetch_job(job_id).latest_result().exc_string or "")
