"""The orders of a page as they are answered: finished bytes from the cache, and in one query what it does not hold."""

from collections.abc import Callable, Sequence

import orjson
from sqlalchemy import Connection

from oms.api.read_your_writes import read_recent
from oms.orders import cache, store
from oms.orders.order import Order
from oms.orders.queries import Found
from oms.transactions import look

Source = Callable[[Callable[[Connection], list[Order]]], list[Order]]


def documents(found: Sequence[Found]) -> list[orjson.Fragment]:
    """The orders in their order; an order that has changed meanwhile is shown as it is now."""
    bodies = cache.held({order.order_id: order.version for order in found})
    # The primary last: a replica may not have yet what the primary has listed a moment ago.
    for source in (read_recent, look):
        if missing := [order.order_id for order in found if order.order_id not in bodies]:
            bodies |= _from(source, missing)
    return [orjson.Fragment(bodies[order.order_id]) for order in found]


def _from(source: Source, order_ids: Sequence[str]) -> dict[str, bytes]:
    return cache.store(source(lambda connection: store.get_many(connection, order_ids)))
