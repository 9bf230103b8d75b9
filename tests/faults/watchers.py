"""People who watch an order as it changes, and take it up again where they were when the stream breaks off."""

import http.client
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from tests.faults.evidence import Check, Evidence
from tests.faults.installation import Installation
from tests.faults.ledger import Broken, Ledger, Update, Watched
from tests.faults.load import Person
from tests.live.watching import Watcher

# Of all orders of everybody; most of what happens to an order happens while it is one of these.
NEWEST = 60
# How long one order is watched; what happens to it later is asked for at the end.
WATCH_SECONDS = 75.0
# As long as the system may take to recover, and one round of those who look.
LATE_SECONDS = 55.0
AGAIN_SECONDS, CATCH_UP_SECONDS = 0.3, 60.0
# A watcher of the soak gets another token in time for the next stream, not always for this one.
OVER = ("token_expired", "token_revoked")
AWAY = (502, 503)
_EVENTS = """
    SELECT order_id, to_char(version, 'FM0000000000') || '.' || to_char(position, 'FM0000'),
        CAST(extract(epoch FROM created_at) AS float)
    FROM outbox_events WHERE order_id = ANY(%s) AND topic = 'order-events' ORDER BY version, position
"""


class Watching(threading.Thread):
    """One of them, with a customer's token: one of his newest orders, for a while, and then another."""

    def __init__(self, port: int, ledger: Ledger, customer: Person) -> None:
        super().__init__(daemon=True)
        self._port, self._ledger, self._customer = port, ledger, customer
        self._over = threading.Event()
        self._mine: list[Watched] = []

    def look_away(self) -> None:
        """Begin nothing new; `finish` waits for that."""
        self._over.set()

    def finish(self) -> None:
        self.look_away()
        self.join(CATCH_UP_SECONDS)
        if self.is_alive():
            self._note("a watcher did not look away")

    def run(self) -> None:
        try:
            while not self._over.wait(AGAIN_SECONDS):
                if watched := self._choose():
                    self._watch(watched)
        except Exception as error:
            self._ledger.note_broken("other", self._ledger.phase, f"a watcher stumbled: {error!r}")

    def catch_up(self, system: Installation, until: float) -> None:
        """Ask once more for each order, now that nothing happens any more, until all is known, or that moment of the
        monotonic clock has come."""
        happened = _happened(system, self._mine)
        for watched in self._mine:
            self._learn(watched, sum(event_id > watched.first for event_id, _ in happened[watched.order_id]), until)

    def _learn(self, watched: Watched, events: int, until: float) -> None:
        if watched.first:
            self._follow(watched, lambda: len(watched.updates) >= events or time.monotonic() > until)

    def _choose(self) -> Watched | None:
        known = {watched.order_id for watched in self._mine}
        orders = list(self._ledger.orders.values())[-NEWEST:]
        mine = [order.order_id for order in orders if order.customer_id == self._customer.id]
        if not (new := [order_id for order_id in mine if order_id not in known]):
            return None
        watched = Watched(random.choice(new), began=time.time())
        self._mine.append(watched)
        self._ledger.watched.append(watched)
        return watched

    def _watch(self, watched: Watched) -> None:
        until = time.monotonic() + WATCH_SECONDS
        self._follow(watched, lambda: self._over.is_set() or time.monotonic() > until)
        watched.left_at, watched.live = time.time(), len(watched.updates)

    def _follow(self, watched: Watched, enough: Callable[[], bool]) -> None:
        """Connected until it is enough, again and again; a sign of life comes often enough to notice."""
        while not enough():
            with suppress(OSError, http.client.HTTPException):
                self._listen(watched, enough)
            threading.Event().wait(AGAIN_SECONDS)

    def _listen(self, watched: Watched, enough: Callable[[], bool]) -> None:
        path = f"/orders/{watched.order_id}"
        with Watcher(self._port, self._customer.headers, path, watched.last or None) as watcher:
            status = watcher.answer.status
            if status != 200:
                if status not in AWAY:
                    self._note(f"watching {watched.order_id} was answered {status}")
                return
            for part in watcher.parts():
                self._hear(watched, part)
                if enough():
                    return

    def _hear(self, watched: Watched, part: dict[str, str]) -> None:
        match part.get("event"):
            case None:
                return
            case "order" if watched.first:
                self._note(f"{watched.order_id} was shown anew after {watched.last}, though nothing is forgotten")
            case "order":
                watched.first = part["id"]
            case "end":
                if not any(reason in part["data"] for reason in OVER):
                    self._note(f"the stream of {watched.order_id} ended: {part['data']}")
                return
            case _:
                watched.updates.append(Update(part["id"], time.time()))
        watched.last = part["id"]

    def _note(self, what: str) -> None:
        self._ledger.note_broken("other", self._ledger.phase, what)


def _happened(system: Installation, watched: Sequence[Watched]) -> dict[str, list[tuple[str, float]]]:
    """Of each order the events in order: the id that the stream gives it, and when it happened."""
    found: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for order_id, event_id, at in system.query(_EVENTS, [one.order_id for one in watched]):
        found[order_id].append((event_id, at))
    return found


def every_watcher_was_told_all_of_it(evidence: Evidence) -> Iterator[Broken]:
    happened = _happened(evidence.system, evidence.ledger.watched)
    for watched in evidence.ledger.watched:
        if not watched.first:
            if watched.left_at > watched.began + LATE_SECONDS:
                yield evidence.wrong(watched.order_id, f"was not shown to its watcher within {LATE_SECONDS} s")
            continue
        wanted = {event_id for event_id, _ in happened[watched.order_id] if event_id > watched.first}
        told = [update.event_id for update in watched.updates]
        if missing := wanted - set(told):
            yield evidence.lost(watched.order_id, f"who watched it was not told of {sorted(missing)}")
        if len(set(told)) < len(told):
            yield evidence.doubled(watched.order_id, f"who watched it was told of {told}")
        elif told != sorted(told) or not wanted.issuperset(told):
            yield evidence.wrong(watched.order_id, f"who watched it was told of {told}, and not of {sorted(wanted)}")


def nobody_who_watches_waits_for_long(evidence: Evidence) -> Iterator[Broken]:
    happened = _happened(evidence.system, evidence.ledger.watched)
    for watched in evidence.ledger.watched:
        told = {update.event_id: update.at for update in watched.updates}
        for event_id, at in happened[watched.order_id]:
            known = told.get(event_id, watched.left_at)
            if watched.first and event_id > watched.first and min(known, watched.left_at) > at + LATE_SECONDS:
                what = f"event {event_id} was not told within {LATE_SECONDS} s to somebody who watched"
                yield evidence.wrong(watched.order_id, what)


CHECKS: tuple[Check, ...] = (every_watcher_was_told_all_of_it, nobody_who_watches_waits_for_long)
