"""Topics of a test's own, what is put on them, and what comes out at the dead-letter end."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from devstack.server import wait_until
from oms.config import Settings
from oms.ids import new_id
from tests import brokers

SECONDS = 60.0
PARTITIONS = 4
Header = tuple[str, str | bytes | None]


def own_settings(settings: Settings, **changes: Any) -> Settings:
    """Fresh topics and a fresh group. The broker lets a group go on only after the session timeout of a member that
    has left, so that is kept short."""
    name = new_id().lower()
    timeout = max(1500, brokers.SESSION_TIMEOUT_MS)
    quick = {"session.timeout.ms": str(timeout), "heartbeat.interval.ms": "300", "log_level": "0"}
    own: dict[str, Any] = {
        "kafka_client_options": quick,
        "kafka_new_order_topic": f"{name}-new-order",
        "kafka_fulfilment_topic": f"{name}-fulfilment",
        "kafka_commands_topic": f"{name}-commands",
        "kafka_consumer_group": f"{name}-group",
    }
    return replace(settings, **{**own, **changes})


class Topics:
    """The consumed topics of one test."""

    def __init__(self, settings: Settings, partitions: int = PARTITIONS) -> None:
        """The embedded broker decides by itself how many partitions a topic has."""
        self.settings = settings
        self.new_order = settings.kafka_new_order_topic
        self.fulfilment = settings.kafka_fulfilment_topic
        self.commands = settings.kafka_commands_topic
        self._producer = Producer({"bootstrap.servers": settings.kafka_bootstrap_servers, "log_level": 0})
        names = [name for topic in settings.consumed_topics for name in (topic, f"{topic}.dlq")]
        if brokers.REAL:
            brokers.create_topics(settings.kafka_bootstrap_servers, names, partitions)
        else:
            for name in names:
                assert wait_until(lambda name=name: self._exists(name), SECONDS)  # type: ignore[misc]

    def variables(self) -> dict[str, str]:
        """The environment by which a process consumes these topics."""
        return {
            "KAFKA_NEW_ORDER_TOPIC": self.new_order,
            "KAFKA_FULFILMENT_TOPIC": self.fulfilment,
            "KAFKA_COMMANDS_TOPIC": self.commands,
            "KAFKA_CONSUMER_GROUP": self.settings.kafka_consumer_group,
        }

    def _exists(self, name: str) -> bool:
        """Asking makes the embedded broker create it."""
        return self._producer.list_topics(name, timeout=5).topics[name].error is None

    def send(
        self,
        topic: str,
        document: Any,
        key: str | bytes | None = None,
        headers: Sequence[Header] = (),
        partition: int = 0,
    ) -> Message:
        """One message, as JSON unless it is bytes, delivered; to partition 0 unless told."""
        delivered: list[Message] = []
        value = document if isinstance(document, bytes | None) else json.dumps(document).encode()
        self._producer.produce(
            topic,
            value,
            key,
            partition=partition,
            headers=list(headers),
            on_delivery=lambda error, message: delivered.append(message) if error is None else None,
        )
        self._producer.flush(SECONDS)
        assert delivered
        return delivered[0]

    def post(self, topic: str, document: Any, partition: int) -> None:
        """A message with an event id, on its way; `flush` waits for all of them."""
        headers: list[Header] = [("ce_id", new_id())]
        self._producer.produce(topic, json.dumps(document).encode(), partition=partition, headers=headers)

    def post_by_key(self, topic: str, document: Any, key: str) -> None:
        """The same, where the key has its partition."""
        self._producer.produce(topic, json.dumps(document).encode(), key, headers=[("ce_id", new_id())])

    def flush(self) -> None:
        assert self._producer.flush(SECONDS) == 0

    def produce(self, topic: str, value: bytes, partition: int = 0) -> None:
        """One of many messages that nobody waits for: the next `send` delivers it too."""
        self._producer.produce(topic, value, partition=partition)

    def event(self, topic: str, document: Any, event_id: str | None = None, **options: Any) -> str:
        """A message with an event id, which is returned."""
        event_id = event_id or new_id()
        self.send(topic, document, headers=[("ce_id", event_id)], **options)
        return event_id

    def messages(self, topic: str, count: int) -> list[Message]:
        """The first `count` messages of a topic, as a program elsewhere reads them."""
        with self._reader() as reader:
            places = self._producer.list_topics(topic, timeout=5).topics[topic].partitions
            reader.assign([TopicPartition(topic, partition, 0) for partition in places])
            found: list[Message] = []
            deadline = time.monotonic() + SECONDS
            while len(found) < count:
                assert time.monotonic() < deadline, f"{len(found)} of {count} messages in {topic}"
                found += [message for message in reader.consume(count, 0.2) if not message.error()]
            return found

    def end(self, topic: str, partition: int = 0) -> int:
        """The offset the next message will get."""
        with self._reader() as reader:
            _, high = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=5)
            return int(high)

    def committed(self, topic: str, partition: int = 0) -> int:
        """The group's committed offset; negative when it has none. A broker that has just started is waited for."""
        found: list[TopicPartition] = []
        with self._reader(self.settings.kafka_consumer_group) as reader:

            def answered() -> bool:
                with suppress(KafkaException):
                    found.extend(reader.committed([TopicPartition(topic, partition)], timeout=5))
                return bool(found)

            eventually(answered)
        return int(found[0].offset)

    def _reader(self, group: str = "onlookers") -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.settings.kafka_bootstrap_servers,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "log_level": 0,
            }
        )


def eventually(condition: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Fail unless `condition` holds within the time."""
    assert wait_until(lambda: bool(condition()), seconds)
