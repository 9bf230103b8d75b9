"""Everything the dashboard shows, as one JSON document. A server that is away leaves its part out as None."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import redis

from oms import dead_letters, outbox, queues
from oms.consumer_lag import read_lag
from oms.extensions import redis_client
from oms.figures import hourly, pace, sharing, standing, stuck
from oms.figures.hourly import HOUR, OTHERS, Hour
from oms.transactions import read

FRESH_SECONDS = 10
# What takes longer to find and changes little from one minute to the next.
SLOW_SECONDS = 60
SHOWN_HOURS = 48
WEEK = 7 * 24
SHOWN_FACILITIES = 12
REVENUE_DAYS = 14
Document = dict[str, Any]


def figures() -> Document:
    """The dashboard, at most some seconds old; raises `Unavailable` without PostgreSQL.

    `at` is when it was found. `hours`: the last `SHOWN_HOURS`, [{hour, placed, week_before}], oldest first. `week`:
    {placed, before}. `facilities`: [{facility, placed, open}] of 24 hours. `revenue`: {currency: [{day, net}]}, amounts
    as text, None where nobody knows. `by_status`, `stuck`: counts by status. `pace`: [{status, orders, median, p90}].
    `events`: {pending, seconds, refused}. `dead_letters`: a number. `queue`: {waiting, failed} or None. `lag`: {topic:
    messages} or None.
    """
    quick: Document = sharing.shared("quick", FRESH_SECONDS, _quick)
    slow: Document = sharing.shared("slow", SLOW_SECONDS, _slow)
    return {**slow, **quick}


def prepare() -> None:
    """Find what takes longest; the clock does so once a minute, so that nobody waits for it."""
    sharing.prepare("slow", 2 * SLOW_SECONDS, _slow)


def _quick() -> Document:
    now = datetime.now(UTC)
    hours = read(lambda session: hourly.since(session, _whole(now) - hourly.BACK * HOUR))
    lag, letters = read(lambda session: (outbox.lag(session), dead_letters.waiting(session)))
    largest = _largest(hours, now)
    return {
        "at": now,
        "hours": _hours(hours, now),
        "week": {"placed": _placed(hours, now, 0), "before": _placed(hours, now, WEEK)},
        "facilities": _facilities(largest),
        "revenue": _revenue(hours, now),
        "by_status": _counts(read(standing.by_status)),
        "events": {"pending": lag.pending, "seconds": lag.seconds, "refused": lag.refused},
        "dead_letters": letters,
        "queue": _of_redis(queues.depth),
        "lag": _of_redis(_lag),
    }


def _slow() -> Document:
    now = datetime.now(UTC)
    return {
        "stuck": _counts(read(lambda session: stuck.counts(session, now))),
        "pace": read(lambda session: pace.by_status(session, now)),
    }


def _counts(counted: Mapping[str, standing.Count]) -> list[Document]:
    return [{"status": status, "count": count.value, "kind": count.kind} for status, count in counted.items()]


def _whole(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _hours(hours: list[Hour], now: datetime) -> list[Document]:
    placed = {hour.hour: hour.placed for hour in hours}
    shown = [_whole(now) - back * HOUR for back in range(SHOWN_HOURS - 1, -1, -1)]
    return [{"hour": hour, "placed": placed.get(hour), "week_before": placed.get(hour - WEEK * HOUR)} for hour in shown]


def _placed(hours: list[Hour], now: datetime, back: int) -> int:
    """Orders of seven days, that end with the hour that ran `back` hours ago."""
    until = _whole(now) - (back - 1) * HOUR
    return sum(hour.placed for hour in hours if until - WEEK * HOUR <= hour.hour < until)


def _largest(hours: list[Hour], now: datetime) -> dict[str, int]:
    placed: dict[str, int] = {}
    for hour in hours:
        if hour.hour > now - timedelta(days=1):
            for facility, orders in hour.facilities.items():
                placed[facility] = placed.get(facility, 0) + orders
    named = sorted(((orders, name) for name, orders in placed.items() if name != OTHERS), reverse=True)
    return {name: orders for orders, name in named[:SHOWN_FACILITIES]}


def _facilities(largest: Mapping[str, int]) -> list[Document]:
    if not largest:
        return []
    still_open = read(lambda session: standing.open_of(session, list(largest)))
    return [
        {"facility": name, "placed": orders, "open": still_open[name].value, "kind": still_open[name].kind}
        for name, orders in largest.items()
    ]


def _revenue(hours: list[Hour], now: datetime) -> dict[str, list[Document]]:
    """By day of UTC. A day is known as far as its hours are: None if none of them is."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(REVENUE_DAYS - 1, -1, -1)]
    found: dict[datetime, dict[str, Decimal]] = {}
    for hour in hours:
        amounts = hourly.net(hour)
        if amounts is None:
            continue
        day = found.setdefault(hour.hour.replace(hour=0), {})
        for currency, amount in amounts.items():
            day[currency] = day.get(currency, Decimal(0)) + amount
    currencies = sorted({currency for day in found.values() for currency in day})
    return {
        currency: [
            {"day": day, "net": f"{found[day].get(currency, Decimal(0)):f}" if day in found else None} for day in days
        ]
        for currency in currencies
    }


def _of_redis(work: Callable[[], Any]) -> Any:
    try:
        return work()
    except redis.RedisError:
        return None


def _lag() -> dict[str, int]:
    lag: dict[str, int] = {}
    for (topic, _), left in read_lag(redis_client()).items():
        lag[topic] = lag.get(topic, 0) + left
    return lag
