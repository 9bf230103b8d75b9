"""What so many orders a second need: `python ops/capacity.py 1000 10000 100000`, from the unit costs of capacity.toml.

A model, not a promise: it multiplies what one request costs, and knows nothing of what gets worse when much happens at
once. So it leaves a share of every machine free (`machine.used`), and says where a part cannot be multiplied.
"""

import argparse
import tomllib
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path

Assumptions = Mapping[str, Mapping[str, float]]
Row = tuple[str, str]
REQUESTS = ("create", "change", "read", "list")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("rates", type=float, nargs="*", default=[1_000, 10_000, 100_000], help="orders a second")
    options.add_argument("--assumptions", type=Path, default=Path(__file__).with_suffix(".toml"))
    chosen = options.parse_args()
    given = tomllib.loads(chosen.assumptions.read_text())
    print(table(given, chosen.rates))


def table(given: Assumptions, rates: list[float]) -> str:
    """Markdown, a column for each rate."""
    columns = [list(needs(given, rate)) for rate in rates]
    head = " | ".join(f"{rate:,.0f} orders/s" for rate in rates)
    lines = [f"| | {head} |", "|---|" + "---:|" * len(rates)]
    lines += [f"| {row[0][0]} | {' | '.join(found for _, found in row)} |" for row in zip(*columns, strict=True)]
    return "\n".join(lines)


def needs(given: Assumptions, rate: float) -> Iterator[Row]:
    """What it takes to place `rate` orders a second, with all that belongs to them."""
    machine, per_second = given["machine"], rates_of(given, rate)
    yield "requests a second", f"{sum(per_second[name] for name in REQUESTS):,.0f}"
    web = _cores(given, per_second, "web_cpu")
    yield "web: cores in use, machines", f"{web:,.0f}, {_machines(web, machine):,}"
    workers = _cores(given, per_second, "worker_cpu") / machine["used"]
    yield "workers", _bounded(ceil(workers), machine["outbox_shards"], "shards of the outbox")
    partitions = max(ceil(per_second["event"] / machine["events_per_partition"]), 12)
    consumers = _cores(given, per_second, "consumer_cpu") / machine["used"]
    yield "partitions, consumers", f"{partitions:,}, {ceil(consumers):,}"
    yield from _postgres(given, per_second, web)
    yield from _redis(given, per_second)
    yield from _kafka(given, per_second)


def rates_of(given: Assumptions, rate: float) -> dict[str, float]:
    """How often a second each thing with a cost is done."""
    day = given["day"]
    each = {name: rate * day[f"{name}s_per_order"] for name in ("change", "read", "list", "event")}
    return {"create": rate, "message": rate, **each}


def _cores(given: Assumptions, per_second: Mapping[str, float], what: str) -> float:
    """Seconds of CPU in each second."""
    return sum(times * given[name].get(what, 0) for name, times in per_second.items())


def _machines(cores: float, machine: Mapping[str, float]) -> int:
    return ceil(cores / (machine["cores"] * machine["used"]))


def _bounded(wanted: int, limit: float, why: str) -> str:
    return f"{wanted:,}" if wanted <= limit else f"{wanted:,}, but there are {limit:,.0f} {why}"


def _postgres(given: Assumptions, per_second: Mapping[str, float], web_cores: float) -> Iterator[Row]:
    machine = given["machine"]
    cores, log = _cores(given, per_second, "postgres_cpu"), _cores(given, per_second, "wal_bytes")
    orders, fleeting = _stored(given, per_second)
    nodes = {
        "CPU": ceil(cores / (machine["postgres_cores"] * machine["used"])),
        "log": ceil(log / machine["postgres_wal_bytes"]),
        "disk": ceil((orders + fleeting) / machine["postgres_bytes"]),
    }
    yield "PostgreSQL: cores in use", f"{cores:,.0f}"
    yield "PostgreSQL: log", f"{log / 1e6:,.0f} MB/s"
    yield f"orders of {given['kept']['orders_days']:.0f} days", f"{orders / 1e12:,.1f} TB"
    yield "outbox and stored answers", f"{fleeting / 1e12:,.1f} TB"
    reasons = ", ".join(f"{name} {count:,}" for name, count in nodes.items())
    yield "PostgreSQL: primaries, with Citus from two on", f"{max(nodes.values()):,} ({reasons})"
    connections = web_cores / machine["used"] * machine["web_threads_per_core"]
    pooler = "" if connections <= machine["postgres_connections"] else ": PgBouncer"
    yield "connections of web", f"{connections:,.0f}{pooler}"


def _stored(given: Assumptions, per_second: Mapping[str, float]) -> tuple[float, float]:
    """Bytes of orders, and of what goes after hours or days."""
    kept, size = given["kept"], given["bytes"]
    events = per_second["event"] * kept["outbox_hours"] * size["outbox_event"]
    answers = (per_second["create"] + per_second["change"]) * kept["idempotency_hours"] * size["idempotency_key"]
    return per_second["create"] * kept["orders_days"] * 86_400 * size["order"], (events + answers) * 3600


def _redis(given: Assumptions, per_second: Mapping[str, float]) -> Iterator[Row]:
    # A Redis has one core for commands, whatever the machine.
    servers = ceil(_cores(given, per_second, "redis_cpu") / given["machine"]["used"])
    memory = per_second["create"] * given["kept"]["cache_seconds"] * given["bytes"]["cached_order"]
    servers = max(servers, ceil(memory / given["machine"]["redis_bytes"]))
    yield "Redis: servers that lead, an installation each from three on", f"{servers:,}"
    yield "Redis: orders in the cache", f"{memory / 1e9:,.1f} GB"


def _kafka(given: Assumptions, per_second: Mapping[str, float]) -> Iterator[Row]:
    machine = given["machine"]
    flow = per_second["event"] * given["bytes"]["kafka_event"]
    kept = flow * given["kept"]["kafka_hours"] * 3600 * machine["kafka_copies"]
    brokers = max(3, ceil(flow * machine["kafka_copies"] / machine["kafka_bytes_per_broker"]))
    yield "Kafka: brokers", f"{brokers:,}"
    yield "Kafka: in, kept with copies", f"{flow / 1e6:,.0f} MB/s, {kept / 1e12:,.1f} TB"


if __name__ == "__main__":
    main()
