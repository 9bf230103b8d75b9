"""`python -m bench`: the whole of `make bench`."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import machine, report, runs
from bench.floors import open_floors
from bench.load import require_wrk
from bench.results import Results
from bench.scenarios import SCENARIOS, Scenario
from bench.shop import Shop, open_shop
from bench.stack import running_stack
from devstack.server import StartError

NAMES = [scenario.name for scenario in SCENARIOS]


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
    options.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where all numbers go")
    options.add_argument("--write", type=Path, help=f"put the tables between {report.BEGIN} and {report.END} there")
    chosen = options.parse_args()
    if chosen.short:
        chosen.seconds, chosen.repeats, chosen.connections = 2, 1, "16"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        results, told = bench(_wanted(chosen.only), chosen)
    except StartError as error:
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


def _wanted(only: str | None) -> Sequence[Scenario]:
    """The scenarios in their order, with the floors they are compared with. Raises StartError."""
    names = set(only.split(",")) if only else set(NAMES)
    if unknown := names.difference(NAMES):
        raise StartError(f"there is no scenario {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names |= {scenario.floor for scenario in SCENARIOS if scenario.name in names and scenario.floor}
    return [scenario for scenario in SCENARIOS if scenario.name in names or (only and scenario.name in names)]


def bench(scenarios: Sequence[Scenario], chosen: argparse.Namespace) -> tuple[Results, str]:
    """Measure; all results, and a line about the run. Raises StartError."""
    require_wrk()
    began = time.monotonic()
    connections = [int(each) for each in chosen.connections.split(",")]
    with running_stack() as stack:
        shop = open_shop(stack)
        open_floors(shop)
        results = Results(machine.describe(stack))
        _prepare(shop, scenarios, results, connections[0])
        for repeat in range(chosen.repeats):
            for number in connections:
                for scenario in scenarios:
                    run = runs.measure(shop, scenario, number, chosen.seconds, repeat)
                    results.runs.append(run)
                    print(f"{run.scenario:>12} {number:3} {run.rate:9,.0f}/s {run.p50:8.1f} ms", flush=True)
    told = (
        f"{datetime.now(UTC):%Y-%m-%d}: medians of {chosen.repeats} x {chosen.seconds} s, "
        f"{time.monotonic() - began:.0f} s in all"
    )
    return results, told


def _prepare(shop: Shop, scenarios: Sequence[Scenario], results: Results, connections: int) -> None:
    for scenario in scenarios:
        runs.warm_up(shop, scenario, connections)
        results.trips[scenario.name] = runs.round_trips(shop, scenario)
        runs.settle(shop)


if __name__ == "__main__":
    sys.exit(main())
