"""`flask oms consume` as a process, and `flask oms dlq`."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import Result
from flask import Flask

from devstack.kafka import Kafka
from devstack.server import wait_until
from devstack.tether import tethered
from oms import dead_letters
from oms.accounts.actor import system
from oms.consumer.received import receive
from oms.dead_letters import Where
from oms.errors import NotFound
from oms.ids import new_id
from oms.transactions import read, transaction
from tests.conftest import Servers
from tests.consumer.conftest import Consume
from tests.consumer.test_effects import entered, processed
from tests.consumer.test_failures import letters
from tests.consumer.test_health import get
from tests.consumer.topics import Topics, eventually
from tests.factories import lines_body, outbox, rows

pytestmark = pytest.mark.kafka
ROOT = Path(__file__).parent.parent.parent


class Process:
    """The real consumer process; what it says is in `log`."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("w") as output:
            self.popen = subprocess.Popen(
                tethered([sys.executable, "-m", "flask", "--app", "wsgi", "oms", "consume"]),
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=output,
            )

    def said(self) -> str:
        return self._log.read_text()

    def port(self) -> int:
        """Of its health server, once it is up."""
        pattern = re.compile(r'"port":([0-9]+),"event":"consumer_health_served"')
        eventually(lambda: pattern.search(self.said()))
        return int(pattern.findall(self.said())[0])


