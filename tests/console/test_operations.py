"""Dead letters and failed jobs: seen, and dealt with."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask
from psycopg2.errors import DeadlockDetected
from rq.registry import FailedJobRegistry
from sqlalchemy.exc import DBAPIError

from oms import audit, queues
from oms.consumer import dead_lettering
from oms.consumer.lanes import Verdict
from oms.consumer.received import Received
from oms.errors import Unavailable
from oms.ids import new_id
from oms.transactions import transaction
from tests.conftest import Servers
from tests.console.visitors import Visitor, form, forms
from tests.factories import execute, rows


@pytest.fixture
def topic(app: Flask) -> Iterator[str]:
    """A topic of the test's own."""
    name = f"t-{new_id().lower()}"
    yield name
    execute(app, "DELETE FROM dead_letters WHERE topic = :topic", topic=name)


def set_aside(app: Flask, topic: str, value: bytes = b'{"order_id": "ORD-1"}', offset: int = 0) -> int:
    """A dead letter; its id."""
    message = Received(topic, 0, offset, b"ORD-1", value, (("shop", b"north"), ("raw", b"\xff")), new_id())
    with app.app_context():
        verdict = Verdict("order_not_found: <b>There is no such order.</b>", 5)
        transaction(lambda session: dead_lettering.bury(session, "c", message, verdict))
    (row,) = rows(app, "SELECT id FROM dead_letters WHERE event_id = :id", id=message.event_id)
    return int(row.id)


def state(app: Flask, letter_id: int) -> Any:
    return rows(app, "SELECT * FROM dead_letters WHERE id = :id", id=letter_id)[0]


def audited(app: Flask, subject_id: object) -> list[tuple[str, str]]:
    query = "SELECT * FROM audit_entries WHERE subject_id = :id AND subject_kind IN ('dead_letter', 'job') ORDER BY id"
    found = rows(app, query, id=str(subject_id))
    return [(entry.actor_id, entry.action) for entry in found]


def test_dead_letters_are_listed_by_topic_and_shown_with_all_they_brought(
    app: Flask, support: Visitor, topic: str
) -> None:
    letter = set_aside(app, topic)
    page = support.get(f"/console/dead-letters?topic={topic}")
    assert f"/console/dead-letters/{letter}" in page.text
    assert "&lt;b&gt;There is no such order." in page.text
    whole = support.get(f"/console/dead-letters/{letter}").text
    for text in ("ORD-1", "north", "base64", topic, "Replay", "Discard"):
        assert text in whole
    assert support.get("/console/dead-letters?topic=nothing-like-it").text.count("No dead letters") == 1
    assert support.get(f"/console/dead-letters/{letter + 10**9}").status_code == 404


