import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, Message, TopicPartition

from devstack.kafka import Kafka
from devstack.ports import free_port
from devstack.server import wait_until
from oms import kafka as kafka_client
from oms.config import Settings
from oms.ids import new_id
from oms.kafka import BrokerCheck, Delivery, Publisher, Record
from tests.conftest import Servers
from tests.floor import mending
from tests.floor.topics import ORDER_EVENTS, Listener

PRODUCE = 0
CONFIRMED = Delivery(None)


def message(key: str, body: bytes = b"{}") -> Record:
    return Record(ORDER_EVENTS, key, body, (("ce_id", new_id()), ("ce_sequence", "1")))


@pytest.fixture
def listener(kafka: Kafka) -> Iterator[Listener]:
    with Listener(kafka.url) as made:
        yield made


def test_every_delivery_is_told_in_the_order_of_the_records(publisher: Publisher, listener: Listener) -> None:
    too_large = message(new_id(), b"x" * 9_000_000)
    records = [message(new_id()), too_large, message(new_id())]
    assert publisher.send(records) == [CONFIRMED, Delivery("MSG_SIZE_TOO_LARGE", refused=True), CONFIRMED]
    listener.wait_for(lambda heard: {records[0].key, records[2].key} <= {message.key for message in heard})


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_what_a_broker_forbids_is_refused_and_not_its_own_fault(publisher: Publisher, kafka: Kafka) -> None:
    publisher.send([message(new_id())])
    kafka.push_errors(PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    (delivery,) = publisher.send([message(new_id())])
    assert delivery == Delivery("TOPIC_AUTHORIZATION_FAILED", refused=True)


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_passing_error_of_the_broker_is_survived(publisher: Publisher, kafka: Kafka) -> None:
    publisher.send([message(new_id())])
    kafka.push_errors(PRODUCE, KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.REQUEST_TIMED_OUT)
    assert publisher.send([message(new_id())]) == [CONFIRMED]


@pytest.mark.embedded_broker("it is told to answer with an error")
def test_a_producer_with_a_fatal_error_is_replaced(publisher: Publisher, kafka: Kafka, listener: Listener) -> None:
    publisher.send([message(new_id())])
    broken = publisher._producer
    kafka.push_errors(PRODUCE, KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    records = [message(new_id()) for _ in range(3)]
    failed = publisher.send(records)
    assert not any(delivery.refused for delivery in failed)
    assert any(delivery.error for delivery in failed)
    assert publisher.send(records) == [CONFIRMED] * 3
    assert publisher._producer is not broken
    listener.wait_for(lambda heard: {record.key for record in records} <= {message.key for message in heard})


def test_what_a_producer_still_holds_when_the_time_is_up_is_never_sent(
    publisher: Publisher, kafka: Kafka, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.send([message(new_id())])
    kafka.down()
    abandoned, later = message(new_id()), message(new_id())
    real = publisher._producer
    monkeypatch.setattr(publisher, "_producer", Impatient(real))
    with pytest.raises(TimeoutError):
        publisher.send([abandoned])
    kafka.up()
    assert wait_until(lambda: publisher.send([later]) == [CONFIRMED], 30)
    heard = listener.wait_for(lambda heard: later.key in [message.key for message in heard])
    assert abandoned.key not in [message.key for message in heard]


class Impatient:
    """A producer whose job is out of time while it waits for the broker."""

    def __init__(self, producer: Any) -> None:
        self._real = producer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def flush(self, seconds: float) -> None:
        if seconds:
            raise TimeoutError
        self._real.flush(0)


@pytest.mark.parametrize("away", ["down", "pause"])
def test_what_is_not_confirmed_in_time_has_failed_without_being_refused(
    away: str, servers: Servers, kafka: Kafka, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_client, "DELIVERY_SECONDS", 0.5)
    getattr(kafka, away)()
    (delivery,) = publisher.send([message(new_id())])
    assert delivery.error
    assert not delivery.refused
    mending.mend_kafka(servers)
    assert wait_until(lambda: publisher.send([message(new_id())]) == [CONFIRMED], 30)


def test_a_producer_is_never_used_by_another_process(publisher: Publisher) -> None:
    publisher.send([message(new_id())])
    inherited = publisher._producer
    child = os.fork()
    if child == 0:
        os._exit(0 if publisher._current() is not inherited else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_settings_reach_the_client_library_untouched(settings: Settings) -> None:
    secured = replace(settings, kafka_client_options={"sasl.username": "oms", "client.id": "shop"})
    options = kafka_client.producer_options(secured)
    assert (options["sasl.username"], options["client.id"]) == ("oms", "shop")
    assert (options["acks"], options["enable.idempotence"]) == ("all", True)


def test_a_consumer_that_is_told_nothing_commits_nothing(settings: Settings, publisher: Publisher) -> None:
    own = replace(settings, kafka_consumer_group=new_id())
    sent = message(new_id())
    publisher.send([sent])
    reader = kafka_client.consumer(own)
    reader.subscribe([ORDER_EVENTS])
    found: list[Message] = []
    while sent.key.encode() not in [got.key() for got in found]:
        found += [got for got in reader.consume(500, 0.2) if not got.error()]
    (place,) = reader.committed([TopicPartition(ORDER_EVENTS, found[-1].partition())], timeout=5)
    reader.close()
    assert place.offset == OFFSET_INVALID


class TestBrokerCheck:
    def test_a_broker_that_answers_is_up(self, settings: Settings) -> None:
        assert self.satisfied(settings).up()

    def satisfied(self, settings: Settings) -> BrokerCheck:
        """A check that has found its broker; the mock takes a second over its first answer now and then."""
        checks = [BrokerCheck(settings)]
        while not checks[-1].up():
            assert len(checks) < 10
            checks.append(BrokerCheck(settings))
        return checks[-1]

    def test_a_broker_that_nobody_runs_is_down(self, settings: Settings) -> None:
        nowhere = replace(settings, kafka_bootstrap_servers=f"127.0.0.1:{free_port()}")
        assert not BrokerCheck(nowhere).up()

    def test_the_answer_is_kept_for_a_while(self, settings: Settings, kafka: Kafka) -> None:
        check = self.satisfied(settings)
        kafka.down()
        assert check.up()

    def test_one_caller_waits_and_the_others_take_what_is_known(self, settings: Settings, kafka: Kafka) -> None:
        check = BrokerCheck(settings)
        check.up()
        check.AGE_SECONDS = 0  # type: ignore[misc]
        kafka.pause()
        answers: list[bool] = []
        callers = [threading.Thread(target=lambda: answers.append(check.up())) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(3)
        assert answers == [False] * 4
