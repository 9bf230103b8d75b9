"""`flask oms tail`: events in the order they come to light, and when Kafka has confirmed them."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from oms import outbox
from oms.extensions import db
from oms.ids import new_id
from oms.outbox_tail import PAGE, Seen, Tail
from oms.transactions import look
from tests import factories
from tests.callers import Caller
from tests.conftest import Servers

ROOT = Path(__file__).parent.parent
FLASK = Path(sys.executable).parent / "flask"
_EVENT = """
    INSERT INTO outbox_events (order_id, version, position, event_id, shard, topic, type, payload)
    VALUES (:order_id, :version, 0, :event_id, :shard, 'nowhere', 'oms.order.updated.v1', '{"status": "pending"}')
"""
_MANY = """
    INSERT INTO outbox_events (order_id, version, position, event_id, shard, topic, type, payload)
    SELECT :order_id, n, 0, left(:order_id, 20) || n, :shard, 'nowhere', 'oms.order.updated.v1', '{}'
    FROM generate_series(1, :many) AS n
"""
_SENT = "UPDATE outbox_events SET published_at = now() WHERE order_id = :order_id"


def row(order_id: str, version: int = 1) -> dict[str, Any]:
    shard = outbox.shard_of(order_id)
    return {"order_id": order_id, "version": version, "event_id": new_id(), "shard": shard}


@pytest.fixture
def order_id(app: Flask) -> Iterator[str]:
    """An order that has events and nothing else; they are gone with the test."""
    made = new_id()
    yield made
    factories.execute(app, "DELETE FROM outbox_events WHERE order_id = :order_id", order_id=made)


def seen(app: Flask, tail: Tail, order_id: str) -> list[Seen]:
    with app.app_context():
        return look(lambda connection: [one for one in tail.look(connection) if one.event.order_id == order_id])


class TestTail:
    def test_an_event_is_seen_once_and_once_more_when_it_was_sent(self, app: Flask, order_id: str) -> None:
        tail = Tail(datetime.now(UTC) - timedelta(seconds=5))
        factories.execute(app, _EVENT, **row(order_id))
        assert [(one.sent, one.published_at) for one in seen(app, tail, order_id)] == [(False, None)]
        assert seen(app, tail, order_id) == []
        factories.execute(app, _SENT, order_id=order_id)
        assert [(one.sent, one.published_at is None) for one in seen(app, tail, order_id)] == [(True, False)]
        assert seen(app, tail, order_id) == []

    def test_one_that_was_sent_already_is_seen_once(self, app: Flask, order_id: str) -> None:
        tail = Tail(datetime.now(UTC) - timedelta(seconds=5))
        factories.execute(app, _EVENT, **row(order_id))
        factories.execute(app, _SENT, order_id=order_id)
        assert [(one.sent, one.published_at is None) for one in seen(app, tail, order_id)] == [(False, False)]

    def test_one_that_is_committed_late_is_not_missed(self, app: Flask, order_id: str) -> None:
        tail = Tail(datetime.now(UTC))
        with app.app_context(), db.engine.connect() as slow:
            slow.execute(text(_EVENT), row(order_id, 1))
            factories.execute(app, _EVENT, **row(order_id, 2))
            assert [one.event.version for one in seen(app, tail, order_id)] == [2]
            assert seen(app, tail, order_id) == []
            slow.commit()
        assert [one.event.version for one in seen(app, tail, order_id)] == [1]

    @pytest.mark.parametrize("alone", [True, False])
    def test_more_than_a_page_comes_in_order_and_whole(self, app: Flask, order_id: str, alone: bool) -> None:
        tail = Tail(datetime.now(UTC) - timedelta(seconds=5), order_id if alone else None)
        many = PAGE + 20
        factories.execute(app, _MANY, order_id=order_id, shard=outbox.shard_of(order_id), many=many)
        assert [one.event.version for one in seen(app, tail, order_id)] == list(range(1, many + 1))

    def test_of_one_order_and_of_some_types(self, app: Flask, order_id: str) -> None:
        began = datetime.now(UTC) - timedelta(seconds=5)
        factories.execute(app, _EVENT, **row(order_id))
        assert len(seen(app, Tail(began, order_id), order_id)) == 1
        assert seen(app, Tail(began, new_id()), order_id) == []
        assert len(seen(app, Tail(began, None, ("refund", "order.updated")), order_id)) == 1
        assert seen(app, Tail(began, None, ("refund",)), order_id) == []


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["oms", "tail", "--no-follow", *arguments])


def test_what_there_is_is_printed_as_text(app: Flask, customer: Caller) -> None:
    order = factories.place(customer)
    result = run(app, "--order", order["order_id"], "--since", "10m")
    assert result.exit_code == 0
    first, second = (line.split()[2:] for line in result.output.splitlines())
    assert first == [order["order_id"], "1.0", "oms.order.created.v1", "pending", "committed"]
    assert second[2] == "oms.new_order.v1"
    assert "\x1b" not in result.output


def test_json_has_the_whole_event(app: Flask, customer: Caller) -> None:
    order = factories.place(customer)
    result = run(app, "--order", order["order_id"], "--since", "10m", "--type", "created", "--json")
    (document,) = map(json.loads, result.output.splitlines())
    assert document["type"] == "oms.order.created.v1"
    assert document["state"] == "committed"
    assert document["data"]["order_id"] == order["order_id"]


@pytest.mark.parametrize(("since", "status"), [("1d", 0), ("2024-01-01T10:00:00", 0), ("yesterday", 2), ("0m", 2)])
def test_since_is_a_time_or_how_long_ago(app: Flask, since: str, status: int) -> None:
    assert run(app, "--order", new_id(), "--since", since).exit_code == status


@contextmanager
def following(servers: Servers, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [str(FLASK), "--app", "wsgi", "oms", "tail", "--json", *arguments]
    with subprocess.Popen(
        command, env=servers.process_environ(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_follows_until_ctrl_c_which_is_no_error(app: Flask, servers: Servers, order_id: str) -> None:
    with following(servers, "--order", order_id, "--since", "1m") as process:
        assert process.stdout
        assert process.stderr
        factories.execute(app, _EVENT, **row(order_id))
        assert json.loads(process.stdout.readline())["state"] == "committed"
        factories.execute(app, _SENT, order_id=order_id)
        assert json.loads(process.stdout.readline())["state"] == "published"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