def test_dead_letters_come_in_pages(app: Flask, support: Visitor, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.console.dead_letters.PAGE", 1)
    letters = [set_aside(app, topic, offset=number) for number in range(2)]
    first = support.get(f"/console/dead-letters?topic={topic}")
    assert f"after={letters[0]}" in first.text
    second = support.get(f"/console/dead-letters?topic={topic}&after={letters[0]}")
    assert f"/console/dead-letters/{letters[1]}" in second.text
    assert 'rel="next"' not in second.text


@pytest.mark.kafka
def test_a_dead_letter_is_replayed(app: Flask, support: Visitor, topic: str) -> None:
    letter = set_aside(app, topic)
    page = support.get(f"/console/dead-letters/{letter}")
    answer = support.send(form(page, "/replay"))
    assert (answer.status_code, answer.location) == (303, "/console/dead-letters")
    assert "is sent again" in support.get("/console/dead-letters").text
    assert state(app, letter).replayed_at is not None
    assert audited(app, letter) == [(support.id, "dead_letter.replayed")]
    support.send(form(page, "/replay"))
    assert "does not wait any more" in support.get("/console/dead-letters").text
    assert "Replayed" in support.get(f"/console/dead-letters/{letter}").text


@pytest.mark.kafka
def test_all_of_a_topic_are_replayed(app: Flask, support: Visitor, topic: str) -> None:
    letters = [set_aside(app, topic, offset=number) for number in range(3)]
    support.send(form(support.part(f"/console/dead-letters/replay?topic={topic}"), "/dead-letters/replay"))
    assert "3 messages are sent again" in support.get("/console/dead-letters").text
    assert all(state(app, letter).replayed_at for letter in letters)


def test_a_dead_letter_is_discarded_with_a_reason(app: Flask, support: Visitor, topic: str) -> None:
    letter = set_aside(app, topic, b"\x00 no json")
    discard = form(support.get(f"/console/dead-letters/{letter}"), "/discard")
    for wrong in ("", "  ", "x" * 201):
        assert support.send(discard, reason=wrong).status_code == 422
    assert state(app, letter).discarded_at is None
    assert support.send(discard, reason="  a test order ").status_code == 303
    assert state(app, letter).discard_reason == "a test order"
    assert audited(app, letter) == [(support.id, "dead_letter.discarded")]
    page = support.get(f"/console/dead-letters/{letter}")
    assert "a test order" in page.text
    assert [found.action for found in forms(page)] == ["/console/sign-out"]
    assert f"/console/dead-letters/{letter}" not in support.get(f"/console/dead-letters?topic={topic}").text


@pytest.fixture
def failed(app: Flask, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Two jobs of ours that have failed, and one of somebody else's; their ids. The queue is the test's alone."""
    with redis.Redis.from_url(f"redis://127.0.0.1:{servers.valkey.port}/5") as alone:
        alone.flushdb()
        monkeypatch.setitem(app.extensions, "oms_queue_redis", alone)
        ids = []
        with app.app_context():
            target = queues.queue()
            for name in (queues.REFRESH_CACHE, queues.SEND_REFUNDS, "os.getpid"):
                job = target.create_job(name)
                job.save()
                target.failed_job_registry.add(job, ttl=queues.FAILED_JOB_SECONDS)
                ids.append(job.id)
        yield ids


def waiting(app: Flask) -> list[str]:
    with app.app_context():
        return queues.queue().get_job_ids()


def test_failed_jobs_are_listed_and_one_is_tried_again(app: Flask, support: Visitor, failed: list[str]) -> None:
    page = support.get("/console/failed-jobs")
    for text in ("Refresh cache", "Send refunds", "Not a job of this system", *failed):
        assert text in page.text
    actions = [found.action for found in forms(page)]
    assert f"/console/failed-jobs/{failed[0]}/retry" in actions
    assert f"/console/failed-jobs/{failed[2]}/retry" not in actions
    assert support.send(form(page, f"/{failed[0]}/retry")).status_code == 303
    assert "put back into the queue" in support.get("/console/failed-jobs").text
    assert failed[0] in waiting(app)
    assert audited(app, failed[0]) == [(support.id, "job.retried")]
    assert support.send(form(page, f"/{failed[0]}/retry")).status_code == 404


def test_a_job_that_is_not_ours_is_not_tried_again(app: Flask, support: Visitor, failed: list[str]) -> None:
    retry = form(support.get("/console/failed-jobs"), f"/{failed[0]}/retry")
    retry.action = retry.action.replace(failed[0], failed[2])
    assert support.send(retry).status_code == 409
    assert failed[2] not in waiting(app)


def test_all_failed_jobs_are_tried_again(app: Flask, support: Visitor, failed: list[str]) -> None:
    answer = support.send(form(support.get("/console/failed-jobs"), "/failed-jobs/retry"))
    assert (answer.status_code, answer.location) == (303, "/console/failed-jobs"), answer.text
    assert "2 jobs put back into the queue" in support.get("/console/failed-jobs").text
    assert {*failed[:2]} == {*waiting(app)}
    assert [audited(app, job_id) for job_id in failed] == [[(support.id, "job.retried")]] * 2 + [[]]


def test_without_the_commit_of_its_entry_no_job_is_tried_again(
    app: Flask, support: Visitor, failed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = support.get("/console/failed-jobs")

    def uncommitted(_: object) -> None:
        raise Unavailable("The database is busy; please try again.")

    with monkeypatch.context() as broken:
        broken.setattr("oms.transactions._commit", uncommitted)
        for action in ("/failed-jobs/retry", f"/{failed[0]}/retry"):
            assert support.send(form(page, action)).status_code == 503
    assert waiting(app) == []


def test_jobs_are_tried_again_once_though_the_transaction_of_their_entries_runs_twice(
    app: Flask, support: Visitor, failed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    retry_all = form(support.get("/console/failed-jobs"), "/failed-jobs/retry")
    write, rivals = audit.record_all, [DeadlockDetected()]

    def write_beside_a_rival(*arguments: Any) -> None:
        write(*arguments)
        while rivals:
            raise DBAPIError("INSERT", {}, rivals.pop())

    monkeypatch.setattr(audit, "record_all", write_beside_a_rival)
    assert support.send(retry_all).status_code == 303
    assert rivals == []
    assert "2 jobs put back into the queue" in support.get("/console/failed-jobs").text
    assert [audited(app, job_id) for job_id in failed[:2]] == [[(support.id, "job.retried")]] * 2


def test_redis_that_goes_away_after_the_entry_leaves_the_job_to_be_tried_again(
    app: Flask, support: Visitor, failed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = support.get("/console/failed-jobs")

    def away(*_: object) -> None:
        raise redis.ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(FailedJobRegistry, "requeue", away)
        assert support.send(form(page, f"/{failed[0]}/retry")).status_code == 503
    assert audited(app, failed[0]) == [(support.id, "job.retried")]
    assert support.send(form(page, f"/{failed[0]}/retry")).status_code == 303
    assert waiting(app) == [failed[0]]


def test_without_redis_the_page_of_jobs_says_so(app: Flask, support: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
    monkeypatch.setitem(app.extensions, "oms_queue_redis", nowhere)
    answer = support.get("/console/failed-jobs")
    assert answer.status_code == 503
    assert "Redis can" in answer.text
