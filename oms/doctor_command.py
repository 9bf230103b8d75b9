"""`flask oms doctor`: everything that can be looked at from here, and what to do about it."""

from collections.abc import Iterator

import click
from flask.cli import with_appcontext

from oms.doctor import broker, database, redis_server, work
from oms.doctor.finding import Finding
from oms.extensions import settings


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Look at the configuration and every server, and say what to fix; exit 1 if something is broken."""
    found = []
    for finding in _examine():
        found.append(finding.grade)
        click.echo(_line(finding))
    broken, doubtful = found.count("fail"), found.count("warn")
    click.echo(f"{len(found)} looked at: {broken} broken, {doubtful} to look into")
    if broken:
        raise SystemExit(1)


def _examine() -> Iterator[Finding]:
    chosen = settings()
    yield Finding("ok", "configuration", "complete")  # an incomplete one has stopped this process already
    yield from database.examine(chosen)
    yield from redis_server.examine(chosen)
    yield from broker.examine(chosen)
    yield from work.examine()


def _line(finding: Finding) -> str:
    line = f"{finding.grade:<4}  {finding.what:<19}  {finding.found}"
    return f"{line}\n      -> {finding.advice}" if finding.advice else line


COMMANDS = (doctor,)
