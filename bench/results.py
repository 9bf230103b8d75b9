"""What came out: medians over the repeats, ratios to the floors, and all of it as JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench.memory import Size
from bench.runs import Run


@dataclass
class Results:
    """All runs, with SQL statements and Redis round trips of a request by scenario."""

    machine: Mapping[str, str]
    runs: list[Run] = field(default_factory=list)
    trips: dict[str, tuple[float, float] | None] = field(default_factory=dict)
    sizes: list[Size] = field(default_factory=list)

    def of(self, scenario: str, connections: int) -> Sequence[Run]:
        return [run for run in self.runs if (run.scenario, run.connections) == (scenario, connections)]

    def connections(self, scenario: str) -> list[int]:
        """At which numbers of connections it was measured."""
        return sorted({run.connections for run in self.runs if run.scenario == scenario})

    def rate(self, scenario: str, connections: int) -> float:
        return median(run.rate for run in self.of(scenario, connections))

    def ratio(self, scenario: str, floor: str, connections: int) -> float | None:
        """The median over the repeats of scenario / floor; None where one of them was left out."""
        return self._ratio(scenario, floor, connections, lambda run: run.rate)

    def cpu_ratio(self, scenario: str, floor: str, connections: int) -> float | None:
        """The same by requests per CPU second, all processes together: others on the machine hardly touch it."""
        return self._ratio(scenario, floor, connections, lambda run: run.requests / sum(run.cpu.values()))

    def _ratio(self, scenario: str, floor: str, connections: int, of: Callable[[Run], float]) -> float | None:
        floors = {run.repeat: of(run) for run in self.of(floor, connections)}
        found = [of(run) / floors[run.repeat] for run in self.of(scenario, connections) if floors.get(run.repeat)]
        return median(found) if found else None

    def cpu(self, scenario: str, connections: int, process: str) -> float | None:
        """CPU seconds of the process for 1000 requests; None where none were counted."""
        runs = [run for run in self.of(scenario, connections) if run.requests and process in run.cpu]
        return median(run.cpu[process] / run.requests * 1000 for run in runs) if runs else None

    def document(self) -> dict[str, Any]:
        """Everything, for a JSON file."""
        return {
            "machine": self.machine,
            "round_trips": self.trips,
            "runs": [asdict(run) for run in self.runs],
            "sizes": [asdict(size) for size in self.sizes],
        }
