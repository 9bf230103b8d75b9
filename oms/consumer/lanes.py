"""One lane per partition: the messages that were read and are not done, in order. Pure; times are monotonic seconds.

A message that fails holds up its own lane only. While a lane waits its partition is paused and the loop goes on
polling, so that the others move and the group keeps its member.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from oms.consumer.received import Received

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a message was given up, and after how many tries."""

    reason: str
    attempts: int


@dataclass(slots=True)
class Lane:
    """`failures` are tries of the head that count, `delays` those that don't; with a `verdict` the head is a dead
    letter that still has to reach its topic. `done` is the offset to commit, `uncommitted` how many messages it covers
    that no commit has, `served` when it last had a part in a batch."""

    messages: deque[Received] = field(default_factory=deque)
    failures: int = 0
    delays: int = 0
    due: float = 0.0
    verdict: Verdict | None = None
    paused: bool = False
    done: int | None = None
    uncommitted: int = 0
    served: float = 0.0

    @property
    def suspect(self) -> bool:
        """Whether the head has failed before and is tried alone."""
        return bool(self.failures or self.delays or self.verdict)

    def ready(self, now: float) -> bool:
        return bool(self.messages) and self.due <= now

    def waits(self, now: float) -> bool:
        return bool(self.messages) and self.due > now

    def advance(self) -> None:
        """The head is done."""
        self.done = self.messages.popleft().offset + 1
        self.uncommitted += 1
        self.failures = self.delays = 0
        self.due = 0.0
        self.verdict = None

    def fail(self, now: float) -> int:
        """The head was tried in vain; returns how often now."""
        self.failures += 1
        self.due = now + _wait(self.failures)
        return self.failures

    def delay(self, now: float) -> None:
        """Something the head can't help was in the way."""
        self.delays += 1
        self.due = now + _wait(self.delays)


Lanes = dict[tuple[str, int], Lane]


def next_batch(lanes: Iterable[Lane], now: float, size: int) -> list[Received]:
    """Up to `size` messages of the lanes that run freely, each lane's in order.

    Those that have waited longest come first, so that after an outage no lane waits for the whole backlog of another.
    """
    batch: list[Received] = []
    for lane in sorted((lane for lane in lanes if lane.ready(now) and not lane.suspect), key=lambda lane: lane.served):
        batch.extend(islice(lane.messages, size - len(batch)))
        lane.served = now
        if len(batch) >= size:
            break
    return batch


def suspects(lanes: Iterable[Lane], now: float) -> list[Lane]:
    """Lanes whose head has failed before and is due again."""
    return [lane for lane in lanes if lane.suspect and lane.ready(now)]


def seconds_to_next(lanes: Iterable[Lane], now: float) -> float:
    """Until the first lane with messages is due; infinity when none has any."""
    return max(0.0, min((lane.due for lane in lanes if lane.messages), default=float("inf")) - now)


def _wait(tries: int) -> float:
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(tries - 1, 10), LONGEST_WAIT_SECONDS)
