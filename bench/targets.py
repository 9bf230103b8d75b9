"""What has to be reached, as ratios within one run."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from bench.results import Results
from bench.scenarios import SCENARIOS, WEB

# Against U: logging, metrics, limiter and auth together take under a quarter of a warm GET's time.
RATIOS = (
    ("get-warm", "F", 0.75),
    ("get-warm", "U", 0.75),
    ("create-alone", "S", 0.65),
    ("create-key", "S", 0.65),
    ("list", "L", 0.60),
    ("patch-alone", "create-alone", 1.2),
    ("patch", "create-key", 1.2),
)
STATEMENTS = {"create-key": 3, "get-warm": 0, "list": 1, "patch": 2}
RATES = {"drain": 5000, "consume": 1500}
REDIS_ROUND_TRIPS = {"get-warm": 2, "create-key": 2}
MEGABYTES, FLAT = 150, 1.1
TAIL, TAIL_CONNECTIONS = 5.0, 16
NO_TAIL = ("login", *(scenario.name for scenario in SCENARIOS if scenario.served_by != WEB))


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table; `reached` holds for every number of connections that was measured."""

    what: str
    wanted: str
    found: str
    reached: bool


def judge(results: Results) -> list[Target]:
    """Every target whose scenarios were measured."""
    return [*_ratios(results), *_round_trips(results), *_rates(results), *_tails(results), *_sizes(results)]


def _ratios(results: Results) -> Iterator[Target]:
    for scenario, floor, wanted in RATIOS:
        found = {n: results.ratio(scenario, floor, n) for n in results.connections(scenario)}
        known = {n: ratio for n, ratio in found.items() if ratio is not None}
        if known:
            told = ", ".join(
                f"{ratio:.2f} at {n} ({results.cpu_ratio(scenario, floor, n) or 0:.2f} by CPU)"
                for n, ratio in known.items()
            )
            reached = all(ratio >= wanted for ratio in known.values())
            yield Target(f"{scenario} / {floor}", f"{wanted:.2f}", told, reached)


def _round_trips(results: Results) -> Iterator[Target]:
    for position, what, limits in ((0, "SQL", STATEMENTS), (1, "Redis", REDIS_ROUND_TRIPS)):
        for scenario, most in limits.items():
            if trips := results.trips.get(scenario):
                found = trips[position]
                yield Target(f"{what} round trips of {scenario}", f"at most {most}", f"{found:g}", found <= most)


def _rates(results: Results) -> Iterator[Target]:
    for scenario, wanted in RATES.items():
        if results.of(scenario, 0):
            found = results.rate(scenario, 0)
            yield Target(f"{scenario}, a second", f"{wanted:,}", f"{found:,.0f}", found >= wanted)


def _sizes(results: Results) -> Iterator[Target]:
    """Flat: no larger at the end than at half the way, but for a tenth."""
    if not results.sizes:
        return
    half, last = results.sizes[len(results.sizes) // 2], results.sizes[-1]
    told = f"{half.megabytes:.0f} MB after {half.requests:,}, {last.megabytes:.0f} MB after {last.requests:,}"
    reached = last.megabytes < MEGABYTES and last.megabytes <= FLAT * half.megabytes
    yield Target("memory of a process of the API", f"under {MEGABYTES} MB, flat", told, reached)


def _tails(results: Results) -> Iterator[Target]:
    scenarios = dict.fromkeys(run.scenario for run in results.runs if run.connections == TAIL_CONNECTIONS)
    found = {}
    for scenario in scenarios:
        ratios = [run.p99 / run.p50 for run in results.of(scenario, TAIL_CONNECTIONS) if run.p99 and run.p50]
        if ratios and scenario not in NO_TAIL:
            found[scenario] = median(ratios)
    for scenario, tail in found.items():
        if tail > TAIL:
            yield Target(f"p99 / p50 of {scenario}", f"at most {TAIL:g}", f"{tail:.1f}", False)
    if found and max(found.values()) <= TAIL:
        worst = max(found, key=lambda name: found[name])
        yield Target("p99 / p50 of all", f"at most {TAIL:g}", f"{found[worst]:.1f} ({worst})", True)
