"""Producer and consumer set-up. `Publisher.send` returns when every delivery is confirmed or has failed.

The producer is idempotent and lives as long as its process: a new one needs half a second before its first delivery,
and one inherited through a fork is silently dead. A fatal error (the broker lost the producer's sequence) is answered
by building a new one; the outbox sends again.
"""

import os
import socket
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from oms.config import Settings
from oms.observability.metrics import EVENTS_FAILED, EVENTS_PUBLISHED

DELIVERY_SECONDS = 5.0
ANSWER_SECONDS = 5.0
CREATION_SECONDS = 5.0
TOO_LARGE = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE).name()
UNCONFIRMED = "not confirmed in time"
MESSAGE_BYTES = 4 * 1024 * 1024
Option = str | int | float | bool
_log = structlog.get_logger(__name__)
# Refused for what they are, not for the broker's state: sending them again at once can't help.
_MESSAGE_ERRORS = frozenset(
    {
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_MSG,
        KafkaError.INVALID_MSG_SIZE,
        KafkaError.INVALID_RECORD,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TOPIC_EXCEPTION,
    }
)


@dataclass(frozen=True, slots=True)
class Record:
    """One message to send. `headers` are text; `value` is the finished body."""

    topic: str
    key: str
    value: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one record ended. `refused` means the record itself is at fault, not the broker's state."""

    error: str | None
    refused: bool = False


