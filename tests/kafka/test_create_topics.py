"""`flask oms create-topics` against a broker that really creates them."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from flask import Flask

from devstack.server import wait_until
from oms import kafka as kafka_client
from oms.config import Settings
from oms.ids import new_id
from oms.kafka import Publisher, Record
from tests import brokers
from tests.conftest import Servers

DAY_MS = 24 * 3_600_000


@pytest.fixture
def own(settings: Settings) -> Settings:
    """Names nobody else has, none of them on the broker yet."""
    name = new_id().lower()
    return replace(
        settings,
        kafka_order_topic=f"{name}-events",
        kafka_new_order_topic=f"{name}-new",
        kafka_fulfilment_topic=f"{name}-fulfilment",
        kafka_commands_topic=f"{name}-commands",
        kafka_topic_partitions=3,
        kafka_topic_replication=1,
        kafka_topic_retention_hours=24,
    )


@pytest.fixture
def create_topics(app: Flask, own: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(**changes: Any) -> Result:
        monkeypatch.setitem(app.config, "OMS_SETTINGS", replace(own, **changes))
        return app.test_cli_runner().invoke(args=["oms", "create-topics"])

    return run


@pytest.fixture
def admin(servers: Servers) -> AdminClient:
    return AdminClient(brokers.options(servers.kafka.url))


def names(own: Settings) -> list[str]:
    consumed = own.consumed_topics
    return sorted([own.kafka_order_topic, *consumed, *(f"{topic}.dlq" for topic in consumed)])


def shape(admin: AdminClient, name: str) -> dict[str, Any]:
    """What the broker says of a topic."""
    resource = ConfigResource(ResourceType.TOPIC, name)
    config = admin.describe_configs([resource])[resource].result(10)
    topic = admin.list_topics(name, timeout=10).topics[name]
    return {
        "partitions": len(topic.partitions),
        "replicas": {len(partition.replicas) for partition in topic.partitions.values()},
        "retention.ms": int(config["retention.ms"].value),
        "max.message.bytes": int(config["max.message.bytes"].value),
    }


def exists(admin: AdminClient, name: str) -> bool:
    return name in admin.list_topics(timeout=10).topics


def test_all_topics_are_created_as_configured(
    own: Settings, create_topics: Callable[..., Result], admin: AdminClient
) -> None:
    answer = create_topics()
    assert (answer.output, answer.exit_code) == (f"created {', '.join(names(own))}\n", 0)
    assert wait_until(lambda: all(exists(admin, name) for name in names(own)), 10)
    expected = {"partitions": 3, "replicas": {1}, "retention.ms": DAY_MS, "max.message.bytes": 4 * 1024 * 1024}
    assert {name: shape(admin, name) for name in names(own)} == dict.fromkeys(names(own), expected)


def test_what_exists_is_left_alone(
    own: Settings, create_topics: Callable[..., Result], admin: AdminClient, servers: Servers
) -> None:
    brokers.create_topics(servers.kafka.url, [own.kafka_new_order_topic], 2, **{"retention.ms": "1000000"})
    assert wait_until(lambda: exists(admin, own.kafka_new_order_topic), 10)
    before = shape(admin, own.kafka_new_order_topic)
    answer = create_topics()
    assert answer.exit_code == 0
    assert own.kafka_new_order_topic not in answer.output.removeprefix("created ").strip().split(", ")
    assert shape(admin, own.kafka_new_order_topic) == before
    assert (before["partitions"], before["retention.ms"]) == (2, 1_000_000)
    assert wait_until(lambda: all(exists(admin, name) for name in names(own)), 10)
    again = create_topics(kafka_topic_partitions=9, kafka_topic_retention_hours=48)
    assert (again.output, again.exit_code) == ("nothing to create\n", 0)
    assert shape(admin, own.kafka_order_topic)["partitions"] == 3


def test_more_replicas_than_there_are_brokers_fails_in_one_line_by_topic(
    own: Settings, create_topics: Callable[..., Result], admin: AdminClient
) -> None:
    answer = create_topics(kafka_topic_replication=10)
    reasons = ", ".join(f"{name} (INVALID_REPLICATION_FACTOR)" for name in names(own))
    assert (answer.output, answer.exit_code) == (f"Error: not created: {reasons}\n", 1)
    assert not any(exists(admin, name) for name in names(own))


def test_two_at_once_create_every_topic_once(own: Settings, admin: AdminClient) -> None:
    together, made = threading.Barrier(3), []

    def create() -> None:
        together.wait()
        made.append(kafka_client.create_topics(own))

    creators = [threading.Thread(target=create) for _ in range(3)]
    for creator in creators:
        creator.start()
    for creator in creators:
        creator.join()
    assert [result.refused for result in made] == [{}] * 3
    assert sorted(name for result in made for name in result.created) == names(own)


def test_sending_to_a_topic_that_is_not_there_creates_none(own: Settings, servers: Servers, admin: AdminClient) -> None:
    publisher = Publisher(own)
    record = Record(own.kafka_order_topic, new_id(), b"{}", ())
    (delivery,) = publisher.send([record])
    publisher.discard()
    assert delivery.error
    assert not exists(admin, own.kafka_order_topic)
    plain = Producer(brokers.options(servers.kafka.url))
    answer = plain.list_topics(own.kafka_order_topic, timeout=10).topics[own.kafka_order_topic]
    assert answer.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
