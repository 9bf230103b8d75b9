"""What is not the message's fault is waited for; what is, is tried five times and set aside."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from devstack.kafka import Kafka
from devstack.postgres import Postgres
from oms.consumer.dead_lettering import Forwarder
from oms.extensions import db
from oms.ids import new_id
from oms.observability.metrics import MESSAGES
from tests.callers import Caller, exact
from tests.consumer.conftest import Consume
from tests.consumer.test_effects import processed
from tests.consumer.topics import Topics, eventually
from tests.factories import lines_body, place, rows, url

pytestmark = pytest.mark.kafka
PRODUCE, JOIN_GROUP = 0, 11
FENCED, TOPIC_FORBIDDEN = 82, 29


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
    with consume():
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


def test_while_the_database_is_away_messages_wait_and_none_is_set_aside(
    app: Flask, topics: Topics, consume: Consume, postgres: Postgres
) -> None:
    first, second = new_id(), new_id()
    with consume():
        topics.event(topics.new_order, {"id": first})
        eventually(lambda: processed(app, first))
        postgres.stop()
        topics.event(topics.new_order, {"id": second})
        topics.event(topics.new_order, {"id": second}, partition=1)
        topics.messages(topics.new_order, 3)
        postgres.start()
        eventually(lambda: processed(app, second))
        eventually(lambda: topics.committed(topics.new_order) == topics.end(topics.new_order))
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


def test_a_poison_message_too_large_for_its_copy_stays_in_the_table(
    app: Flask, topics: Topics, consume: Consume
) -> None:
    topics.send(topics.new_order, b"x" * 999_900)
    good = new_id()
    topics.event(topics.new_order, {"id": good})
    with consume():
        eventually(lambda: processed(app, good))
    assert len(letters(app, topics)[0].value) == 999_900


def test_a_failed_membership_is_replaced(app: Flask, topics: Topics, consume: Consume, kafka: Kafka) -> None:
    order_id = new_id()
    topics.event(topics.new_order, {"id": order_id})
    kafka.push_errors(JOIN_GROUP, FENCED)
    with consume():
        eventually(lambda: processed(app, order_id))


def test_kafka_away_is_waited_for(app: Flask, topics: Topics, consume: Consume, kafka: Kafka) -> None:
    first, second = new_id(), new_id()
    with consume():
        topics.event(topics.new_order, {"id": first})
        eventually(lambda: processed(app, first))
        kafka.down()
        kafka.up()
        topics.event(topics.new_order, {"id": second})
        eventually(lambda: processed(app, second))
