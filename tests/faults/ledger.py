"""What the clients know: every request with the time it took, and every change that was acknowledged to them; and what
other systems have sent over Kafka."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.faults.scripts import Script

CALM, END = "calm", "at the end"


@dataclass(frozen=True, slots=True)
class Request:
    """One request over the wire; `status` is 0 where no answer came. Seconds."""

    phase: str
    operation: str
    status: int
    seconds: float
    detail: str = ""


@dataclass(slots=True)
class Change:
    """One change that its client has repeated with one key until it knew the outcome, `at` on the monotonic clock."""

    phase: str
    operation: str
    key: str
    attempts: int
    status: int
    version: int
    answer: Any
    sent: Any
    at: float


@dataclass(slots=True)
class PlacedOrder:
    """An order as its only client knows it: what he sent and every change that was acknowledged, in order."""

    order_id: str
    customer_id: str
    sent: Any
    changes: list[Change] = field(default_factory=list)

    @property
    def placed(self) -> Change:
        return self.changes[0]

    @property
    def applied(self) -> list[Change]:
        """Those that were not refused."""
        return [change for change in self.changes if change.status < 300]

    @property
    def status(self) -> str:
        found: str = ""
        for change in self.applied:
            found = change.answer.get("order_status") or change.answer.get("status") or found
        return found

    def count(self, operation: str) -> int:
        return sum(change.operation == operation for change in self.applied)


@dataclass(slots=True)
class SentMessage:
    """A message of another system, however often it was sent. `acknowledged` is when the broker first had it and
    `handled` when it had its effect, seconds of the machine's clock; nobody can carry out `poison`."""

    phase: str
    topic: str
    key: str
    value: bytes
    event_id: str
    poison: bool
    acknowledged: float = 0
    handled: float = 0

    @property
    def seconds(self) -> float:
        return self.handled - self.acknowledged if self.handled else 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept. `kind` is lost, doubled or other."""

    kind: str
    phase: str
    what: str


class Ledger:
    """Written by all clients; `phase` is what is being broken just now. `bulk` are the orders of other systems, by id
    or note, and `messages` what they have sent, by event id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.phase = "start"
        self.requests: list[Request] = []
        self.retried: dict[str, int] = defaultdict(int)
        self.orders: dict[str, PlacedOrder] = {}
        self.broken: list[Broken] = []
        self.bulk: dict[str, Script] = {}
        self.messages: dict[str, SentMessage] = {}

    def note(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)

    def note_retry(self, phase: str) -> None:
        with self._lock:
            self.retried[phase] += 1

    def note_broken(self, kind: str, phase: str, what: str) -> None:
        with self._lock:
            self.broken.append(Broken(kind, phase, what))

    def enter(self, order: PlacedOrder) -> None:
        with self._lock:
            known = self.orders.setdefault(order.order_id, order)
        if known is not order:
            self.note_broken("doubled", order.placed.phase, f"two keys were answered with order {order.order_id}")

    def answered(self, phase: str) -> int:
        """How many requests of a phase were served."""
        with self._lock:
            return sum(request.phase == phase and 0 < request.status < 500 for request in self.requests)
