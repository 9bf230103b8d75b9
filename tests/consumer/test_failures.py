"""What is not the message's fault is waited for; what is, is tried five times and set aside."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from devstack.kafka import Kafka
from devstack.postgres import Postgres
from oms.consumer import dead_lettering, partitions
from oms.consumer.dead_lettering import Forwarder
from oms.consumer.partitions import Partitions
from oms.consumer.processing import BATCH
from oms.errors import Unavailable
from oms.extensions import db
from oms.ids import new_id
from oms.observability.metrics import MESSAGES
from tests.callers import Caller, exact
from tests.consumer.conftest import Consume
from tests.consumer.test_effects import processed
from tests.consumer.topics import Topics, eventually
from tests.factories import lines_body, place, rows, url

pytestmark = pytest.mark.kafka
PRODUCE, OFFSET_COMMIT, JOIN_GROUP = 0, 8, 11
FENCED, TOPIC_FORBIDDEN, TOO_LARGE = 82, 29, 10


def letters(app: Flask, topics: Topics) -> list[Any]:
    group = topics.settings.kafka_consumer_group
    return rows(app, "SELECT * FROM dead_letters WHERE consumer = :group ORDER BY id", group=group)


def test_a_poison_message_is_tried_five_times_and_the_partition_moves_on(
    app: Flask, topics: Topics, consume: Consume
) -> None:
    poison = topics.send(topics.new_order, b"{not json", b"\xffkey", [("shop", "north"), ("raw", b"\xfe\x00")])
    good = new_id()
    topics.event(topics.new_order, {"id": good})
    with consume():
        eventually(lambda: processed(app, good))
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
    (letter,) = letters(app, topics)
    assert (letter.topic, letter.partition, letter.offset) == (topics.new_order, 0, poison.offset())
    assert (bytes(letter.key), bytes(letter.value)) == (b"\xffkey", b"{not json")
    assert letter.reason.startswith("invalid_json: ")
    assert letter.attempts == 5
    assert MESSAGES.labels(topics.new_order, "failed")._value.get() == 5
    (copy,) = topics.messages(f"{topics.new_order}.dlq", 1)
    assert (copy.key(), copy.value()) == (b"\xffkey", b"{not json")
    assert copy.headers() == [
        ("shop", b"north"),
        ("raw", b"\xfe\x00"),
        ("x-oms-reason", letter.reason.encode()),
        ("x-oms-topic", topics.new_order.encode()),
        ("x-oms-partition", b"0"),
        ("x-oms-offset", str(poison.offset()).encode()),
        ("x-oms-attempts", b"5"),
    ]


def test_good_messages_before_a_poison_one_are_not_held_up_by_it(app: Flask, topics: Topics, consume: Consume) -> None:
    before, after, elsewhere = new_id(), new_id(), new_id()
    topics.event(topics.new_order, {"id": before})
    topics.event(topics.new_order, {"no": "id"})
    topics.event(topics.new_order, {"id": after})
    topics.event(topics.new_order, {"id": elsewhere}, partition=1)
    with consume():
        eventually(lambda: len(processed(app, before, elsewhere)) == 2)
        assert not processed(app, after)
        eventually(lambda: processed(app, after))


def test_an_update_that_overtakes_its_order_is_tried_again(
    app: Flask, topics: Topics, consume: Consume, staff: Caller
) -> None:
    order = lines_body(customer_id="C-1")
    failures = MESSAGES.labels(topics.fulfilment, "failed")._value
    with consume(replace(topics.settings, consumer_max_attempts=20)):
        topics.event(topics.fulfilment, {"order_id": order["order_id"], "status": "shipped"})
        eventually(lambda: failures.get() >= 1)
        topics.event(topics.commands, {"command": "create", "order": order})
        eventually(lambda: staff.get(url(order)).status_code == 200)
        eventually(lambda: exact(staff.get(url(order)))["status"] == "shipped")
    assert letters(app, topics) == []


def test_an_unexpected_error_is_counted_and_told_without_the_statement(
    app: Flask, topics: Topics, consume: Consume
) -> None:
    order = lines_body(customer_id="C" * 50)
    topics.event(topics.new_order, {"id": order["order_id"], "creator_id": "secret"})
    broken = "ALTER TABLE order_processing ADD CONSTRAINT broken CHECK (order_id <> :id)".replace(
        ":id", f"'{order['order_id']}'"
    )
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text(broken))
    try:
        with consume():
            eventually(lambda: letters(app, topics))
    finally:
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE order_processing DROP CONSTRAINT broken"))
    (letter,) = letters(app, topics)
    assert letter.reason.startswith("CheckViolation: ")
    assert "INSERT" not in letter.reason


def test_a_message_that_can_not_be_set_aside_yet_is_no_further_try(
    app: Flask, topics: Topics, consume: Consume, monkeypatch: pytest.MonkeyPatch
) -> None:
    bury, outages = dead_lettering.bury, [Unavailable("The database can't be reached at the moment.")] * 2

    def bury_unless_away(*arguments: Any) -> None:
        while outages:
            raise outages.pop()
        bury(*arguments)

    monkeypatch.setattr(dead_lettering, "bury", bury_unless_away)
    topics.send(topics.new_order, b"{not json")
    with consume():
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
    assert outages == []
    assert [letter.attempts for letter in letters(app, topics)] == [5]


def test_while_the_database_is_away_messages_wait_and_none_is_set_aside(
    app: Flask, topics: Topics, consume: Consume, members: list[Partitions], postgres: Postgres
) -> None:
    first, then = new_id(), [new_id() for _ in range(500)]
    with consume():
        topics.event(topics.new_order, {"id": first})
        eventually(lambda: processed(app, first))
        postgres.stop()
        for position, order_id in enumerate(then):
            topics.event(topics.new_order, {"id": order_id}, partition=position % 2)
        eventually(lambda: [lane.paused for lane in members[0].lanes.values()] == [True, True])
        waiting = list(members[0].lanes.values())
        assert sum(len(lane.messages) for lane in waiting) <= 2 * BATCH
        postgres.start()
        eventually(lambda: len(processed(app, *then)) == len(then))
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
        assert not any(lane.paused for lane in waiting)
    assert letters(app, topics) == []
    assert MESSAGES.labels(topics.new_order, "failed")._value.get() == 0


def test_a_busy_order_delays_its_own_partition_only(
    app: Flask, topics: Topics, consume: Consume, staff: Caller
) -> None:
    order, other = place(staff, customer_id="C-1"), place(staff, customer_id="C-1")
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM orders WHERE order_id = :id FOR UPDATE"), {"id": order["order_id"]})
        topics.event(topics.fulfilment, {"order_id": order["order_id"], "status": "shipped"})
        with consume():
            topics.event(topics.fulfilment, {"order_id": other["order_id"], "status": "shipped"}, partition=1)
            eventually(lambda: exact(staff.get(url(other)))["status"] == "shipped")
            assert exact(staff.get(url(order)))["status"] == "pending"
            connection.rollback()
            eventually(lambda: exact(staff.get(url(order)))["status"] == "shipped")
    assert letters(app, topics) == []
    assert MESSAGES.labels(topics.fulfilment, "failed")._value.get() == 0


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_refused_dead_letter_is_sent_again_until_it_is_taken(
    app: Flask, topics: Topics, consume: Consume, kafka: Kafka
) -> None:
    topics.send(topics.new_order, b"poison")
    kafka.push_errors(PRODUCE, TOPIC_FORBIDDEN, TOPIC_FORBIDDEN)
    with consume():
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
    assert len(letters(app, topics)) == 1
    assert topics.messages(f"{topics.new_order}.dlq", 1)[0].value() == b"poison"


def test_a_crash_between_the_row_and_the_copy_still_makes_the_copy(
    app: Flask, topics: Topics, consume: Consume, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics.send(topics.new_order, b"poison")
    with monkeypatch.context() as crashing:
        crashing.setattr(Forwarder, "bury", lambda *_: False)
        with consume():
            eventually(lambda: letters(app, topics))
    assert topics.committed(topics.new_order) < 0
    with consume():
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
    (letter,) = letters(app, topics)
    (copy,) = topics.messages(f"{topics.new_order}.dlq", 1)
    assert dict(copy.headers() or [])["x-oms-reason"] == letter.reason.encode()
    assert letter.attempts == 5


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_poison_message_too_large_for_its_copy_stays_in_the_table(
    app: Flask, topics: Topics, consume: Consume, kafka: Kafka
) -> None:
    topics.send(topics.new_order, b"poison")
    good = new_id()
    topics.event(topics.new_order, {"id": good})
    kafka.push_errors(PRODUCE, TOO_LARGE)
    with consume():
        eventually(lambda: processed(app, good))
    assert len(letters(app, topics)) == 1
    assert topics.end(f"{topics.new_order}.dlq") == 0


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_failed_membership_is_replaced(app: Flask, topics: Topics, consume: Consume, kafka: Kafka) -> None:
    order_id = new_id()
    topics.event(topics.new_order, {"id": order_id})
    kafka.push_errors(JOIN_GROUP, FENCED)
    with consume():
        eventually(lambda: processed(app, order_id))


def test_kafka_away_is_waited_for(
    app: Flask,
    topics: Topics,
    consume: Consume,
    members: list[Partitions],
    kafka: Kafka,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partitions, "REPORT_SECONDS", 0.1)
    first, second = new_id(), new_id()
    with consume():
        topics.event(topics.new_order, {"id": first})
        eventually(lambda: processed(app, first))
        kafka.down()
        eventually(lambda: not members[0].lanes)  # the session is over, the partitions are lost
        kafka.up()
        topics.event(topics.new_order, {"id": second})
        eventually(lambda: processed(app, second))


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_an_offset_commit_that_got_lost_is_made_again(
    topics: Topics, consume: Consume, kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "REPORT_SECONDS", 0.5)
    topics.event(topics.new_order, {"id": new_id()})
    kafka.push_errors(OFFSET_COMMIT, TOPIC_FORBIDDEN)
    with consume():
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))


def test_a_partition_that_waits_can_be_taken_over(
    app: Flask, topics: Topics, consume: Consume, members: list[Partitions], postgres: Postgres
) -> None:
    order_ids = [new_id() for _ in range(4)]
    with consume():
        eventually(lambda: members)
        postgres.stop()
        for partition, order_id in enumerate(order_ids):
            topics.event(topics.new_order, {"id": order_id}, partition=partition)
            topics.event(topics.commands, {"poison": order_id}, partition=partition)
            topics.event(topics.fulfilment, {"poison": order_id}, partition=partition)
        eventually(lambda: [lane.paused for lane in members[0].lanes.values()] == [True] * 12)
        with consume():
            eventually(lambda: len(members) == 2 and members[1].lanes)
            postgres.start()
            eventually(lambda: len(processed(app, *order_ids)) == 4 and len(letters(app, topics)) == 8)


def test_an_empty_message_is_poison(app: Flask, topics: Topics, consume: Consume) -> None:
    topics.send(topics.new_order, None, "deleted")
    with consume():
        eventually(lambda: letters(app, topics))
    assert letters(app, topics)[0].reason == "empty_message: The message is empty."
    assert topics.messages(f"{topics.new_order}.dlq", 1)[0].value() is None


def test_a_dead_letter_that_can_not_be_written_stays_in_its_partition(
    app: Flask, topics: Topics, consume: Consume
) -> None:
    failures = MESSAGES.labels(topics.new_order, "failed")._value
    topics.send(topics.new_order, b"poison")
    with app.app_context():
        engine = db.engine
    with consume():
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE dead_letters RENAME TO not_there"))
        try:
            eventually(lambda: failures.get() > 6)
            assert topics.committed(topics.new_order) < 0
        finally:
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE not_there RENAME TO dead_letters"))
        eventually(lambda: letters(app, topics))
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
