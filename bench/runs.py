"""Running: rounds over all scenarios, so that a floor and what is compared with it meet the same weather."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench import counters, load
from bench.load import Template
from bench.scenarios import WEB, Scenario
from bench.shop import Shop
from devstack.server import StartError

SETTLE_SECONDS = 120
BACKGROUND = ("worker", "consumer", "clock")
_UNFINISHED = """
    SELECT EXISTS (SELECT 1 FROM outbox_events WHERE published_at IS NULL)
        OR EXISTS (SELECT 1 FROM outbox_events WHERE type = 'oms.new_order.v1' AND created_at > now() - interval '9 min'
            AND NOT EXISTS (SELECT 1 FROM order_processing WHERE order_processing.order_id = outbox_events.order_id))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario once. `requests` may also be events or messages, which have no `connections` (0) and no times.

    `cpu` is CPU seconds by process, until what it left to worker and consumer was done too; `others` is the share of
    the machine that went to somebody else meanwhile.
    """

    scenario: str
    connections: int
    repeat: int
    rate: float
    p50: float | None = None
    p99: float | None = None
    errors: int = 0
    requests: int = 0
    cpu: dict[str, float] = field(default_factory=dict)
    others: float = 0.0
    exhausted: bool = False


def measure(shop: Shop, scenario: Scenario, connections: int, seconds: int, repeat: int) -> Run:
    """One run. What its requests leave to worker and consumer is done when it returns."""
    templates = scenario.prepare(shop, seconds)
    spent = counters.Spent(shop.stack)
    with shop.stack.paused(*(BACKGROUND if scenario.alone else ())):
        seen = _load(shop, scenario, templates, connections, seconds)
        own = spent.so_far() if scenario.alone else None
    if scenario.writes:
        settle(shop)
    cpu, others = own or spent.so_far()
    return Run(
        scenario.name,
        connections,
        repeat,
        seen.rate,
        seen.p50,
        seen.p99,
        seen.errors,
        seen.requests,
        cpu,
        others,
        exhausted=scenario.uses_up and seen.requests > templates[0].capacity,
    )


def warm_up(shop: Shop, scenario: Scenario, connections: int) -> None:
    _load(shop, scenario, scenario.prepare(shop, 1), connections, 1)
    if scenario.writes:
        settle(shop)


def _load(shop: Shop, scenario: Scenario, templates: Sequence[Template], connections: int, seconds: int) -> load.Load:
    seen = load.run(shop.stack.ports[scenario.served_by], templates, connections, seconds)
    # What wrk has left without waiting for the answer is still being worked at.
    wait_for(lambda: counters.is_idle(shop.stack, scenario.served_by), scenario.served_by)
    return seen


def round_trips(shop: Shop, scenario: Scenario) -> tuple[float, float] | None:
    """SQL statements and Redis round trips of a request; None for a mixture, and where the API isn't what answers."""
    templates = scenario.prepare(shop, 1)
    if scenario.served_by != WEB or len(templates) > 1:
        return None
    return counters.round_trips(shop.stack, shop.stack.ports[WEB], templates[0])


def settle(shop: Shop) -> None:
    """Return when all events are sent and all orders announced have been processed. Raises StartError."""
    with shop.stack.connection() as ask:
        wait_for(lambda: not ask(_UNFINISHED)[0][0], "worker and consumer")


def wait_for(done: Callable[[], bool], who: str, every: float = 0.2) -> None:
    """Ask every so many seconds, for asking costs the database something, and is counted. Raises StartError."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise StartError(f"not done after {SETTLE_SECONDS} s: {who}")
        threading.Event().wait(every)
