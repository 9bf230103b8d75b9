"""What is measured over a soak, and whether it was flat at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.faults.installation import PROCESSES


@dataclass(frozen=True, slots=True)
class Quantity:
    """`slack` is by how much it may waver, in its own unit, beside a tenth of what it is."""

    name: str
    unit: str
    slack: float


QUANTITIES = (
    *(Quantity(f"memory of {name}", "MB", 2) for name in (*PROCESSES, "redis")),
    *(Quantity(f"open files of {name}", "", 3) for name in PROCESSES),
    Quantity("connections to PostgreSQL", "", 3),
    Quantity("connections to Redis", "", 3),
    Quantity("keys in Redis", "", 50),
    Quantity("age of the outbox", "s", 1),
    Quantity("rows kept to be purged", "", 500),
    Quantity("dead rows", "%", 5),
    Quantity("requests", "/s", 3),
)
Sample = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Medians of the three thirds of a soak, once it had warmed up."""

    quantity: Quantity
    thirds: tuple[float, float, float]

    @property
    def flat(self) -> bool:
        """Whether the last third lies no higher than the one before it, but for what always wavers."""
        _, second, third = self.thirds
        return third <= second * 1.1 + self.quantity.slack


def verdict(quantity: Quantity, values: Sequence[float]) -> Verdict:
    """Of at least three values, in the order of time."""
    third = len(values) // 3
    parts = (values[:third], values[third : 2 * third], values[2 * third :])
    first, second, last = (median(part) for part in parts)
    return Verdict(quantity, (first, second, last))


def table(verdicts: Sequence[Verdict]) -> str:
    """Markdown."""
    lines = ["| | first third | second | last | |", "|---|---:|---:|---:|---|"]
    for found in verdicts:
        name = f"{found.quantity.name}{', ' + found.quantity.unit if found.quantity.unit else ''}"
        medians = " | ".join(f"{value:.1f}" for value in found.thirds)
        lines.append(f"| {name} | {medians} | {'flat' if found.flat else 'GROWS'} |")
    return "\n".join(lines)
