"""Which broker the tests stand on: the embedded one, or, where OMS_TEST_KAFKA says `real`, Apache Kafka."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from devstack.apache_kafka import ApacheKafka
from devstack.kafka import PARTITIONS, TOPICS, Kafka

REAL = os.environ.get("OMS_TEST_KAFKA") == "real"
# Without being told, brokers of others accept no session that is shorter.
SESSION_TIMEOUT_MS = 1000 if not os.environ.get("KAFKA_BOOTSTRAP_SERVERS") else 6000


class SomebodyElses:
    """The broker of KAFKA_BOOTSTRAP_SERVERS. A test that would break it is skipped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def is_ready(self) -> bool:
        return True

    def __getattr__(self, name: str) -> NoReturn:
        pytest.skip("the broker of KAFKA_BOOTSTRAP_SERVERS is not for tests to break")


Broker = Kafka | ApacheKafka | SomebodyElses


@contextmanager
def broker(folder: Path) -> Iterator[Broker]:
    """The one broker of a test process, with the topics of the product."""
    if REAL and (given := os.environ.get("KAFKA_BOOTSTRAP_SERVERS")):
        create_topics(given, TOPICS, PARTITIONS)
        yield SomebodyElses(given)
    else:
        with own(folder, real=REAL) as server:
            yield server


@contextmanager
def own(folder: Path, *, real: bool) -> Iterator[Kafka | ApacheKafka]:
    """A broker to break, with the topics of the product. Raises StartError."""
    if not real:
        with Kafka(folder) as embedded:
            yield embedded
        return
    server = ApacheKafka(folder).start()
    try:
        create_topics(server.url, TOPICS, PARTITIONS)
        yield server
    finally:
        server.kill()  # nobody wants its data


def create_topics(url: str, names: Iterable[str], partitions: int, **config: str) -> None:
    """Make those that are missing; what is there stays as it is."""
    admin = AdminClient(options(url))
    topics = [NewTopic(name, partitions, 1, config=config) for name in names]
    for made in admin.create_topics(topics, operation_timeout=20).values():
        try:
            made.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def options(url: str, **more: Any) -> dict[str, Any]:
    """What a client of a test's own needs."""
    return {"bootstrap.servers": url, "log_level": 0, **more}


def leave_out(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what the broker at hand cannot show."""
    for item in items:
        if REAL and (marker := item.get_closest_marker("embedded_broker")):
            item.add_marker(pytest.mark.skip(reason=f"embedded broker only: {marker.args[0]}"))
        elif not REAL and item.path.is_relative_to(Path(__file__).parent / "kafka"):
            item.add_marker(pytest.mark.skip(reason="needs Apache Kafka: make test-kafka"))