class Publisher:
    """One producer of one process; not for sharing across a fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Producer | None = None
        self._owner = 0

    def send(self, records: Iterable[Record]) -> list[Delivery]:
        """Send all, wait at most twice `DELIVERY_SECONDS` or so, and say of each, in order, how it ended."""
        batch = list(records)
        ended = self._attempt(batch)
        self._part(batch, ended)
        for record, delivery in zip(batch, ended, strict=True):
            (EVENTS_FAILED if delivery.error else EVENTS_PUBLISHED).labels(record.topic).inc()
        return ended

    def _part(self, batch: list[Record], ended: list[Delivery]) -> None:
        """Find out which records are too large themselves, and deliver the others.

        A broker refuses what it got for a partition in one request as a whole, for a single record in it or for the
        sum. So what was refused is sent again in halves, until a record was refused on its own.
        """
        deadline = time.monotonic() + DELIVERY_SECONDS
        groups = [_too_large(range(len(batch)), ended)]
        while groups:
            group = groups.pop()
            if len(group) < 2:
                continue
            for half in (group[: len(group) // 2], group[len(group) // 2 :]):
                if time.monotonic() < deadline:
                    again = self._attempt([batch[position] for position in half])
                else:
                    again = [Delivery(UNCONFIRMED)] * len(half)
                for position, delivery in zip(half, again, strict=True):
                    ended[position] = delivery
                groups.append(_too_large(half, ended))

    def _attempt(self, batch: list[Record]) -> list[Delivery]:
        outcome: list[Delivery | None] = [None] * len(batch)
        producer = self._current()
        try:
            for position, record in enumerate(batch):
                self._produce(producer, record, outcome, position)
            producer.flush(DELIVERY_SECONDS + 1)
        except (KafkaException, SystemError) as failure:
            # The library raises a fatal error out of whatever call meets it, and a callback run on top of that makes it
            # a SystemError. What was not confirmed by then has failed.
            _log.warning("producer_broken", reason=str(failure.__cause__ or failure))
            self.discard()
        except BaseException:  # the job's time limit
            self.discard()
            raise
        if any(result is None for result in outcome):
            # What the library still holds might go out after the caller has given it up, out of order.
            self.discard()
        return [result or Delivery(UNCONFIRMED) for result in outcome]

    def _produce(self, producer: Producer, record: Record, outcome: list[Delivery | None], position: int) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            outcome[position] = self._ended(error)

        try:
            producer.produce(
                record.topic,
                key=record.key.encode(),
                value=record.value,
                headers=list(record.headers),
                on_delivery=delivered,
            )
        except BufferError:
            outcome[position] = Delivery("the local queue is full")
        except KafkaException as failure:
            outcome[position] = self._ended(failure.args[0])
        producer.poll(0)

    def _ended(self, error: KafkaError | None) -> Delivery:
        if error is not None and (error.fatal() or error.code() == KafkaError._FATAL):
            self._producer = None
        return _delivery(error)

    def discard(self) -> None:
        """Drop the producer and everything it holds; the next `send` builds a new one."""
        producer, self._producer = self._producer, None
        if producer is not None and self._owner == os.getpid():
            with suppress(KafkaException, SystemError):
                producer.purge()
                producer.flush(0)

    def _current(self) -> Producer:
        if self._producer is None or self._owner != os.getpid():
            self._producer, self._owner = (
                Producer({**producer_options(self._settings), "error_cb": _tell_outage}),
                os.getpid(),
            )
        return self._producer


def _too_large(positions: Iterable[int], ended: Sequence[Delivery]) -> list[int]:
    return [position for position in positions if ended[position].error == TOO_LARGE]


def _delivery(error: KafkaError | None) -> Delivery:
    if error is None:
        return Delivery(None)
    return Delivery(error.name(), refused=error.code() in _MESSAGE_ERRORS)


def producer_options(settings: Settings) -> dict[str, Option]:
    return {
        **client_options(settings),
        "enable.idempotence": True,
        "acks": "all",
        "linger.ms": 2,
        "delivery.timeout.ms": int(DELIVERY_SECONDS * 1000),
        "request.timeout.ms": 3000,
        "compression.type": "lz4",
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 100_000,
        # An order may be as large as a body may be, and its event is somewhat larger.
        "message.max.bytes": MESSAGE_BYTES,
    }


def consumer(settings: Settings) -> Consumer:
    """A consumer that commits only what it is told to."""
    return Consumer(
        {
            **client_options(settings),
            "group.id": settings.kafka_consumer_group,
            "auto.offset.reset": "earliest",
            # How long a consumer killed with -9 holds on to its partitions.
            "session.timeout.ms": settings.kafka_session_timeout_ms,
            "heartbeat.interval.ms": settings.kafka_session_timeout_ms // 3,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "partition.assignment.strategy": "cooperative-sticky",
            "error_cb": _tell_outage,
        }
    )


def client_options(settings: Settings) -> dict[str, Option]:
    own: dict[str, Option] = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "client.id": f"oms-{socket.gethostname()}",
        # librdkafka would print a line at every attempt to reconnect; an outage is told once, as JSON.
        "log_level": 2,
        "log.connection.close": False,
        "reconnect.backoff.max.ms": 1000,
        "topic.metadata.refresh.interval.ms": 10_000,
    }
    return {**own, **settings.kafka_client_options}


def _tell_outage(error: KafkaError) -> None:
    if error.fatal() or error.code() == KafkaError._ALL_BROKERS_DOWN:
        _log.warning("kafka_unavailable", reason=error.name(), fatal=error.fatal())


class BrokerCheck:
    """Whether a broker answers, asked at most once in `AGE_SECONDS`: a probe must not wait on every call."""

    AGE_SECONDS = 5.0
    PATIENCE_SECONDS = 0.5

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin: AdminClient | None = None
        self._owner = 0
        self._known: tuple[float, bool] = (float("-inf"), False)

    def up(self) -> bool:
        asked_at, answer = self._known
        if time.monotonic() - asked_at > self.AGE_SECONDS:
            answer = self._ask()
            self._known = (time.monotonic(), answer)
        return answer

    def _ask(self) -> bool:
        if self._admin is None or self._owner != os.getpid():
            options: dict[str, Option] = {**client_options(self._settings), "log_level": 0}
            self._admin, self._owner = AdminClient(options), os.getpid()
        try:
            return bool(self._admin.list_topics(timeout=self.PATIENCE_SECONDS).brokers)
        except KafkaException:
            return False


@dataclass(frozen=True, slots=True)
class MissingTopics:
    """What became of the topics that were missing; `refused` has the reason for each that is still missing."""

    created: list[str]
    refused: dict[str, str]


def topics_of(settings: Settings) -> set[str]:
    """Every topic that is written to or read."""
    consumed = settings.consumed_topics
    return {settings.kafka_order_topic, *consumed, *(f"{topic}.dlq" for topic in consumed)}


def create_topics(settings: Settings) -> MissingTopics:
    """Create what is missing, with the configured partitions and retention.

    Raises `KafkaException` when no broker answers. The development stack's broker can't: there, a topic appears on
    first use.
    """
    admin = AdminClient(client_options(settings))
    missing = sorted(topics_of(settings) - set(admin.list_topics(timeout=ANSWER_SECONDS).topics))
    made = MissingTopics([], {})
    for name, future in _creations(admin, missing, settings).items():
        try:
            future.result()
            made.created.append(name)
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            if reason.code() != KafkaError.TOPIC_ALREADY_EXISTS:  # else somebody was quicker
                made.refused[name] = reason.name()
    return made


def _creations(admin: AdminClient, names: list[str], settings: Settings) -> "dict[str, Future[None]]":
    if not names:
        return {}
    partitions, replicas = settings.kafka_topic_partitions, settings.kafka_topic_replication
    retention_ms = settings.kafka_topic_retention_hours * 3_600_000
    config = {"max.message.bytes": str(MESSAGE_BYTES), "retention.ms": str(retention_ms)}
    topics = [NewTopic(name, partitions, replicas, config=config) for name in names]
    created: dict[str, Future[None]] = admin.create_topics(
        topics, operation_timeout=CREATION_SECONDS, request_timeout=CREATION_SECONDS
    )
    return created
