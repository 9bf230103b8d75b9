"""`python -m bench`: the whole of `make bench`."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import counters, machine, memory, report, runs, throughput
from bench.floors import Pgbench, open_floors, run_pgbench
from bench.load import require_wrk
from bench.product_sql import Statement
from bench.results import Results
from bench.scenarios import SCENARIOS, Scenario
from bench.shop import Shop, open_shop
from bench.stack import running_stack
from bench.subjects import SUBJECTS, Subject
from bench.throughput import Throughput
from devstack.server import StartError

NAMES = [subject.name for subject in SUBJECTS]


class Stopped(BaseException):
    """Somebody asked the run to stop."""


def main() -> int:
    """The exit status: 0 when everything was measured, whatever came out."""
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--seconds", type=int, default=5, help="length of one run")
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--connections", default="16,64", help="numbers, apart by commas")
    options.add_argument("--only", help=f"of {', '.join(NAMES)}, apart by commas; their floors are measured too")
    options.add_argument("--short", action="store_true", help="3 minutes: --seconds 2 --repeats 1 --connections 16")
    options.add_argument("--soak-requests", type=int, default=0, help="watch the API's memory over so many a process")
    options.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where all numbers go")
    options.add_argument("--write", type=Path, help=f"put the tables between {report.BEGIN} and {report.END} there")
    chosen = options.parse_args()
    if chosen.short:
        chosen.seconds, chosen.repeats, chosen.connections = 2, 1, "16"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        results, told = bench(_wanted(chosen.only), chosen)
    except (StartError, LookupError) as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 1
    except Stopped:
        print("stopped before the end", file=sys.stderr)
        return 1
    tables = report.markdown(results, told)
    print(f"\n{tables}")
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(results.document(), indent=1) + "\n")
    if chosen.write:
        chosen.write.write_text(report.put_into(chosen.write.read_text(), tables))
    return 0


def _stop(*_: object) -> None:
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)
    raise Stopped


def _wanted(only: str | None) -> Sequence[Subject]:
    """What is to be measured, in its order, with the floors they are compared with. Raises StartError."""
    names = set(only.split(",")) if only else set(NAMES)
    if unknown := names.difference(NAMES):
        raise StartError(f"there is no scenario {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names |= {scenario.floor for scenario in SCENARIOS if scenario.name in names and scenario.floor}
    return [subject for subject in SUBJECTS if subject.name in names]


def bench(subjects: Sequence[Subject], chosen: argparse.Namespace) -> tuple[Results, str]:
    """Measure; all results, and a line about the run. Raises StartError."""
    require_wrk()
    began = time.monotonic()
    connections = [int(each) for each in chosen.connections.split(",")]
    with running_stack() as stack:
        shop = open_shop(stack)
        creating = open_floors(shop)
        results = Results(machine.describe(stack))
        _prepare(shop, subjects, results, connections[0])
        for repeat in range(chosen.repeats):
            for run in _round(shop, creating, subjects, connections, chosen.seconds, repeat):
                results.runs.append(run)
                print(f"{run.scenario:>12} {run.connections or '':>3} {run.rate:9,.0f}/s", flush=True)
        results.sizes += memory.soak(shop, chosen.soak_requests)
    told = (
        f"{datetime.now(UTC):%Y-%m-%d}: medians of {chosen.repeats} x {chosen.seconds} s, "
        f"{time.monotonic() - began:.0f} s in all"
    )
    return results, told


def _round(
    shop: Shop,
    creating: Statement,
    subjects: Sequence[Subject],
    connections: Sequence[int],
    seconds: int,
    repeat: int,
) -> Iterator[runs.Run]:
    """Everything once: with so many connections, then with the next number, then what knows no connections."""
    for number in connections:
        for subject in subjects:
            if isinstance(subject, Scenario):
                yield runs.measure(shop, subject, number, seconds, repeat)
    for subject in subjects:
        if isinstance(subject, Pgbench) and subject.program.exists():
            for clients in subject.clients:
                spent = counters.Spent(shop.stack)
                rate = run_pgbench(shop, creating, clients, seconds)
                cpu, others = spent.so_far()
                yield runs.Run(
                    subject.name, clients, repeat, rate, requests=round(rate * seconds), cpu=cpu, others=others
                )
        elif isinstance(subject, Throughput):
            yield throughput.measure(shop, subject, seconds, repeat)


def _prepare(shop: Shop, subjects: Sequence[Subject], results: Results, connections: int) -> None:
    for scenario in (subject for subject in subjects if isinstance(subject, Scenario)):
        runs.warm_up(shop, scenario, connections)
        results.trips[scenario.name] = runs.round_trips(shop, scenario)
        runs.settle(shop)


if __name__ == "__main__":
    sys.exit(main())
