"""Money from the command line: for whoever closes the books, and whoever is called when a refund hangs."""

from datetime import timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from oms.accounts.actor import COMMAND_LINE
from oms.errors import OmsError
from oms.extensions import settings
from oms.gateway import reconciliation
from oms.orders import cache, refunds, store
from oms.orders.representation import refund_status
from oms.transactions import transaction


@click.command("reconcile-payments")
@click.option("--provider", "name", help="razorpay or stripe; the default provider when absent.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far back.")
@with_appcontext
def reconcile_payments(name: str | None, days: int) -> None:
    """Compare captures and refunds with the provider's and print what differs; exit 1 if anything does."""
    name = name or settings().payment_provider
    compared = found = 0
    try:
        for differences in reconciliation.compare(name, store.now() - timedelta(days=days)):
            compared += 1
            found += len(differences)
            for difference in differences:
                click.echo(_line(difference))
    except OmsError as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"{compared} payments compared with {name}, {found or 'no'} difference{'' if found == 1 else 's'}")
    if found:
        raise SystemExit(1)


def _line(difference: reconciliation.Difference) -> str:
    ours, theirs = ("-" if side is None else f"{side:f}" for side in (difference.ours, difference.theirs))
    return (
        f"{difference.order_id} {difference.payment_id} {difference.what}: ours {ours}, theirs {theirs}"
        f" ({difference.hint})"
    )


@click.command("retry-refund")
@click.argument("order_id")
@click.argument("refund_id")
@click.option("--by-hand", is_flag=True, help="The money was given back without the provider: record that.")
@with_appcontext
def retry_refund(order_id: str, refund_id: str, by_hand: bool) -> None:
    """Try a failed refund again, with the same keys."""

    def work(session: Session) -> str:
        outcome, shares = refunds.retry(session, order_id, refund_id, COMMAND_LINE, by_hand=by_hand)
        cache.announce(session, outcome.order)
        return refund_status(shares)

    try:
        click.echo(f"{refund_id} {transaction(work)}")
    except OmsError as error:
        raise click.ClickException(error.detail) from error


COMMANDS = (reconcile_payments, retry_refund)
