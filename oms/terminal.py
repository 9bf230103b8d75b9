"""What commands print: tables for people, plain where there is no terminal, JSON for programs, refusals in a line."""

import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from oms import strict_json
from oms.errors import OmsError

if TYPE_CHECKING:
    from rich.console import Console

# Wide enough that nothing is cut or wrapped for programs.
_NO_TERMINAL_COLUMNS = 1000
_COLOURS = {
    "green": {"confirmed", "delivered", "ok", "paid", "captured", "processed", "published", "done", "closed"},
    "yellow": {"pending", "processing", "packed", "partially_paid", "created", "committed", "late", "authorized"},
    "cyan": {"shipped", "partially_delivered", "accepted", "received"},
    "magenta": {"return_requested", "returned", "refunded", "partially_refunded"},
    "red": {"cancelled", "delivery_failed", "failed", "refused", "away", "rejected"},
}
_COLOUR_OF = {word: colour for colour, words in _COLOURS.items() for word in words}


def console() -> "Console":
    """Standard output as it is now. rich is loaded here, for no process but a command needs it."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _NO_TERMINAL_COLUMNS
    return Console(file=sys.stdout, width=width, highlight=False, emoji=False, markup=False)


def coloured(word: object) -> Any:
    """A status or an outcome, in its colour; anything else is text, and None is a dash."""
    from rich.text import Text

    text = "-" if word is None else str(word)
    return Text(text, style=_COLOUR_OF.get(text, ""))


def print_table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with its title above, and nothing at all without rows. Numbers stand to the right."""
    from rich.table import Table
    from rich.text import Text

    found = [list(row) for row in rows]
    if not found:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if _numbers(row[position] for row in found) else "left")
    for row in found:
        table.add_row(*map(coloured, row))
    out = console()
    if title:
        out.print(Text(f"\n{title}", style="bold underline"))
    out.print(table)


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Names and what they are, one a line; what is None is left out."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in facts:
        if value is not None:
            table.add_row(name, coloured(value))
    console().print(table)


def print_json(document: Any) -> None:
    """One JSON document on one line."""
    click.echo(strict_json.write(document))


def _numbers(cells: Iterable[object]) -> bool:
    from decimal import Decimal

    return all(isinstance(cell, int | float | Decimal) or cell is None for cell in cells)


@contextmanager
def refusals() -> Iterator[None]:
    """What the product refuses ends the command with status 1 and says in a line why, and what would be allowed."""
    try:
        yield
    except OmsError as error:
        allowed = error.extra.get("allowed")
        more = f" Allowed: {', '.join(allowed) or 'nothing'}." if isinstance(allowed, list) else ""
        raise click.ClickException(error.detail + more) from error


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence with the known words that are nearest, or nothing."""
    near = difflib.get_close_matches(word.lower(), list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""
