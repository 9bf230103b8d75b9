"""What the clients know: every request with the time it took, and every change that was acknowledged to them; what
other systems have sent over Kafka and in files; and what those were told who watch orders or have webhooks."""

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


@dataclass(slots=True)
class SentFile:
    """A file of orders: the ids that some of them brought, the notes by which the others are told, and how many of its
    rows nobody can place. `outcome` is what the import said of itself when it had ended."""

    phase: str
    orders: list[str]
    notes: list[str]
    refused: int
    taken_in: bool = False
    outcome: Any = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a receiver of webhooks has accepted."""

    event_id: str
    data: Any


@dataclass(slots=True)
class Endpoint:
    """A webhook for the orders of one customer, and what came, in that order. `ordered` as its maker has asked."""

    customer_id: str
    ordered: bool
    accepted: list[Delivery] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Update:
    """An event as somebody was told of it who watched its order, `at` by the machine's clock."""

    event_id: str
    at: float


@dataclass(slots=True)
class Watched:
    """An order that somebody has watched from `began` to `left_at`; `first` is the id of what it began with, `last` of
    what he knows. `live` of the updates came while it was being watched, the others when he asked again at the end."""

    order_id: str
    began: float
    first: str = ""
    last: str = ""
    updates: list[Update] = field(default_factory=list)
    left_at: float = 0
    live: int = 0


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept. `kind` is lost, doubled or other."""

    kind: str
    phase: str
    what: str


class Ledger:
    """Written by all clients; `phase` is what is being broken just now. `bulk` are the orders of other systems, by id
    or note, and `messages` what they have sent, by event id. Of `files`, `endpoints` and `watched` each entry is one
    thread's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.phase = "start"
        self.requests: list[Request] = []
        self.retried: dict[str, int] = defaultdict(int)
        self.orders: dict[str, PlacedOrder] = {}
        self.broken: list[Broken] = []
        self.bulk: dict[str, Script] = {}
        self.messages: dict[str, SentMessage] = {}
        self.files: list[SentFile] = []
        self.endpoints: list[Endpoint] = []
        self.watched: list[Watched] = []

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
