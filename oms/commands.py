"""`flask oms ...`: what admins and process managers run."""

import signal
import threading
from types import FrameType

import click
from confluent_kafka import KafkaException
from flask import Flask
from flask.cli import AppGroup

from oms import (
    account_commands,
    bulk_commands,
    consumer_commands,
    distribution_command,
    doctor_command,
    generate_command,
    kafka,
    order_commands,
    payment_commands,
    schema_version,
    stats_command,
    tail_command,
)
from oms.extensions import settings
from oms.jobs.sweep import Sweep
from oms.observability import logs

# These are processes: their log is what they have to say.
_PROCESSES = ("consume", "sweep")


def _log_beside_the_answer() -> None:
    context = click.get_current_context()
    if context.invoked_subcommand not in _PROCESSES:
        logs.to_standard_error()
        context.call_on_close(lambda: logs.to_standard_error(False))


oms = AppGroup(
    "oms", help="Run and look after the order management system.", callback=_log_beside_the_answer, no_args_is_help=True
)


@oms.command("sweep")
@click.option("--every", type=click.FloatRange(min=0.1), help="Seconds between rounds; without it, one round.")
def sweep(every: float | None) -> None:
    """Find what was left behind, expire and purge: the clock process."""
    schema_version.refuse_older()
    stop = threading.Event()

    def leave(_: int, __: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    clock = Sweep()
    clock.round()
    while every is not None and not stop.wait(every):
        clock.round()


@oms.command("create-topics")
def create_topics() -> None:
    """Create the Kafka topics that are missing, with the configured partitions, replicas and retention."""
    try:
        made = kafka.create_topics(settings())
    except KafkaException as error:
        raise click.ClickException(f"Kafka does not answer: {error.args[0].name()}") from error
    if made.created:
        click.echo(f"created {', '.join(made.created)}")
    if made.refused:
        reasons = (f"{topic} ({reason})" for topic, reason in made.refused.items())
        raise click.ClickException(f"not created: {', '.join(reasons)}")
    if not made.created:
        click.echo("nothing to create")


def add_all() -> None:
    """Put the commands of all the other modules into the group."""
    for command in (
        *account_commands.COMMANDS,
        *consumer_commands.COMMANDS,
        *payment_commands.COMMANDS,
        *doctor_command.COMMANDS,
        *distribution_command.COMMANDS,
        *generate_command.COMMANDS,
        *order_commands.COMMANDS,
        *stats_command.COMMANDS,
        *tail_command.COMMANDS,
        *bulk_commands.COMMANDS,
    ):
        oms.add_command(command)


def register(app: Flask) -> None:
    add_all()
    app.cli.add_command(oms)
