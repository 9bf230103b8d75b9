"""Ids of orders as commands take them: completed by the shell, and with those that are meant when there is none."""

import click
from click.shell_completion import CompletionItem
from flask.cli import ScriptInfo

from oms.errors import NotFound, OmsError
from oms.orders import queries, store
from oms.orders.order import Order
from oms.transactions import look

MOST_SUGGESTED = 5


class OrderId(click.ParamType[str]):
    """An order's id; the shell completes it from those that begin so."""

    name = "order_id"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        with ctx.ensure_object(ScriptInfo).load_app().app_context():
            try:
                return [CompletionItem(order_id) for order_id in _beginning(incomplete)]
            except OmsError:
                return []


def order_of(order_id: str) -> Order:
    """The order; raises `NotFound` that names those whose id begins alike."""
    found = look(lambda connection: store.get(connection, order_id, None))
    if found is None:
        near = [other for spelling in dict.fromkeys((order_id, order_id.upper())) for other in _beginning(spelling)]
        hint = f" Did you mean {' or '.join(near[:MOST_SUGGESTED])}?" if near else ""
        raise NotFound(f"There is no order {order_id}.{hint}", code="order_not_found")
    return found


def _beginning(prefix: str) -> list[str]:
    if not prefix:
        return []
    page = look(lambda connection: queries.list_orders(connection, {"q": prefix}, 20, None))
    return [found.order_id for found in page.orders if found.order_id.startswith(prefix)]
