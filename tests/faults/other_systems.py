"""Other systems at Kafka: they create, change and cancel orders in bulk and report on those they hear of.

Each sends the next message of an order when the broker has acknowledged the one before. Some are sent twice, at once or
later, and some can't be read by anybody.
"""

import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from oms.ids import new_id
from tests.brokers import options
from tests.faults.ledger import END, Ledger, SentMessage
from tests.faults.scripts import POISON, SCRIPTS, Script
from tests.floor.topics import NEW_ORDER, Listener

BULK, BULK_SECONDS = 2, 0.5
REPEATED_AT_ONCE, REPEATED_LATER, POISONED = 0.15, 0.15, 0.015
# Orders that were begun and are not done with: a consumer on a busy machine is not asked for more than it can do.
MOST_OPEN = 60
GIVE_UP_SECONDS = 60


@dataclass(slots=True)
class BulkOrder:
    """An order as the systems know it that speak of it. `key` is its id, or where it has none a note of theirs."""

    key: str
    script: Script
    sent: int = 0
    waiting: bool = False
    heard: set[str] = field(default_factory=set)

    @property
    def finished(self) -> bool:
        known = bool(self.heard) or not self.script.names_its_order
        return self.sent == len(self.script.steps) and not self.waiting and known


class OtherSystems(threading.Thread):
    """All of them, with one producer."""

    def __init__(self, bootstrap: str, ledger: Ledger, listener: Listener) -> None:
        super().__init__(daemon=True)
        self._ledger, self._listener = ledger, listener
        # Delivered whatever becomes of the broker, unless it is away for longer than a run has patience.
        self._producer = Producer(
            options(bootstrap, **{"enable.idempotence": True, "delivery.timeout.ms": 120_000, "linger.ms": 5})
        )
        self._over = threading.Event()
        self._orders: dict[str, BulkOrder] = {}
        self._later: deque[SentMessage] = deque()
        self._heard = 0

    def finish(self) -> None:
        """Begin nothing new, say what is left to be said, and wait until the broker has all of it."""
        self._over.set()
        self.join(3 * GIVE_UP_SECONDS)
        for order in self._orders.values():
            what = f"{order.key} ({order.script.name}) did not get beyond step {order.sent}"
            self._ledger.note_broken("lost", END, what)

    def run(self) -> None:
        try:
            self._speak()
        except Exception as error:
            self._ledger.note_broken("other", self._ledger.phase, f"another system stumbled: {error!r}")

    def _speak(self) -> None:
        following = 0.0
        while not self._over.is_set():
            if time.monotonic() > following and len(self._orders) < MOST_OPEN:
                following = time.monotonic() + BULK_SECONDS
                self._begin()
            self._turn()
        until = time.monotonic() + GIVE_UP_SECONDS
        while self._orders and time.monotonic() < until:
            self._turn()
        while self._later:
            self._send(self._later.popleft())
        self._producer.flush(GIVE_UP_SECONDS)

    def _turn(self) -> None:
        self._listen()
        self._go_on()
        self._producer.poll(0.05)

    def _begin(self) -> None:
        for script in random.choices(SCRIPTS, k=BULK):
            order = BulkOrder(new_id(), script)
            self._orders[order.key] = order
            self._ledger.bulk[order.key] = script
        if self._later and random.random() < 0.5:
            self._send(self._later.popleft())

    def _listen(self) -> None:
        heard = self._listener.heard
        for message in heard[self._heard : (end := len(heard))]:
            if order := self._orders.get(message.key):
                order.heard.add(message.headers.get("ce_type", NEW_ORDER))
        self._heard = end

    def _go_on(self) -> None:
        for order in list(self._orders.values()):
            if order.finished:
                del self._orders[order.key]
            if order.waiting or order.sent == len(order.script.steps):
                continue
            step = order.script.steps[order.sent]
            if step.after and step.after not in order.heard:
                continue
            if random.random() < POISONED:
                topic, value = random.choice(POISON)
                self._say(self._message(topic, order.key, value, poison=True))
            order.waiting, order.sent = True, order.sent + 1
            self._say(self._message(step.topic, order.key, json.dumps(step.document(order.key)).encode()), order)

    def _say(self, message: SentMessage, order: BulkOrder | None = None) -> None:
        """Once; or twice; or once more after other things."""
        self._send(message, order)
        if random.random() < REPEATED_AT_ONCE:
            self._send(message)
        if random.random() < REPEATED_LATER:
            self._later.append(message)

    def _message(self, topic: str, key: str, value: bytes, *, poison: bool = False) -> SentMessage:
        message = SentMessage(self._ledger.phase, topic, key, value, new_id(), poison)
        self._ledger.messages[message.event_id] = message
        return message

    def _send(self, message: SentMessage, order: BulkOrder | None = None) -> None:
        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                self._ledger.note_broken("other", message.phase, f"a message did not reach the broker: {error}")
                return
            message.acknowledged = message.acknowledged or time.time()
            if order is not None:
                order.waiting = False

        self._producer.produce(
            message.topic,
            message.value,
            message.key,
            headers=[("ce_id", message.event_id.encode())],
            on_delivery=delivered,
        )
