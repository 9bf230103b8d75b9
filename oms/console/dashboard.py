"""The dashboard: how it goes, and what waits for somebody. It refreshes itself unless it is paused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request, url_for

from oms.console import access, charts
from oms.console.blueprint import blueprint
from oms.console.charts import Chart
from oms.console.formats import duration
from oms.console.pages import page, wants_part
from oms.extensions import settings
from oms.figures import dashboard as figures
from oms.figures.standing import OPEN

# Events are on their way for a moment; who waits longer than this waits for somebody.
LATE_SECONDS = 60
FAR_BEHIND = 10_000
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure that should be looked at when it isn't well; `tone` is that of a badge, `word` says it in a word."""

    title: str
    value: str
    detail: str
    tone: str
    word: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with its labels along the bottom, and its values as rows of a table."""

    chart: Chart
    labels: Sequence[str]
    rows: Sequence[tuple[str, ...]]
    gaps: bool = False


@blueprint.route("/dashboard", methods=["GET"])
@access.staff
def dashboard() -> Response:
    """All figures, at most some seconds old; `?paused=1` leaves them as they are."""
    found = figures.figures()
    shown = {
        "at": _local(found["at"]),
        "clock": f"{_local(found['at']):%H:%M:%S %Z}",
        "tiles": _tiles(found),
        "placed": _placed(found),
        "week": found["week"],
        "revenue": {currency: _revenue(currency, days) for currency, days in found["revenue"].items()},
        "statuses": _statuses(found),
        "pace": [{**pace, "median": _span(pace["median"]), "p90": _span(pace["p90"])} for pace in found["pace"]],
        "facilities": found["facilities"],
    }
    if wants_part():
        return page("figures.html", **shown)
    return page("dashboard.html", **shown, paused="paused" in request.args, seconds=figures.FRESH_SECONDS)


def count(value: int, kind: str) -> str:
    """1,204 or ≈ 89,200 or 500+."""
    sizes = {"exactly": f"{value:,}", "about": f"≈ {_rounded(value):,}", "at least": f"{value:,}+"}
    return sizes[kind]


def _rounded(value: int) -> int:
    """To three places: an estimate knows no more."""
    step = int(10 ** max(0, len(str(value)) - 3))
    return round(value / step) * step


def _tiles(found: Document) -> list[Tile]:
    stuck = sum(each["count"] for each in found["stuck"])
    more = any(each["kind"] == "at least" and each["count"] for each in found["stuck"])
    letters, events = found["dead_letters"], found["events"]
    late = events["seconds"] > LATE_SECONDS or events["refused"]
    return [
        _judged(
            "Stuck orders",
            count(stuck, "at least" if more else "exactly"),
            "longer in a status than usual",
            not stuck,
            "warning",
            url_for("console.stuck_orders"),
        ),
        _judged(
            "Dead letters",
            f"{letters:,}",
            "messages nobody could use",
            not letters,
            "danger",
            url_for("console.dead_letters"),
        ),
        _judged("Events to send", f"{events['pending']:,}", _oldest(events), not late, "danger"),
        *_queue_tiles(found["queue"]),
        _lag_tile(found["lag"]),
    ]


def _judged(title: str, value: str, detail: str, well: bool, tone: str, address: str | None = None) -> Tile:
    return Tile(title, value, detail, "success" if well else tone, "OK" if well else "Check", address)


def _oldest(events: Document) -> str:
    if events["refused"]:
        return f"{events['refused']:,} refused by the broker"
    return f"the oldest for {_span(events['seconds'])}" if events["pending"] else "everything is sent"


def _queue_tiles(queue: Document | None) -> list[Tile]:
    address = url_for("console.failed_jobs")
    if queue is None:
        return [Tile("Jobs", "not known", "Redis can't be reached", "danger", "Check", address)]
    failed = queue["failed"]
    return [
        _judged("Failed jobs", f"{failed:,}", "of the last week", not failed, "danger", address),
        _judged("Jobs waiting", f"{queue['waiting']:,}", "for the worker", queue["waiting"] < 100, "warning"),
    ]


def _lag_tile(lag: dict[str, int] | None) -> Tile:
    if not lag:
        return Tile("Messages to read", "not known", "no consumer has reported", "warning", "Check")
    left = sum(lag.values())
    topic, most = max(lag.items(), key=lambda item: item[1])
    detail = f"most of them in {topic}" if most else "everything is read"
    return _judged("Messages to read", f"{left:,}", detail, left < FAR_BEHIND, "warning")


def _local(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(settings().default_timezone))


def _placed(found: Document) -> Drawn:
    hours = found["hours"]
    times = [_local(hour["hour"]) for hour in hours]
    rows = [
        (f"{time:%a %d %b, %H:%M}", _number(hour["placed"]), _number(hour["week_before"]))
        for time, hour in zip(times, hours, strict=True)
    ]
    notes = [f"{when}: {placed} orders, {before} a week before" for when, placed, before in rows]
    values = [hour["placed"] for hour in hours]
    drawn = charts.chart(values, notes, [hour["week_before"] for hour in hours])
    return Drawn(drawn, [f"{time:%a %H:%M}" for time in times[::12]], rows)


def _revenue(currency: str, days: list[Document]) -> Drawn:
    times = [datetime.fromisoformat(day["day"]) for day in days]
    amounts = [None if day["net"] is None else float(day["net"]) for day in days]
    rows = [
        (f"{time:%a %d %b}", "not known" if amount is None else f"{amount:,.2f}")
        for time, amount in zip(times, amounts, strict=True)
    ]
    notes = [f"{when}: {amount} {currency}" for when, amount in rows]
    labels = [f"{time.day} {time:%b}" for time in times[::7]]
    return Drawn(charts.chart(amounts, notes), labels, rows, None in amounts)


def _number(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _statuses(found: Document) -> list[Document]:
    """With the width of a bar, in hundredths of the largest that somebody still has to do something with."""
    stuck = {each["status"]: each for each in found["stuck"]}
    largest = max([each["count"] for each in found["by_status"] if each["status"] in OPEN] + [1])
    return [
        {
            "status": each["status"],
            "count": count(each["count"], each["kind"]),
            "width": round(100 * min(1, each["count"] / largest), 1) if each["status"] in OPEN else None,
            "stuck": _stuck(stuck.get(each["status"])),
        }
        for each in found["by_status"]
    ]


def _stuck(counted: Document | None) -> str:
    return count(counted["count"], counted["kind"]) if counted and counted["count"] else ""


def _span(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))
