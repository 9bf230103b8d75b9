"""`flask oms export` and `flask oms import`: files of orders, past HTTP and its limits."""

import sys
import time
from hashlib import file_digest
from itertools import chain
from pathlib import Path
from typing import IO, Any

import click
from flask.cli import with_appcontext
from marshmallow import ValidationError

from oms import strict_json
from oms.accounts.actor import system
from oms.bulk import formats, imports, running, uploads, wrong_rows
from oms.bulk.drafts import Draft
from oms.errors import OmsError, Unavailable
from oms.fields import Timestamp
from oms.transactions import read, transaction

SHOWN_ERRORS = 20
LOOK_EVERY_SECONDS = 0.3
_IMPORTS = {".csv": uploads.CSV, ".ndjson": uploads.NDJSON, ".jsonl": uploads.NDJSON}


class RefusedError(click.ClickException):
    """Nothing was done: the command line or the file is wrong."""

    exit_code = 2


class Moment(click.ParamType[Any]):
    """A time as the API takes it."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        try:
            return Timestamp().deserialize(value)
        except ValidationError as error:
            self.fail(str(error.messages[0]), param, context)


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "name", type=click.Choice(list(formats.ALL)), help="Else the file's name decides.")
@click.option("--status")
@click.option("--facility-id")
@click.option("--customer-id")
@click.option("--created-from", type=Moment())
@click.option("--created-to", type=Moment(), help="Up to, not including.")
@click.option("--q", help="As in a list: an id or its beginning, a customer, a facility, a phone number, a SKU.")
@with_appcontext
def export(file: Path, name: str | None, **filters: Any) -> None:
    """Write orders into FILE, newest first; a run that was interrupted is continued."""
    chosen = name or file.suffix.removeprefix(".").lower()
    if chosen not in formats.ALL:
        raise RefusedError(f"Name the format (--format) or the file so that it shows: {', '.join(formats.ALL)}.")
    given = {name: value for name, value in filters.items() if value is not None}
    draft = Draft.begin_or_continue(file, formats.ALL[chosen], given)
    label = f"continuing after {draft.orders}" if draft.orders else "exporting"
    try:
        with click.progressbar(draft.write(), label=label, show_pos=True, file=sys.stderr) as bar:
            for _ in bar:
                bar.label = f"{draft.orders} orders"
    except OmsError as error:
        raise click.ClickException(f"{error.detail} Run it again to go on.") from error
    click.echo(f"{draft.orders} orders in {file}")


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "name", type=click.Choice(list(uploads.FORMATS)), help="Else the file's name decides.")
@click.option("--dry-run", is_flag=True, help="Only look what would be refused.")
@click.option("--errors", type=click.File("w", lazy=True), help="A CSV file for all that was wrong.")
@click.option("--json", "as_json", is_flag=True, help="The import as one JSON document.")
@with_appcontext
def import_(file: Path, name: str | None, dry_run: bool, errors: IO[str] | None, as_json: bool) -> None:
    """Place the orders of FILE. A run that was interrupted goes on in the bulk worker, and here when it is run again.

    Ends with 0 when all were placed, 1 when some were refused or it failed, 2 when the file can't be read.
    """
    format = name or _IMPORTS.get(file.suffix.lower())
    if format is None:
        raise RefusedError("Name the format (--format) or the file so that it shows: csv, ndjson.")
    about = {"format": format, "file_name": file.name[:200], "dry_run": dry_run}
    try:
        with file.open("rb") as opened:
            made = _begin_or_continue(opened, about)
        done = _worked_off(made)
    except OSError as error:
        raise RefusedError(f"{file}: {error.strerror}") from error
    except Unavailable as error:
        raise click.ClickException(f"{error.detail} Run it again to go on.") from error
    except OmsError as error:
        raise RefusedError(error.detail) from error
    if as_json:
        click.echo(strict_json.write(done))
    else:
        words = "would be placed" if dry_run else "placed"
        click.echo(f"{done['succeeded']} of {done['total']} orders {words}, {done['failed']} refused: {done['status']}")
    _tell_errors(done["import_id"], errors, quiet=as_json)
    sys.exit(0 if done["status"] == "completed" and not done["failed"] else 1)


def _begin_or_continue(file: IO[bytes], about: dict[str, Any]) -> dict[str, Any]:
    actor, digest = system("import"), file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    known = read(lambda session: imports.unfinished(session, digest, about["dry_run"], actor))
    if known:
        click.echo(f"continuing {known['import_id']} after {known['done']} orders", err=True)
        return known
    return transaction(lambda session: imports.accept(session, file, {**about, "digest": digest}, actor))


def _worked_off(made: dict[str, Any]) -> dict[str, Any]:
    """The import when it has ended, whoever did it: a bulk worker may be at it, too."""
    import_id, found = made["import_id"], made
    with click.progressbar(length=made["total"], label="importing", show_pos=True, file=sys.stderr) as bar:
        bar.update(made["done"])
        while found["status"] in ("queued", "running"):
            if not running.next_chunk(import_id):
                time.sleep(LOOK_EVERY_SECONDS)
            found = read(lambda session: imports.find(session, import_id, None))
            bar.update(found["done"] - bar.pos)
    return found


def _tell_errors(import_id: str, file: IO[str] | None, *, quiet: bool) -> None:
    if file is not None:
        file.writelines(wrong_rows.as_csv(import_id))
    elif not quiet:
        for position, error in enumerate(chain.from_iterable(wrong_rows.pages(import_id))):
            if position == SHOWN_ERRORS:
                click.echo("... and more: --errors FILE writes all of them", err=True)
                break
            click.echo(f"row {error['row_no']} {error['pointer']} {error['detail']} ({error['code']})", err=True)


COMMANDS = (export, import_)
