"""The Kafka-protocol broker: topics, faults on request, and clients that live through its restart."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer

from devstack.kafka import PARTITIONS, TOPICS, Kafka
from devstack.server import wait_until

pytestmark = pytest.mark.kafka
PRODUCE = 0


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    with Kafka(tmp_path / "kafka") as server:
        yield server


def producer(kafka: Kafka) -> Producer:
    return Producer({"bootstrap.servers": kafka.url, "enable.idempotence": True, "linger.ms": 0, "log_level": 0})


def consumer(kafka: Kafka) -> Consumer:
    subscribed = Consumer(
        {
            "bootstrap.servers": kafka.url,
            "group.id": "tests",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    subscribed.subscribe(["order-events"])
    return subscribed


def send(client: Producer, *values: str) -> None:
    errors: list[KafkaError | None] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        errors.append(error)

    for value in values:
        client.produce("order-events", value, key=value, on_delivery=delivered)
    assert client.flush(15) == 0
    assert errors == [None] * len(values)


def receive(client: Consumer, count: int) -> set[str]:
    received: set[str] = set()

    def enough() -> bool:
        message = client.poll(0.1)
        if message is not None and message.error() is None:
            received.add((message.value() or b"").decode())
        return len(received) == count

    assert wait_until(enough, 20), received
    return received


def test_it_has_the_topics_of_the_product(kafka: Kafka) -> None:
    topics = producer(kafka).list_topics(timeout=5).topics
    assert {name: len(topic.partitions) for name, topic in topics.items()} == dict.fromkeys(TOPICS, PARTITIONS)


def test_living_clients_recover_when_the_broker_comes_back_on_its_port(kafka: Kafka) -> None:
    sending = producer(kafka)
    with closing(consumer(kafka)) as receiving:
        send(sending, "1", "2", "3")
        receive(receiving, 3)
        kafka.kill()
        kafka.start()
        send(sending, "4", "5", "6")
        assert receive(receiving, 3) == {"4", "5", "6"}


def test_down_refuses_clients_and_up_lets_them_in_with_all_messages_kept(kafka: Kafka) -> None:
    sending = producer(kafka)
    send(sending, "before")
    kafka.down()
    sending.produce("order-events", "during")
    assert sending.flush(0.3) == 1
    kafka.up()
    assert sending.flush(15) == 0
    with closing(consumer(kafka)) as receiving:
        assert receive(receiving, 2) == {"before", "during"}


def test_pushed_errors_reach_the_producer(kafka: Kafka) -> None:
    client = Producer({"bootstrap.servers": kafka.url, "log_level": 0, "retries": 0})
    errors: list[int] = []
    kafka.push_errors(PRODUCE, KafkaError.TOPIC_AUTHORIZATION_FAILED)
    client.produce("order-events", "x", on_delivery=lambda error, _: errors.append(error.code() if error else 0))
    assert client.flush(10) == 0
    assert errors == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


def test_the_broker_dies_with_a_command_it_does_not_know_how_to_read(kafka: Kafka) -> None:
    with pytest.raises(RuntimeError, match="did not carry out"):
        kafka._tell("errors produce 1")
