"""The consumer's side towards Kafka: reading, pausing, committing, and giving partitions back.

Offsets are committed after the database, never before. A commit that gets lost costs a second reading, which the inbox
answers. Commits are asynchronous: a synchronous one blocks for the whole session timeout while no broker answers.
"""

import time
from dataclasses import replace
from threading import Thread

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from oms import consumer_lag, kafka
from oms.config import Settings
from oms.consumer.lanes import Lane, Lanes
from oms.consumer.received import receive
from oms.redis_guard import attempt

COMMIT_SECONDS = 1.0
COMMIT_MESSAGES = 1000
REPORT_SECONDS = 5.0
CLOSE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Partitions:
    """One member of the consumer group, from joining to leaving."""

    def __init__(self, settings: Settings) -> None:
        self.lanes: Lanes = {}
        # The library would write twenty lines a second while the broker is away.
        quiet = replace(settings, kafka_client_options={**settings.kafka_client_options, "log_level": "0"})
        self._consumer: Consumer | None = kafka.consumer(quiet)
        self._told: set[str] = set()
        self._committed_at = self._reported_at = time.monotonic()
        self._member().subscribe(list(settings.consumed_topics), on_revoke=self._revoked, on_lost=self._lost)

    def read(self, count: int, timeout: float) -> None:
        """Wait up to `timeout` seconds for messages and put up to `count` into their lanes.

        Raises `KafkaException` when this member is past saving and a new one has to be made.
        """
        first = self._member().poll(timeout)
        if first is None:
            return
        for message in [first, *self._member().consume(count - 1, 0)]:
            if error := message.error():
                self._note(error)
            else:
                self._line_up(message)

    def _line_up(self, message: Message) -> None:
        received = receive(message)
        self.lanes.setdefault(received.lane, Lane()).messages.append(received)

    def _note(self, error: KafkaError) -> None:
        if error.fatal() or error.code() == KafkaError._FATAL:
            raise KafkaException(error)
        self._tell_once("kafka_trouble", error.name())

    def hold(self, now: float) -> None:
        """Pause the partitions whose lanes wait, resume those that go on."""
        for (topic, partition), lane in self.lanes.items():
            if lane.waits(now) != lane.paused:
                change = self._member().resume if lane.paused else self._member().pause
                change([TopicPartition(topic, partition)])
                lane.paused = not lane.paused

    def keep_books(self, now: float) -> None:
        """Commit what is done, and report how far behind we are, each when it is time."""
        undone = sum((lane.done or 0) - (lane.committed or 0) for lane in self.lanes.values() if lane.committed)
        if now - self._committed_at >= COMMIT_SECONDS or undone >= COMMIT_MESSAGES:
            self._committed_at = now
            self.commit()
        if now - self._reported_at >= REPORT_SECONDS:
            self._reported_at = now
            self._report_lag()

    def commit(self) -> None:
        """Hand the offsets of everything done to the library, which sends them in its own time."""
        offsets = [
            TopicPartition(topic, partition, lane.done)
            for (topic, partition), lane in self.lanes.items()
            if lane.done is not None and lane.done != lane.committed
        ]
        try:
            if offsets:
                self._member().commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            _log.warning("offsets_not_committed", reason=error.args[0].name())
            return
        for offset in offsets:
            self.lanes[offset.topic, offset.partition].committed = offset.offset

    def leave(self) -> None:
        """Commit, and leave the group; gives up after `CLOSE_SECONDS`, since the library waits for an absent broker."""
        self.commit()
        closing = Thread(target=self._member().close, daemon=True, name="leave-group")
        closing.start()
        closing.join(CLOSE_SECONDS)
        if closing.is_alive():
            _log.warning("consumer_left_without_goodbye")

    def abandon(self) -> None:
        """Drop a member that has failed for good; closing one of those never ends."""
        self._consumer = None

    def _member(self) -> Consumer:
        if self._consumer is None:
            raise RuntimeError("this member has left the group")
        return self._consumer

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self.commit()
        self._drop(partitions)

    def _lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """Somebody else may have them already: nothing to commit."""
        self._drop(partitions)

    def _drop(self, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            lane = self.lanes.pop((partition.topic, partition.partition), None)
            if lane is not None and lane.paused:
                self._member().resume([partition])

    def _report_lag(self) -> None:
        assigned = self._member().assignment()
        if not assigned:
            return
        try:
            committed = self._member().committed(assigned, timeout=1)
        except KafkaException as error:
            self._tell_once("kafka_unavailable", error.args[0].name())
            return
        self._told.clear()
        left = {}
        for place in committed:
            self._check_commit(place)
            low, high = self._member().get_watermark_offsets(place, cached=True)
            if high >= 0:
                left[place.topic, place.partition] = max(0, high - max(place.offset, low))
        attempt("consumer_lag", lambda client: consumer_lag.write_lag(client, left))

    def _check_commit(self, place: TopicPartition) -> None:
        """An asynchronous commit may have got lost; then it goes out again with the next ones."""
        lane = self.lanes.get((place.topic, place.partition))
        if lane is not None and lane.committed != place.offset:
            lane.committed = None

    def _tell_once(self, event: str, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            _log.warning(event, reason=reason)
