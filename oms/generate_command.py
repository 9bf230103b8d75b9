"""`flask oms generate`: a database full of orders, to measure with and to try things out."""

import time

import click
from flask.cli import with_appcontext

from oms.extensions import settings
from oms.generation.copying import Warehouse
from oms.orders import customer_counts


@click.command("generate")
@click.option("--orders", type=click.IntRange(1), required=True, help="How many there shall be in all.")
@click.option("--per-day", type=click.FloatRange(1), default=10_000, show_default=True, help="Orders placed a day.")
@click.option("--yes", is_flag=True, help="Also into a database that has other orders.")
@with_appcontext
def generate(orders: int, per_day: float, yes: bool) -> None:
    """Write made-up orders, the newest first and then back in time; a run that was interrupted is continued.

    They can't be told from others but by their ids (GEN-...), and there is no way to take them out again.
    """
    database = Warehouse(settings())
    if not yes and database.others():
        raise click.ClickException("This database has orders that were not generated; --yes if that is meant.")
    held, began = database.held(), time.monotonic()
    with click.progressbar(length=max(0, orders - held), label=f"{held} there") as bar:
        for written in database.fill(orders, per_day):
            bar.update(written)
    seconds = time.monotonic() - began
    database.analyze()
    if not customer_counts.forget_all():
        hours = customer_counts.KEPT_SECONDS // 3600
        click.echo(f"Redis is away: totals of customers that it holds may be too low for up to {hours} h.", err=True)
    written = max(0, orders - held)
    click.echo(f"{written} orders written, {written / max(seconds, 0.001):.0f} a second; {max(orders, held)} in all")


COMMANDS = (generate,)
