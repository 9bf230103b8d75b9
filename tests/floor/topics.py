"""What arrives in Kafka, seen by a plain consumer that knows nothing of the product."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson
from confluent_kafka import Consumer, Message, TopicPartition

from oms.ids import new_id

ORDER_EVENTS, NEW_ORDER = "order-events", "new_order"


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message; `headers` as text."""

    topic: str
    key: str
    body: bytes
    headers: dict[str, str]

    @property
    def id(self) -> str:
        return self.headers["ce_id"]

    @property
    def sequence(self) -> str:
        return self.headers["ce_sequence"]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Listener:
    """Hears everything that is sent to some topics after it was made."""

    def __init__(self, bootstrap: str, *topics: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": new_id(),
                "enable.auto.commit": False,
                # Where the library loses its place (a topic made a moment ago), rather twice than never.
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "reconnect.backoff.max.ms": 200,
                "log_level": 0,
            }
        )
        self._consumer.assign([at for topic in topics or (ORDER_EVENTS,) for at in self._ends(topic)])
        self.heard: list[Arrived] = []

    def wait_for(self, enough: Callable[[list[Arrived]], bool], seconds: float = 20) -> list[Arrived]:
        """Everything heard so far, as soon as it is enough; fails when it never is."""
        deadline = time.monotonic() + seconds
        while not enough(self.heard):
            assert time.monotonic() < deadline, f"only {len(self.heard)} messages in {seconds} s"
            self.heard += [_arrived(message) for message in self._consumer.consume(500, 0.05) if not message.error()]
        return self.heard

    def wait_for_ids(self, ids: Iterable[str], seconds: float = 20) -> list[Arrived]:
        wanted = set(ids)
        return self.wait_for(lambda heard: wanted <= {message.id for message in heard}, seconds)

    def _ends(self, topic: str) -> list[TopicPartition]:
        partitions = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ends = []
        for partition in partitions:
            _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
            ends.append(TopicPartition(topic, partition, end))
        return ends

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._consumer.close()


def _arrived(message: Message) -> Arrived:
    headers = {name: value.decode() for name, value in message.headers() or []}
    return Arrived(message.topic(), message.key().decode(), message.value(), headers)


def first_sequences(messages: Iterable[Arrived]) -> dict[str, list[str]]:
    """By key, the sequence numbers in the order of their first arrival: what a consumer that skips repeats sees."""
    seen: dict[str, dict[str, str]] = defaultdict(dict)
    for message in messages:
        seen[message.key].setdefault(message.id, message.sequence)
    return {key: list(sequences.values()) for key, sequences in seen.items()}
