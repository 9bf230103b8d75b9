"""The tables in Markdown."""

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from bench.results import Results
from bench.runs import serving
from bench.scenarios import SCENARIOS
from bench.targets import judge

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
HEAD = ("what", "conn.", "req/s", "ratio", "p50 ms", "p99 ms", "errors")
CPU = {"web": "web", "worker": "worker", "postgres": "PG", "redis": "Redis"}
ROUND_TRIPS = ("SQL", "Redis trips")


def markdown(results: Results, told: str) -> str:
    """Both tables; `told` is a line about the run."""
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    measured = _table([*HEAD, *(f"CPU {name}" for name in CPU.values()), *ROUND_TRIPS], list(_lines(results)))
    targets = [
        (target.what, target.wanted, target.found, "yes" if target.reached else "**no**") for target in judge(results)
    ]
    return "\n\n".join([told, machine, measured, _table(["target", "wanted", "found", "reached"], targets)])


def _lines(results: Results) -> Iterator[Sequence[str]]:
    for scenario in SCENARIOS:
        for connections in results.connections(scenario.name):
            runs = results.of(scenario.name, connections)
            ratio = scenario.floor and results.ratio(scenario.name, scenario.floor, connections)
            # A floor's process stands in the place of the API's.
            processes = (serving(scenario), *list(CPU)[1:])
            yield (
                scenario.title + (" (too few orders)" if any(run.exhausted for run in runs) else ""),
                str(connections),
                f"{median(run.rate for run in runs):,.0f}",
                f"{ratio:.2f} {scenario.floor}" if ratio else "",
                *(_number(median(times), 1) for times in _times(runs)),
                str(sum(run.errors for run in runs)),
                *(_number(results.cpu(scenario.name, connections, process), 2) for process in processes),
                *(_number(trips, 0) for trips in results.trips.get(scenario.name) or (None, None)),
            )


def _times(runs: Sequence[Any]) -> Iterator[list[float]]:
    for name in ("p50", "p99"):
        yield [getattr(run, name) for run in runs]


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---", *("--:" for _ in head[1:])], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def put_into(document: str, tables: str) -> str:
    """The document with the tables between its marks. Raises LookupError where it has none."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise LookupError(f"{BEGIN} and {END} are not both there")
    return f"{before}{BEGIN}\n{tables}\n{END}{after}"
