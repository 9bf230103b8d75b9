"""The consumer from the command line: the process itself, and what it has set aside."""

import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType

import click
from flask.cli import with_appcontext

from oms import dead_letters, schema_version, strict_json
from oms.accounts.actor import COMMAND_LINE
from oms.consumer import health, replay
from oms.consumer.dead_lettering import Forwarder
from oms.consumer.loop import Loop
from oms.dead_letters import DeadLetter, Where
from oms.errors import Invalid, OmsError, Unavailable
from oms.extensions import settings
from oms.transactions import read, transaction

MOST_LISTED = 1000
_COLUMNS = "{:>8}  {:<20}  {:<26}  {:>8}  {:>5}  {}"


@click.command("consume")
@with_appcontext
def consume() -> None:
    """Work off the consumed topics until SIGTERM."""
    schema_version.refuse_older()
    pulse = health.Pulse()
    loop = Loop(settings(), pulse)

    def leave(_: int, __: FrameType | None) -> None:
        loop.stop()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    address, port = settings().bind_address, settings().consumer_health_port
    try:
        with health.serving(pulse, address, port):
            loop.run()
    except OSError as error:
        raise click.ClickException(f"CONSUMER_HEALTH_PORT {port}: {error.strerror}") from error


@click.group("dlq")
def dlq() -> None:
    """Messages that were set aside: what they are, and trying them again."""


@dlq.command("list")
@click.option("--topic", help="Only those of this topic.")
@click.option("--all", "everything", is_flag=True, help="Also those that were replayed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line, with the message itself.")
@with_appcontext
def list_dead_letters(topic: str | None, everything: bool, as_json: bool) -> None:
    """The oldest 1000, oldest first."""
    try:
        letters = read(lambda session: [*dead_letters.found(session, Where(topic, everything), MOST_LISTED)])
    except OmsError as error:
        raise click.ClickException(error.detail) from error
    if not as_json:
        click.echo(_COLUMNS.format("ID", "TOPIC", "KEY", "AGE", "TRIES", "REASON"))
    for letter in letters:
        click.echo(strict_json.write(_document(letter)).decode() if as_json else _line(letter))


@dlq.command("replay")
@click.argument("ids", type=click.IntRange(min=1), nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@click.option("--topic", help="All of this topic that wait.")
@with_appcontext
def replay_dead_letters(ids: Sequence[int], everything: bool, topic: str | None) -> None:
    """Send messages to their topic again, as they came. Those whose cause is not cured come back."""
    if sum((bool(ids), everything, topic is not None)) != 1:
        raise click.UsageError("Give ids, or --all, or --topic.")
    try:
        wanted = ids or read(lambda session: replay.waiting_ids(session, topic))
        forwarder = Forwarder(settings())
        refused = [letter_id for letter_id in wanted if not _replayed(forwarder, letter_id)]
    except Unavailable as error:
        raise click.ClickException(error.detail) from error
    if refused:
        raise click.ClickException(f"{len(refused)} not replayed")


@dlq.command("discard")
@click.argument("letter_id", metavar="ID", type=click.IntRange(min=1))
@click.option("--reason", required=True, help="Why nobody needs it any more; kept with it and in the audit log.")
@with_appcontext
def discard_dead_letter(letter_id: int, reason: str) -> None:
    """Give a message up for good; it stays in the table."""
    try:
        done = transaction(lambda session: dead_letters.discard(session, COMMAND_LINE, letter_id, reason))
    except OmsError as error:
        raise click.ClickException(error.detail) from error
    if not done:
        raise click.ClickException(f"{letter_id} does not wait")
    click.echo(f"{letter_id} discarded")


def _replayed(forwarder: Forwarder, letter_id: int) -> bool:
    try:
        done = replay.replay(forwarder, letter_id, COMMAND_LINE)
    except Invalid as error:
        click.echo(f"{letter_id} {error.detail}")
        return False
    click.echo(f"{letter_id} replayed" if done else f"{letter_id} does not wait to be replayed")
    return done


COMMANDS: tuple[click.Command, ...] = (consume, dlq)


def _line(letter: DeadLetter) -> str:
    age = _age((datetime.now(UTC) - letter.created_at).total_seconds())
    return _COLUMNS.format(letter.id, letter.topic, _text(letter.key) or "-", age, letter.attempts, letter.reason)


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.0f}s"


def _document(letter: DeadLetter) -> dict[str, object]:
    return {
        "id": letter.id,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset_,
        "event_id": letter.event_id,
        "key": _text(letter.key),
        "value": _text(letter.value),
        "headers": letter.headers,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "created_at": letter.created_at,
        "replayed_at": letter.replayed_at,
        "discarded_at": letter.discarded_at,
        "discard_reason": letter.discard_reason,
    }


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode(errors="replace")
