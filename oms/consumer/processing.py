"""What happens to messages once they are read: effects, tries, dead letters.

The effect of a message and its inbox entry are one transaction; many messages share one as long as all are good. When
one fails, those before it are committed without it, and it is tried alone from then on.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from sqlalchemy.orm import Session
from structlog.contextvars import bound_contextvars

from oms import inbox, queues, strict_json
from oms.accounts.actor import system
from oms.config import Settings
from oms.consumer import dead_lettering, lanes
from oms.consumer.dead_lettering import Forwarder
from oms.consumer.lanes import Lane, Lanes, Verdict
from oms.consumer.received import Received
from oms.errors import Malformed, OmsError, Unavailable
from oms.observability.metrics import MESSAGES
from oms.orders import cache, invoices
from oms.orders.order import Order
from oms.transactions import after_commit, transaction

BATCH = 100
# (session, document, message) -> the order that was changed, if one was. Refuses by raising `oms.errors`.
Handler = Callable[[Session, Any, Received], Order | None]
_log = structlog.get_logger(__name__)


class AlreadyBuried(Exception):
    """The message is a dead letter whose copy may not have reached its topic."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class Processing:
    """Works off lanes. `work` returns soon whatever happens, so that the caller can go on polling.

    `beat` is called for every message, so that slow progress is not taken for none.
    """

    def __init__(
        self,
        settings: Settings,
        handlers: Mapping[str, Handler],
        beat: Callable[[], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._consumer = settings.kafka_consumer_group
        self._max_attempts = settings.consumer_max_attempts
        self._handlers = handlers
        self._beat = beat
        self._stopping = stopping
        self._forwarder = Forwarder(settings)
        self._away = False

    def work(self, open_lanes: Lanes) -> None:
        """One batch of messages nothing is known against, then the heads that failed before and are due again."""
        batch = lanes.next_batch(open_lanes.values(), time.monotonic(), BATCH)
        if batch and not self._run(open_lanes, batch):
            return
        for lane in lanes.suspects(open_lanes.values(), time.monotonic()):
            if self._stopping() or not self._retry(open_lanes, lane):
                return

    def _retry(self, open_lanes: Lanes, lane: Lane) -> bool:
        return self._deliver(lane) if lane.verdict else self._run(open_lanes, [lane.messages[0]])

    def _run(self, open_lanes: Lanes, batch: list[Received]) -> bool:
        """Handle a batch in one transaction; False when there is no point in going on at the moment."""
        effects = _Effects(self._consumer, self._handlers, batch, self._beat)
        try:
            outcomes = transaction(effects.make)
        except Exception as error:
            return self._blame(open_lanes, effects, error)
        for received, outcome in zip(batch, outcomes, strict=True):
            open_lanes[received.lane].advance()
            MESSAGES.labels(received.topic, outcome).inc()
        self._server_is_back()
        return True

    def _blame(self, open_lanes: Lanes, effects: "_Effects", error: Exception) -> bool:
        if effects.position is None:
            self._server_is_away(error)
            self._delay(open_lanes[received.lane] for received in effects.batch)
            return False
        good, culprit = effects.batch[: effects.position], effects.batch[effects.position]
        if good and not self._run(open_lanes, good):
            return False
        lane = open_lanes[culprit.lane]
        if lane.messages[0] is not culprit:
            return True  # something else failed before it the second time
        return self._note_failure(lane, error)

    def _note_failure(self, lane: Lane, error: Exception) -> bool:
        if isinstance(error, Unavailable):
            self._server_is_away(error)
            self._delay([lane])
            return True
        if isinstance(error, AlreadyBuried):
            lane.verdict = error.verdict
            return self._deliver(lane)
        received, attempts = lane.messages[0], lane.fail(time.monotonic())
        verdict = Verdict(dead_lettering.reason_of(error), attempts)
        _log.warning(
            "message_failed",
            **_place(received),
            reason=verdict.reason,
            attempts=attempts,
            exc_info=None if isinstance(error, OmsError) or attempts > 1 else error,
        )
        MESSAGES.labels(received.topic, "failed").inc()
        return attempts < self._max_attempts or self._bury(lane, verdict)

    def _bury(self, lane: Lane, verdict: Verdict) -> bool:
        received = lane.messages[0]
        try:
            transaction(lambda session: dead_lettering.bury(session, self._consumer, received, verdict))
        except Exception as error:  # whatever it is, the message must not be lost over it: it stays at the head
            self._server_is_away(error)
            lane.failures -= 1  # a try while the server is away does not count, neither does one that ended there
            return False
        _log.error("message_dead_lettered", **_place(received), reason=verdict.reason, attempts=verdict.attempts)
        MESSAGES.labels(received.topic, "dead_lettered").inc()
        lane.verdict = verdict
        return self._deliver(lane)

    def _deliver(self, lane: Lane) -> bool:
        if lane.verdict and self._forwarder.bury(lane.messages[0], lane.verdict):
            lane.advance()
            return True
        self._delay([lane])
        return False

    def _delay(self, held_up: Iterable[Lane]) -> None:
        now = time.monotonic()
        for lane in {id(lane): lane for lane in held_up}.values():
            lane.delay(now)

    def _server_is_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            known = isinstance(error, Unavailable)
            _log.warning("consumer_waits", reason=dead_lettering.reason_of(error), exc_info=None if known else error)

    def _server_is_back(self) -> None:
        if self._away:
            self._away = False
            _log.warning("consumer_goes_on")


NUMBERING = system("invoices")


class _Effects:
    """One transaction's work. `position` is the message at hand, None while none is."""

    def __init__(
        self, consumer: str, handlers: Mapping[str, Handler], batch: list[Received], beat: Callable[[], None]
    ) -> None:
        self.batch = batch
        self.position: int | None = None
        self._consumer = consumer
        self._handlers = handlers
        self._beat = beat

    def make(self, session: Session) -> list[str]:
        """Make the effects of all messages that are new; returns how each ended."""
        self.position = None
        invoices.numbers_come_last(session)
        unseen = inbox.enter(session, self._consumer, {received.event_id: received.topic for received in self.batch})
        changed: dict[str, int] = {}
        outcomes = []
        for position, received in enumerate(self.batch):
            self.position = position
            self._beat()
            if received.event_id not in unseen:
                outcomes.append(self._duplicate(session, received))
                continue
            unseen.remove(received.event_id)
            order = self._handle(session, received)
            if order is not None:
                changed[order.order_id] = order.version
            outcomes.append("handled")
        changed |= {order.order_id: order.version for order in invoices.issue_postponed(session, NUMBERING)}
        if changed:
            after_commit(session, lambda: _announce(changed))
        return outcomes

    def _duplicate(self, session: Session, received: Received) -> str:
        verdict = dead_lettering.verdict_on(session, self._consumer, received)
        if verdict is not None:
            raise AlreadyBuried(verdict)
        return "duplicate"

    def _handle(self, session: Session, received: Received) -> Order | None:
        if received.value is None:
            raise Malformed("The message is empty.", code="empty_message")
        with bound_contextvars(event_id=received.event_id, traceparent=received.traceparent):
            return self._handlers[received.topic](session, strict_json.read(received.value), received)


def _announce(versions: dict[str, int]) -> None:
    """The changed orders of a whole batch: three round trips to Redis, however many there are."""
    queues.wake(queues.PUBLISH_OUTBOX)
    cache.announce_many(versions)


def _place(received: Received) -> dict[str, Any]:
    return {
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "event_id": received.event_id,
    }