@pytest.fixture
def process(servers: Servers, topics: Topics, tmp_path: Path) -> Iterator[Process]:
    environ = servers.process_environ(LOG_LEVEL="INFO", **topics.variables())
    running = Process(environ, tmp_path / "log")
    yield running
    running.popen.kill()
    running.popen.wait(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_with_everything_committed(
    app: Flask, topics: Topics, process: Process, number: signal.Signals
) -> None:
    order_ids = [new_id() for _ in range(20)]
    for position, order_id in enumerate(order_ids):
        topics.event(topics.new_order, {"id": order_id}, partition=position % 4)
    port = process.port()
    eventually(lambda: len(processed(app, *order_ids)) == 20)
    assert get(port, "/internal/alive")[0] == 200
    assert (
        f'oms_consumer_messages_total{{outcome="handled",topic="{topics.new_order}"}}'.encode()
        in get(port, "/metrics")[1]
    )
    process.popen.send_signal(number)
    assert process.popen.wait(20) == 0
    assert [topics.committed(topics.new_order, partition) for partition in range(4)] == [
        topics.end(topics.new_order, partition) for partition in range(4)
    ]
    assert process.said().count('"event":"order_processed"') == 20


def test_a_signal_ends_the_process_while_kafka_is_away(
    app: Flask, topics: Topics, process: Process, kafka: Kafka
) -> None:
    order_id = new_id()
    topics.event(topics.new_order, {"id": order_id})
    eventually(lambda: processed(app, order_id))
    kafka.down()
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(20) == 0


def test_the_process_starts_while_kafka_is_away(app: Flask, topics: Topics, kafka: Kafka, process: Process) -> None:
    order_id = new_id()
    topics.event(topics.new_order, {"id": order_id})
    kafka.down()
    assert get(process.port(), "/internal/alive")[0] == 200
    eventually(lambda: "topics_not_created" in process.said())
    kafka.up()
    eventually(lambda: processed(app, order_id), 60)


def dlq(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["oms", "dlq", *arguments])


@pytest.fixture
def buried(app: Flask, topics: Topics, consume: Consume) -> str:
    """A message that was given up: an update of an order that is not there. Its order id."""
    order = lines_body(customer_id="C-1")
    topics.send(
        topics.fulfilment, {"order_id": order["order_id"], "status": "shipped"}, key="K", headers=[("a", b"\xff")]
    )
    with consume():
        eventually(lambda: topics.committed(topics.fulfilment) == topics.end(topics.fulfilment))
    return str(order["order_id"])


def test_dead_letters_are_listed_for_people(app: Flask, topics: Topics, buried: str) -> None:
    (letter,) = letters(app, topics)
    head, line = dlq(app, "list", "--topic", topics.fulfilment).output.splitlines()
    assert head.split() == ["ID", "TOPIC", "KEY", "AGE", "TRIES", "REASON"]
    assert line.split()[:3] == [str(letter.id), topics.fulfilment, "K"]
    assert line.split()[4:] == ["5", *letter.reason.split()]


def test_dead_letters_are_listed_for_programs(app: Flask, topics: Topics, buried: str) -> None:
    listed = orjson.loads(dlq(app, "list", "--topic", topics.fulfilment, "--json").output)
    assert orjson.loads(listed["value"])["order_id"] == buried
    assert listed["headers"] == [["a", {"base64": "/w=="}]]
    assert listed["replayed_at"] is None


def replayable(topics: Topics, consume: Consume, order_id: str) -> None:
    topics.event(topics.commands, {"command": "create", "order": lines_body(customer_id="C-1", order_id=order_id)})
    with consume():
        eventually(lambda: topics.committed(topics.commands) == topics.end(topics.commands))


def status(app: Flask, order_id: str) -> Any:
    return outbox(app, {"order_id": order_id})[-1].status


def test_a_replayed_message_comes_as_it_was_and_takes_effect(
    app: Flask, topics: Topics, consume: Consume, buried: str
) -> None:
    (letter,) = letters(app, topics)
    replayable(topics, consume, buried)
    answer = dlq(app, "replay", str(letter.id))
    assert (answer.output, answer.exit_code) == (f"{letter.id} replayed\n", 0)
    original, copy = topics.messages(topics.fulfilment, 2)
    assert (copy.key(), copy.value()) == (original.key(), original.value())
    assert copy.headers() == [("a", b"\xff"), ("x-oms-event-id", letter.event_id.encode())]
    with consume():
        eventually(lambda: status(app, buried) == "shipped")
    assert letters(app, topics)[0].replayed_at is not None
    assert dlq(app, "list", "--topic", topics.fulfilment).output.count("\n") == 1
    assert dlq(app, "list", "--topic", topics.fulfilment, "--all").output.count("\n") == 2
    again = dlq(app, "replay", str(letter.id))
    assert again.output.splitlines()[0] == f"{letter.id} does not wait to be replayed"
    assert again.exit_code == 1


def test_a_message_replayed_twice_has_one_effect(app: Flask, topics: Topics, consume: Consume, buried: str) -> None:
    replayable(topics, consume, buried)
    assert dlq(app, "replay", "--topic", topics.fulfilment).exit_code == 0
    again = topics.messages(topics.fulfilment, 2)[1]
    topics.send(topics.fulfilment, again.value(), again.key(), receive(again).headers)
    with consume():
        eventually(lambda: topics.committed(topics.fulfilment) == topics.end(topics.fulfilment))
    assert (
        len([event for event in outbox(app, {"order_id": buried}) if event.type == "oms.order.status_changed.v1"]) == 1
    )
    assert letters(app, topics)[0].event_id in entered(app, topics)


def test_a_replayed_message_whose_cause_is_not_cured_comes_back(
    app: Flask, topics: Topics, consume: Consume, buried: str
) -> None:
    assert dlq(app, "replay", "--topic", topics.fulfilment).exit_code == 0
    assert letters(app, topics)[0].replayed_at is not None
    with consume():
        eventually(lambda: letters(app, topics)[0].replayed_at is None)
    assert len(letters(app, topics)) == 1


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_replay_that_kafka_does_not_take_changes_nothing(
    app: Flask, topics: Topics, buried: str, kafka: Kafka
) -> None:
    kafka.push_errors(0, 29)
    answer = dlq(app, "replay", "--topic", topics.fulfilment)
    assert answer.exit_code == 1
    assert "Kafka did not take the message" in answer.output
    (letter,) = letters(app, topics)
    assert letter.replayed_at is None
    assert letter.event_id in entered(app, topics)


def test_everything_that_waits_can_be_replayed(app: Flask, topics: Topics, buried: str) -> None:
    (letter,) = letters(app, topics)
    assert f"{letter.id} replayed" in dlq(app, "replay", "--all").output.splitlines()
    assert letters(app, topics)[0].replayed_at is not None


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_message_too_large_for_its_topic_is_told_and_the_others_go_on(
    app: Flask, topics: Topics, buried: str, kafka: Kafka
) -> None:
    (letter,) = letters(app, topics)
    kafka.push_errors(0, 10)
    answer = dlq(app, "replay", str(letter.id), str(letter.id))
    assert answer.output.splitlines()[:2] == [
        f"{letter.id} The message is larger than the topic takes.",
        f"{letter.id} replayed",
    ]
    assert answer.exit_code == 1


def test_a_message_is_discarded_with_a_reason_and_waits_no_more(app: Flask, topics: Topics, buried: str) -> None:
    (letter,) = letters(app, topics)
    answer = dlq(app, "discard", str(letter.id), "--reason", "a test order of the warehouse")
    assert (answer.output, answer.exit_code) == (f"{letter.id} discarded\n", 0)
    assert dlq(app, "list", "--topic", topics.fulfilment).output.count("\n") == 1
    assert dlq(app, "discard", str(letter.id), "--reason", "again").exit_code == 1
    assert dlq(app, "replay", str(letter.id)).exit_code == 1
    (kept,) = letters(app, topics)
    assert (kept.discard_reason, kept.replayed_at) == ("a test order of the warehouse", None)


def test_what_is_done_with_a_message_is_in_the_audit_log(app: Flask, topics: Topics, buried: str) -> None:
    (letter,) = letters(app, topics)
    dlq(app, "replay", str(letter.id))
    (entry,) = rows(
        app, "SELECT * FROM audit_entries WHERE subject_kind = 'dead_letter' AND subject_id = :id", id=str(letter.id)
    )
    assert (entry.actor_id, entry.action, entry.subject_kind) == ("cli", "dead_letter.replayed", "dead_letter")
    assert entry.details == {"topic": topics.fulfilment, "event_id": letter.event_id}


def test_the_topics_of_what_waits_are_known(app: Flask, topics: Topics, buried: str) -> None:
    with app.app_context():
        assert topics.fulfilment in read(dead_letters.topics)
        (letter,) = letters(app, topics)
        after = Where(topics.fulfilment, after=letter.id)
        assert read(lambda session: dead_letters.found(session, after)) == []
        transaction(lambda session: dead_letters.discard(session, system("tests"), letter.id, "no"))
        assert topics.fulfilment not in read(dead_letters.topics)
        with pytest.raises(NotFound):
            read(lambda session: dead_letters.get(session, letter.id + 10**9))


@pytest.mark.parametrize("arguments", [(), ("1", "--all"), ("--all", "--topic", "t")])
def test_a_replay_wants_to_know_of_what(app: Flask, arguments: tuple[str, ...]) -> None:
    assert dlq(app, "replay", *arguments).exit_code == 2


def test_a_taken_health_port_is_told_by_its_variable(app: Flask, servers: Servers, tmp_path: Path) -> None:
    assert app  # the schema is there
    process = Process(servers.process_environ(CONSUMER_HEALTH_PORT=str(servers.postgres.port)), tmp_path / "log")
    assert wait_until(lambda: process.popen.poll() is not None, 60)
    assert process.popen.returncode == 1
    assert "CONSUMER_HEALTH_PORT" in process.said()
