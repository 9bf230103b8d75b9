"""The consumer process: read, work, commit, again, until it is told to stop."""

import threading
import time

import structlog
from confluent_kafka import KafkaException

from oms import kafka
from oms.config import Settings
from oms.consumer import lanes
from oms.consumer.handlers import handlers
from oms.consumer.health import Pulse
from oms.consumer.partitions import Partitions
from oms.consumer.processing import BATCH, Processing

POLL_SECONDS = 0.5
REJOIN_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Loop:
    """Consumes within an application context; `stop` may be called from a signal handler or another thread."""

    def __init__(self, settings: Settings, pulse: Pulse) -> None:
        self._settings = settings
        self._pulse = pulse
        self._stop = threading.Event()
        self._processing = Processing(settings, handlers(settings), pulse.beat, self._stop.is_set)

    def stop(self) -> None:
        """Finish the batch in hand, commit, leave the group, return from `run`."""
        self._stop.set()

    def run(self) -> None:
        """Consume until stopped; a member of the group that fails for good is replaced by a new one."""
        self._create_topics()
        while not self._stop.is_set():
            member = Partitions(self._settings)
            try:
                self._consume(member)
            except KafkaException as error:
                _log.warning("consumer_rejoins", reason=error.args[0].name())
                self._stop.wait(REJOIN_SECONDS)
            finally:
                member.leave()
        _log.info("consumer_stopped")

    def _create_topics(self) -> None:
        try:
            refused = kafka.create_topics(self._settings).refused
        except KafkaException as error:
            _log.warning("topics_not_created", reason=error.args[0].name())
            return
        for topic, reason in refused.items():
            _log.warning("topic_not_created", topic=topic, reason=reason)

    def _consume(self, member: Partitions) -> None:
        while not self._stop.is_set():
            self._pulse.beat()
            wait = lanes.seconds_to_next(member.lanes.values(), time.monotonic())
            member.read(BATCH, min(wait, POLL_SECONDS))
            self._processing.work(member.lanes)
            member.hold(time.monotonic())
            member.keep_books(time.monotonic())
