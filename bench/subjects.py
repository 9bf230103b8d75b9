"""Everything that is measured, in the order of the table."""

from collections.abc import Sequence

from bench.floors import PGBENCH, Pgbench
from bench.scenarios import SCENARIOS, Scenario
from bench.throughput import THROUGHPUTS, Throughput

Subject = Scenario | Pgbench | Throughput
SUBJECTS: Sequence[Subject] = (*SCENARIOS, PGBENCH, *THROUGHPUTS)
