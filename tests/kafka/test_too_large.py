"""What is too large for the broker stops its own order and no other."""

import pytest
from sqlalchemy import text

from devstack.apache_kafka import ApacheKafka
from oms import outbox
from oms.ids import new_id
from oms.kafka import Delivery, Publisher, Record
from oms.transactions import read, transaction
from tests import brokers
from tests.floor import events
from tests.floor.test_outbox import drain, same_shard
from tests.floor.topics import Listener

TOO_LARGE = Delivery("MSG_SIZE_TOO_LARGE", refused=True)
LIMIT = 20_000


@pytest.fixture
def topic(kafka: ApacheKafka) -> str:
    """One partition that takes batches of up to 20 kB."""
    name = new_id()
    brokers.create_topics(kafka.url, [name], 1, **{"max.message.bytes": str(LIMIT), "compression.type": "producer"})
    return name


def record(topic: str, size: int) -> Record:
    """One that does not get smaller by being compressed."""
    body = "".join(new_id() for _ in range(size // 26))
    return Record(topic, new_id(), body.encode(), (("ce_id", new_id()), ("ce_sequence", "1")))


def test_only_the_record_that_is_too_large_is_refused(topic: str, publisher: Publisher, kafka: ApacheKafka) -> None:
    records = [record(topic, size) for size in (500, 500, 3 * LIMIT, 500, 500)]
    with Listener(kafka.url, topic) as listener:
        assert publisher.send(records) == [Delivery(None), Delivery(None), TOO_LARGE, Delivery(None), Delivery(None)]
        heard = listener.wait_for(lambda heard: len(heard) >= 4)
    assert [message.key for message in heard] == [sent.key for sent in records if sent is not records[2]]


def test_records_that_are_too_large_only_together_are_all_taken(
    topic: str, publisher: Publisher, kafka: ApacheKafka
) -> None:
    records = [record(topic, LIMIT // 3) for _ in range(30)]
    with Listener(kafka.url, topic) as listener:
        assert publisher.send(records) == [Delivery(None)] * 30
        heard = listener.wait_for(lambda heard: len(heard) >= 30)
    assert len(heard) == 30
    assert {message.key for message in heard} == {sent.key for sent in records}


@pytest.mark.usefixtures("context")
def test_an_event_the_broker_finds_too_large_is_set_aside_and_other_orders_go_on(
    topic: str, publisher: Publisher, kafka: ApacheKafka
) -> None:
    stuck, *free = same_shard(6)
    events.record([stuck, *free], [1], size=10)
    events.record([stuck], [2], size=10)
    move = text("UPDATE outbox_events SET topic = :topic WHERE order_id = ANY(:ids)")
    enlarge = text("UPDATE outbox_events SET payload = to_json(CAST(:t AS text)) WHERE order_id = :id AND version = 1")
    transaction(lambda session: session.execute(move, {"topic": topic, "ids": [stuck, *free]}))
    large = record(topic, 3 * LIMIT).value.decode()
    transaction(lambda session: session.execute(enlarge, {"t": large, "id": stuck}))
    with Listener(kafka.url, topic) as listener:
        assert drain(publisher) == len(free)
        heard = listener.wait_for_ids(events.ids(free))
    assert {message.key for message in heard} == set(free)
    first, second = events.rows(stuck)
    assert (first.published_at, first.attempts, first.waiting) == (None, 1, True)
    assert first.last_error == "MSG_SIZE_TOO_LARGE"
    assert (second.published_at, second.attempts) == (None, 0)
    assert all(row.attempts == 0 for order_id in free for row in events.rows(order_id))
    assert read(outbox.lag).refused == 1
