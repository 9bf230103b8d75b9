"""The tables in Markdown."""

from collections.abc import Iterator, Sequence
from statistics import median

from bench.results import Results
from bench.scenarios import SCENARIOS, WEB
from bench.subjects import SUBJECTS
from bench.targets import judge

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
HEAD = ("what", "conn.", "req/s", "others", "ratio", "by CPU", "p50 ms", "p99 ms", "errors")
CPU = {"web": "web", "worker": "worker", "consumer": "consumer", "postgres": "PG", "redis": "Redis"}
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
    served_by = {scenario.name: scenario.served_by for scenario in SCENARIOS}
    floors = {scenario.name: scenario.floor for scenario in SCENARIOS}
    for subject in SUBJECTS:
        name = subject.name
        for connections in results.connections(name):
            runs, floor = results.of(name, connections), floors.get(name)
            ratio = floor and results.ratio(name, floor, connections)
            by_cpu = floor and results.cpu_ratio(name, floor, connections)
            # Another process may stand in the place of the API's.
            processes = (served_by.get(name, WEB), *list(CPU)[1:])
            yield (
                subject.title + (" (too few orders)" if any(run.exhausted for run in runs) else ""),
                str(connections or ""),
                f"{results.rate(name, connections):,.0f}",
                f"{median(run.others for run in runs):.0%}",
                f"{ratio:.2f} {floor}" if ratio else "",
                f"{by_cpu:.2f}" if by_cpu else "",
                _median([run.p50 for run in runs]),
                _median([run.p99 for run in runs]),
                str(sum(run.errors for run in runs)),
                *(_number(results.cpu(name, connections, process), 2) for process in processes),
                *(_number(trips, 0) for trips in results.trips.get(name) or (None, None)),
            )


def _median(times: Sequence[float | None]) -> str:
    known = [time for time in times if time is not None]
    return _number(median(known), 1) if known else ""


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
