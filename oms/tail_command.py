"""`flask oms tail`: events as they are committed, and as Kafka confirms them."""

import re
import signal
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import click
from click.shell_completion import CompletionItem
from flask.cli import with_appcontext

from oms import strict_json, terminal
from oms.errors import Unavailable
from oms.order_ids import OrderId
from oms.outbox_tail import Seen, Tail
from oms.transactions import look

EVERY_SECONDS = 0.5
AWAY_SECONDS = 2.0
_SINCE = re.compile(r"([1-9][0-9]{0,4})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SCHEMAS = Path(__file__).parent / "orders/event_schemas"


class Since(click.ParamType[datetime]):
    """`10m`, or a time such as `2024-01-01T10:00:00`, UTC where no zone is given."""

    name = "since"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if match := _SINCE.fullmatch(str(value)):
            return datetime.now(UTC) - timedelta(**{_UNITS[match[2]]: int(match[1])})
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is neither like 30s, 10m, 2h, 1d nor like 2024-01-01T10:00:00.", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class EventType(click.ParamType[str]):
    """A part of an event type's name; the shell completes the whole one."""

    name = "type"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        known = sorted(path.name.removesuffix(".json") for path in _SCHEMAS.glob("*.json"))
        return [CompletionItem(name) for name in known if incomplete in name]


@click.command("tail")
@click.option("--order", "order_id", type=OrderId(), help="Only events of this order.")
@click.option("--type", "types", type=EventType(), multiple=True, help="Types with this in their name; repeatable.")
@click.option("--since", type=Since(), help="A time, or so long ago: 30s, 10m, 2h, 1d; from now on without it.")
@click.option("--no-follow", is_flag=True, help="Print what there is and end.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each, with the event's data.")
@with_appcontext
def tail(order_id: str | None, types: tuple[str, ...], since: datetime | None, no_follow: bool, as_json: bool) -> None:
    """Follow events: a line when one is committed, and one when Kafka has confirmed it. Ctrl-C ends it.

    An event that was confirmed before it could be shown has one line, `published`. What lies further back than the
    outbox is kept (OUTBOX_RETENTION_HOURS) is gone.
    """
    watched = Tail(since or datetime.now(UTC), order_id, types)
    stop = _stop_on_signals()
    while not stop.is_set():
        pause = EVERY_SECONDS
        try:
            look(lambda connection: _print_all(watched.look(connection), as_json, stop))
        except Unavailable as error:
            if no_follow:
                raise click.ClickException(error.detail) from error
            click.echo(error.detail, err=True)
            pause = AWAY_SECONDS
        if no_follow:
            return
        stop.wait(pause)


COMMANDS: tuple[click.Command, ...] = (tail,)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def leave(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    return stop


def _print_all(found: Iterator[Seen], as_json: bool, stop: threading.Event) -> None:
    out = terminal.console()
    for seen in found:
        if stop.is_set():
            return
        if as_json:
            terminal.print_json(_document(seen))
        else:
            out.print(_line(seen), soft_wrap=True)
        sys.stdout.flush()


def _line(seen: Seen) -> Any:
    event = seen.event
    moment = seen.published_at if seen.sent and seen.published_at else event.created_at
    state = "published" if seen.published_at else "committed"
    place = f"{event.version}.{event.position}"
    line = terminal.coloured(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + "  ")
    line.append(f"{event.order_id:<26}  ", style="bold")
    line.append(f"{place:>6}  {event.type:<32}  ")
    line.append_text(terminal.coloured(_status(event) or "-"))
    line.append("  ")
    line.append_text(terminal.coloured(state))
    if seen.sent and seen.published_at:
        line.append(f" after {(seen.published_at - event.created_at).total_seconds():.2f} s")
    return line


def _status(event: Any) -> str | None:
    found = strict_json.read(event.body.encode()).get("status")
    return found if isinstance(found, str) else None


def _document(seen: Seen) -> dict[str, Any]:
    event = seen.event
    names = ("event_id", "order_id", "version", "position", "type", "topic", "created_at")
    return {
        "state": "published" if seen.published_at else "committed",
        **{name: getattr(event, name) for name in names},
        "published_at": seen.published_at,
        "data": strict_json.read(event.body.encode()),
    }
