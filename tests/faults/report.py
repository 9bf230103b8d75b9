"""The table at the end, and whether each fault kept within its bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from tests.faults.faults import Fault
from tests.faults.ledger import CALM, END, Broken, Ledger, Request, SentMessage

NEAR_SECONDS = 0.3
NOISE_SECONDS = 0.3
CALM_BOUND = 3.0
# How often the time that 95 of 100 calm requests keep to is granted on top: little, unless the machine is busy.
BUSY = 4
SHOWN, LONGEST = 40, 500
HEAD = (
    "fault",
    "requests",
    "refused",
    "no answer",
    "retried",
    "lost",
    "doubled",
    "other",
    "median",
    "longest",
    "bound",
    "messages",
    "slowest",
)


@dataclass(frozen=True, slots=True)
class Phase:
    """How the requests of one phase went, and the messages of other systems that were sent in it."""

    name: str
    requests: Sequence[Request]
    messages: Sequence[SentMessage]
    bound: float

    @property
    def refused(self) -> int:
        return sum(request.status >= 500 for request in self.requests)

    @property
    def unanswered(self) -> int:
        return sum(request.status == 0 for request in self.requests)

    @property
    def examples(self) -> list[str]:
        found = [f"{it.operation} {it.status} {it.detail}" for it in self.requests if it.status in (0, 503)]
        return sorted(set(found))[:3]

    @property
    def longest(self) -> float:
        return max((request.seconds for request in self.requests), default=0)

    @property
    def slowest(self) -> float:
        """Between a message's arrival at the broker and its effect, seconds."""
        return max((message.seconds for message in self.messages), default=0)

    @property
    def median(self) -> float:
        return median([request.seconds for request in self.requests] or [0])

    @property
    def usual(self) -> float:
        """What 95 of 100 stay below."""
        seconds = [request.seconds for request in self.requests]
        return quantiles(seconds, n=20)[-1] if len(seconds) > 1 else 0


def phases(ledger: Ledger, faults: Sequence[Fault]) -> list[Phase]:
    bounds = {CALM: CALM_BOUND} | {fault.name: fault.bound for fault in faults} | {END: 0.0}
    return [
        Phase(
            name,
            [request for request in ledger.requests if request.phase == name],
            [message for message in ledger.messages.values() if message.phase == name],
            bound,
        )
        for name, bound in bounds.items()
    ]


def out_of_bounds(found: Sequence[Phase], faults: Sequence[Fault]) -> list[Broken]:
    """Requests that took too long, and faults that callers have noticed though they should not."""
    unnoticed = {fault.name for fault in faults if fault.unnoticed} | {CALM}
    calm = found[0]
    broken = []
    for phase in found:
        if phase.longest > phase.bound + BUSY * calm.usual:
            slowest = max(phase.requests, key=lambda request: request.seconds)
            what = f"{slowest.operation} took {slowest.seconds:.1f} s ({slowest.status} {slowest.detail})"
            broken.append(Broken("other", phase.name, f"{what}, the bound is {phase.bound:.1f} s"))
        if phase.name not in unnoticed:
            continue
        if phase.refused or phase.unanswered:
            what = f"{phase.refused} requests were refused, {phase.unanswered} had no answer; none should"
            broken.append(Broken("other", phase.name, f"{what}: {phase.examples}"))
        near = phase.median <= 2 * calm.median + NEAR_SECONDS
        if not near or phase.usual > 2 * calm.usual + NEAR_SECONDS + NOISE_SECONDS:
            what = f"median {_ms(phase.median)} ms, 95 of 100 within {_ms(phase.usual)} ms"
            broken.append(Broken("other", phase.name, f"{what}; calm {_ms(calm.median)} and {_ms(calm.usual)}"))
    return broken


def table(ledger: Ledger, found: Sequence[Phase], broken: Sequence[Broken]) -> str:
    rows = [HEAD]
    for phase in found:
        counts = [
            sum(it.phase == phase.name and it.kind == kind for it in broken) for kind in ("lost", "doubled", "other")
        ]
        told = [len(phase.requests), phase.refused, phase.unanswered, ledger.retried[phase.name], *counts]
        times = [_ms(phase.median), _ms(phase.longest), _ms(phase.bound)]
        sent = [len(phase.messages), _ms(phase.slowest)]
        rows.append((phase.name, *map(str, told + times + sent)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def story(broken: Sequence[Broken]) -> str:
    """What was broken, the first of it."""
    lines = [f"  {it.kind} ({it.phase}): {it.what[:LONGEST]}" for it in broken[:SHOWN]]
    more = [f"  and {len(broken) - SHOWN} more"] if len(broken) > SHOWN else []
    return "\n".join([f"{len(broken)} promises broken", *lines, *more])


def summary(ledger: Ledger, found: Sequence[Phase], broken: Sequence[Broken], events: int, seconds: float) -> str:
    """The last line."""
    faults = [phase.name for phase in found if phase.requests and phase.name not in (CALM, END)]
    counts = {kind: sum(it.kind == kind for it in broken) for kind in ("lost", "doubled", "other")}
    changes = sum(len(order.applied) for order in ledger.orders.values())
    webhooks = sum(len(endpoint.accepted) for endpoint in ledger.endpoints)
    updates = sum(watched.live for watched in ledger.watched)
    return (
        f"torture: {'FAILED' if broken else 'passed'}, {len(faults)} faults, {len(ledger.requests)} requests, "
        f"{len(ledger.orders) + len(ledger.bulk)} orders, {changes} acknowledged changes, "
        f"{len(ledger.messages)} messages and {len(ledger.files)} files from other systems, {events} events, "
        f"{webhooks} webhooks, {updates} live updates; {counts['lost']} lost, "
        f"{counts['doubled']} doubled, {counts['other']} other promises broken; {seconds:.0f} s"
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
