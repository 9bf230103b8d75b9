"""Clients: they place orders, read, change and pay them, and repeat with the same key what got no answer."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from oms.ids import new_id
from tests.faults.ledger import CALM, Change, Ledger, PlacedOrder, Request

CLIENT_SECONDS = 20  # beyond every bound, so that a request that takes too long is seen to
GIVE_UP_SECONDS = 60
KEPT_ORDERS = 8
THINK_SECONDS = 0.1
SEEN_SECONDS = 15
REFUSALS = (400, 401, 403, 413, 415, 428, 429)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token."""

    id: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 where none came."""

    status: int
    body: bytes = b""
    etag: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def code(self) -> str:
        try:
            return str(self.json.get("code", ""))
        except (ValueError, AttributeError):
            return ""

    @property
    def final(self) -> bool:
        """Whether the outcome is known now."""
        return 0 < self.status < 500 and self.code not in ("idempotency_in_progress",)


class Client(threading.Thread):
    """One shopper and the clerk who serves him, over one kept-alive connection."""

    def __init__(self, port: int, ledger: Ledger, customer: Person, staff: Person, every: float | None) -> None:
        """He does something `every` so many seconds, or else as soon as he has thought for a moment."""
        super().__init__(daemon=True)
        self._every = every
        self._port = port
        self._ledger = ledger
        self._customer, self._staff = customer, staff
        self._connection: http.client.HTTPConnection | None = None
        self._mine: list[PlacedOrder] = []
        self._over = threading.Event()
        self.failed: Exception | None = None

    def finish(self) -> None:
        """Begin nothing new."""
        self._over.set()

    def run(self) -> None:
        try:
            began = time.monotonic()
            while not self._over.wait(self._pause(began)):
                random.choices(*zip(*self._habits(), strict=True))[0]()
        except Exception as error:
            self.failed = error
            self._ledger.note_broken("other", self._ledger.phase, f"a client stumbled: {error!r}")

    def _pause(self, began: float) -> float:
        """Until the next full `every` since he began; what took longer than that is not made up for."""
        if self._every is None:
            return random.uniform(0, THINK_SECONDS)
        return self._every - (time.monotonic() - began) % self._every

    def _habits(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self._place_lines, 12),
            (self._place_free_form, 8),
            (self._read, 30),
            (self._list, 4),
            (self._follow, 6),
            (self._is_alive, 4),
            (self._pay, 14),
            (self._refund, 6),
            (self._move, 12),
            (self._cancel, 5),
        ]

    # --- what a shopper does

    def _place_lines(self) -> None:
        lines = [
            {"sku": f"SKU-{random.randint(1, 99)}", "quantity": random.randint(1, 5), "unit_price": f"{price}.25"}
            for price in random.sample(range(1, 50), random.randint(1, 4))
        ]
        self._place({"order_id": new_id(), "items": lines})

    def _place_free_form(self) -> None:
        self._place({"items": {"coffee": random.randint(1, 9), "note": new_id()}, "order_price": "11.50"})

    def _place(self, body: Any) -> None:
        change = self._change("place", "POST", "/orders", body, self._customer)
        if change is None:
            return
        if change.status != 201:
            self._ledger.note_broken("other", change.phase, f"placing was answered {change.status} {change.answer}")
            return
        order = PlacedOrder(change.answer["order_id"], self._customer.id, body, [change])
        self._ledger.enter(order)
        self._mine = [*self._mine[-KEPT_ORDERS + 1 :], order]

    def _read(self) -> None:
        order = self._one()
        if order is None:
            return
        answer = self._call("read", "GET", f"/orders/{order.order_id}", self._customer)
        if answer.status == 404:
            self._ledger.note_broken("lost", self._ledger.phase, f"{order.order_id} was acknowledged and is not found")
        if answer.status == 200:
            self._compare(order, answer)

    def _compare(self, order: PlacedOrder, answer: Answer) -> None:
        """What Redis has not heard of is brought in by the clock's next round, and that is when it has to be seen."""
        version, since = answer.json["version"], time.monotonic() - SEEN_SECONDS
        if missed := [change for change in order.applied if change.at < since and change.version > version]:
            what = (
                f"{order.order_id} is read at version {version} {SEEN_SECONDS} s after {missed[-1].version} was known"
            )
            self._ledger.note_broken("lost", self._ledger.phase, what)

    def _list(self) -> None:
        self._call("list", "GET", "/orders?limit=10", self._customer)

    def _follow(self) -> None:
        if order := self._one():
            self._call("journey", "GET", f"/orders/{order.order_id}/journey", self._customer)

    def _is_alive(self) -> None:
        answer = self._call("live", "GET", "/health/live", self._customer)
        if answer.status not in (0, 200):
            self._ledger.note_broken("other", self._ledger.phase, f"/health/live answered {answer.status}")

    def _pay(self) -> None:
        order = self._one(lambda order: "total_amount" in order.placed.answer and isinstance(order.sent["items"], list))
        if order is None:
            return
        added = self._step(order, "pay", "POST", "payments", {"mode": "cash"}, self._customer)
        if added is not None and added.status == 201:
            part = added.answer["payment_id"]
            self._step(order, "capture", "POST", f"payments/{part}/capture", None, self._staff)

    def _refund(self) -> None:
        if order := self._one(lambda order: order.count("capture") > order.count("refund")):
            self._step(order, "refund", "POST", "refunds", {"amount": "1.00"}, self._staff)

    def _move(self) -> None:
        order = self._one(lambda order: order.status in NEXT)
        if order is not None:
            self._step(order, "move", "PATCH", "", {"status": NEXT[order.status]}, self._staff)

    def _cancel(self) -> None:
        order = self._one(lambda order: order.status in ("pending", "confirmed", "processing"))
        if order is not None:
            self._step(order, "cancel", "POST", "cancel", {"reason": "changed_mind"}, self._customer)

    def _one(self, suits: Callable[[PlacedOrder], bool] = lambda _: True) -> PlacedOrder | None:
        found = [order for order in self._mine if suits(order)]
        return random.choice(found) if found else None

    # --- how he asks

    def _step(
        self, order: PlacedOrder, operation: str, method: str, path: str, body: Any, person: Person
    ) -> Change | None:
        change = self._change(operation, method, f"/orders/{order.order_id}/{path}".rstrip("/"), body, person)
        if change is not None:
            order.changes.append(change)
        return change

    def _change(self, operation: str, method: str, path: str, body: Any, person: Person) -> Change | None:
        """Repeat with one key until the outcome is known; None, and a broken promise, when it never is."""
        key, phase, began = new_id(), self._ledger.phase, time.monotonic()
        for attempt in range(1, 10_000):
            answer = self._call(operation, method, path, person, body, {"Idempotency-Key": key})
            phase = self._ledger.phase if phase == CALM else phase
            if answer.final:
                version = int(answer.etag.strip('W/"') or 0)
                return Change(
                    phase, operation, key, attempt, answer.status, version, answer.json, body, time.monotonic()
                )
            if time.monotonic() - began > GIVE_UP_SECONDS:
                break
            self._ledger.note_retry(phase)
            threading.Event().wait(random.uniform(0.05, 0.15))  # a client's pause before he asks again
        self._ledger.note_broken("lost", phase, f"{operation} {path} got no outcome in {GIVE_UP_SECONDS} s")
        return None

    def _call(
        self, operation: str, method: str, path: str, person: Person, body: Any = None, headers: Any = None
    ) -> Answer:
        """One request, noted in the ledger."""
        phase, began = self._ledger.phase, time.monotonic()
        answer, detail = self._send(method, path, body, {**person.headers, **(headers or {})})
        seconds = time.monotonic() - began
        # What was asked in a calm moment may have met the next fault.
        phase = self._ledger.phase if phase == CALM else phase
        self._ledger.note(Request(phase, operation, answer.status, seconds, detail))
        if answer.status in REFUSALS or (answer.status >= 500 and answer.status != 503):
            what = f"{method} {path} was answered {answer.status}: {answer.body[:300]!r}"
            self._ledger.note_broken("other", phase, what)
        return answer

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[Answer, str]:
        sent = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=CLIENT_SECONDS)
            self._connection.request(method, path, sent, {**headers, **kind})
            answer = self._connection.getresponse()
            found = Answer(answer.status, answer.read(), answer.headers.get("ETag", ""))
            return found, str(found.body[:200]) if found.status >= 500 else ""
        except (OSError, http.client.HTTPException) as error:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return Answer(0), type(error).__name__


NEXT = {"pending": "confirmed", "confirmed": "processing", "processing": "packed", "packed": "shipped"} | {
    "shipped": "delivered"
}


class Load:
    """All clients."""

    def __init__(
        self,
        port: int,
        ledger: Ledger,
        customers: list[Person],
        staff: Person,
        clients: int,
        every: float | None = None,
    ) -> None:
        self._clients = [Client(port, ledger, customers[n % len(customers)], staff, every) for n in range(clients)]

    def start(self) -> None:
        for client in self._clients:
            client.start()

    def finish(self) -> None:
        """Let every client learn the outcome of what he has begun."""
        for client in self._clients:
            client.finish()
        for client in self._clients:
            client.join(GIVE_UP_SECONDS + CLIENT_SECONDS)
