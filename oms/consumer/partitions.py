"""The consumer's side towards Kafka: reading, pausing, committing, and giving partitions back.

Offsets are committed after the database, never before. A commit that gets lost costs a second reading, which the inbox
answers. Commits are asynchronous: a synchronous one blocks for the whole session timeout while no broker answers.
"""

import time
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
        self._consumer: Consumer | None = kafka.consumer(settings)
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
        self._line_up(first)
        for message in self._member().consume(count - 1, 0):
            self._line_up(message)

    def _line_up(self, message: Message) -> None:
        if error := message.error():
            self._note(error)
            return
        received = receive(message)
        self.lanes.setdefault(received.lane, Lane()).messages.append(received)

    def _note(self, error: KafkaError) -> None:
        if error.fatal() or error.code() == KafkaError._FATAL:
            self._consumer = None  # closing such a member never ends
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
        uncommitted = sum(lane.uncommitted for lane in self.lanes.values())
        if now - self._committed_at >= COMMIT_SECONDS or uncommitted >= COMMIT_MESSAGES:
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
            if lane.done is not None and lane.uncommitted
        ]
        try:
            if offsets:
                self._member().commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            _log.warning("offsets_not_committed", reason=error.args[0].name())
            return
        for offset in offsets:
            self.lanes[offset.topic, offset.partition].uncommitted = 0

    def leave(self) -> None:
        """Commit, and leave the group; gives up after `CLOSE_SECONDS`, since the library waits for an absent broker."""
        if self._consumer is None:
            return
        self.commit()
        closing = Thread(target=self._consumer.close, daemon=True, name="leave-group")
        closing.start()
        closing.join(CLOSE_SECONDS)
        if closing.is_alive():
            _log.warning("consumer_left_without_goodbye")

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
            left = {(place.topic, place.partition): self._left(place) for place in committed}
        except KafkaException as error:
            self._tell_once("kafka_unavailable", error.args[0].name())
            return
        self._told.clear()
        attempt("consumer_lag", lambda client: consumer_lag.write_lag(client, left))

    def _left(self, committed: TopicPartition) -> int:
        """Messages behind the committed offset. Where the commit we sent got lost, it goes out again with the next."""
        lane = self.lanes.get((committed.topic, committed.partition))
        if lane is not None and lane.done is not None and lane.done != committed.offset:
            lane.uncommitted = max(1, lane.uncommitted)
        low, high = self._member().get_watermark_offsets(committed, cached=True)
        return max(0, high - max(committed.offset, low))

    def _tell_once(self, event: str, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            _log.warning(event, reason=reason)
