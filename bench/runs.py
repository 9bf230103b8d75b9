"""Running: rounds over all scenarios, so that a floor and what is compared with it meet the same weather."""

import threading
import time
from dataclasses import dataclass, field

from bench import counters, load
from bench.floors import ROUTES
from bench.scenarios import Scenario
from bench.shop import Shop
from devstack.server import StartError

SETTLE_SECONDS = 120
_LOOK_EVERY_SECONDS = 0.2
_UNFINISHED = """
    SELECT EXISTS (SELECT 1 FROM outbox_events WHERE published_at IS NULL)
        OR EXISTS (SELECT 1 FROM outbox_events WHERE type = 'oms.new_order.v1' AND created_at > now() - interval '9 min'
            AND NOT EXISTS (SELECT 1 FROM order_processing WHERE order_processing.order_id = outbox_events.order_id))
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario once. `cpu` is CPU seconds by process, until what it left to others was done too."""

    scenario: str
    connections: int
    repeat: int
    rate: float
    p50: float | None = None
    p99: float | None = None
    errors: int = 0
    requests: int = 0
    cpu: dict[str, float] = field(default_factory=dict)
    exhausted: bool = False


def measure(shop: Shop, scenario: Scenario, connections: int, seconds: int, repeat: int) -> Run:
    """One run. What its requests leave to worker and consumer is done when it returns."""
    templates, port = scenario.prepare(shop, seconds), _port(shop, scenario)
    before = counters.cpu_seconds(shop.stack)
    seen = load.run(port, templates, connections, seconds)
    if scenario.writes:
        settle(shop)
    after = counters.cpu_seconds(shop.stack)
    cpu = {name: after[name] - before[name] for name in after}
    exhausted = scenario.uses_up and seen.requests > templates[0].capacity
    return Run(
        scenario.name, connections, repeat, seen.rate, seen.p50, seen.p99, seen.errors, seen.requests, cpu, exhausted
    )


def warm_up(shop: Shop, scenario: Scenario, connections: int) -> None:
    load.run(_port(shop, scenario), scenario.prepare(shop, 1), connections, 1)
    if scenario.writes:
        settle(shop)


def round_trips(shop: Shop, scenario: Scenario) -> tuple[float, float] | None:
    """SQL statements and Redis round trips of a request; None for a mixture, and where the API isn't what answers."""
    templates = scenario.prepare(shop, 1)
    if scenario.bare or len(templates) > 1:
        return None
    return counters.round_trips(shop.stack, shop.stack.port, templates[0])


def settle(shop: Shop) -> None:
    """Return when all events are sent and all orders announced have been processed. Raises StartError."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while shop.stack.query(_UNFINISHED)[0][0]:
        if time.monotonic() > deadline:
            raise StartError(f"worker and consumer are not done after {SETTLE_SECONDS} s")
        threading.Event().wait(_LOOK_EVERY_SECONDS)  # asking costs the database something, and is counted


def serving(scenario: Scenario) -> str:
    """The process that answers."""
    return ROUTES if scenario.bare else "web"


def _port(shop: Shop, scenario: Scenario) -> int:
    return shop.stack.floors_port if scenario.bare else shop.stack.port
