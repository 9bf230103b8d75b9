"""`flask oms stats`: how much there is of everything, and what waits."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
import redis
from flask.cli import with_appcontext

from oms import consumer_lag, dead_letters, outbox, queues, terminal
from oms.errors import Unavailable
from oms.extensions import redis_client
from oms.orders import status_counts
from oms.transactions import read

T = TypeVar("T")


@click.command("stats")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON; what could not be asked is null.")
@with_appcontext
def stats(as_json: bool) -> None:
    """Orders by status, outbox, queue, dead letters, consumer lag and cache; exit 1 if a server is away.

    Of more than 10,000 orders of a status, about how many there are.
    """
    found = {
        "orders": _asked(_orders),
        "outbox": _asked(_outbox),
        "dead_letters": _asked(lambda: read(dead_letters.waiting)),
        "queue": _asked(queues.depth),
        "consumer_lag": _asked(_lag),
        "cache": _asked(_cache),
    }
    if as_json:
        terminal.print_json(found)
    else:
        _print(found)
    if None in found.values():
        raise SystemExit(1)


COMMANDS: tuple[click.Command, ...] = (stats,)


def _asked(question: Callable[[], T]) -> T | None:
    """The answer, or None when the server that has it is away."""
    try:
        return question()
    except (Unavailable, redis.RedisError):
        return None


def _orders() -> list[dict[str, Any]]:
    return [counted._asdict() for counted in read(status_counts.count)]


def _outbox() -> dict[str, Any]:
    lag = read(outbox.lag)
    return {"pending": lag.pending, "oldest_seconds": round(lag.seconds, 1), "refused": lag.refused}


def _lag() -> list[dict[str, Any]]:
    lag = consumer_lag.read_lag(redis_client())
    return [
        {"topic": topic, "partition": partition, "messages": left} for (topic, partition), left in sorted(lag.items())
    ]


def _cache() -> dict[str, Any]:
    """Redis's own counts since it was started, of all its keys."""
    found: Any = redis_client().info()
    hits, misses = int(found["keyspace_hits"]), int(found["keyspace_misses"])
    return {
        "keys": redis_client().dbsize(),
        "memory_bytes": found["used_memory"],
        "hit_percent": round(100 * hits / (hits + misses), 1) if hits + misses else None,
    }


def _print(found: dict[str, Any]) -> None:
    away = [name.replace("_", " ") for name, answer in found.items() if answer is None]
    orders = [(row["status"], _number(row)) for row in found["orders"] or ()]
    terminal.print_table("Orders", ("STATUS", "ORDERS"), orders)
    for title in ("outbox", "queue", "cache"):
        rows = [(name.replace("_", " "), value) for name, value in (found[title] or {}).items()]
        terminal.print_table(title.capitalize(), ("WHAT", "VALUE"), rows)
    if found["dead_letters"] is not None:
        terminal.print_table("Dead letters", ("WHAT", "VALUE"), [("waiting", found["dead_letters"])])
    lag = [tuple(row.values()) for row in found["consumer_lag"] or ()]
    terminal.print_table("Consumer lag", ("TOPIC", "PARTITION", "MESSAGES"), lag)
    if found["consumer_lag"] == []:
        click.echo("\nNo consumer has reported its lag for a minute.")
    if away:
        click.echo(f"\nNot to be had, for their server is away: {', '.join(away)}", err=True)


def _number(row: dict[str, Any]) -> object:
    return row["orders"] if row["exact"] else f"about {row['orders']:,}"
