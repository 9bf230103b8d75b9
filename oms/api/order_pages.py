"""The orders of a page as they are answered: finished bytes from the cache, and in one query what it does not hold."""

from collections.abc import Sequence

import orjson

from oms.api.read_your_writes import read_recent
from oms.orders import cache, store
from oms.orders.queries import Found


def documents(found: Sequence[Found]) -> list[orjson.Fragment]:
    """The orders in their order; an order that has changed meanwhile is shown as it is now."""
    bodies = cache.held({order.order_id: order.version for order in found})
    missing = [order.order_id for order in found if order.order_id not in bodies]
    if missing:
        bodies |= cache.store(read_recent(lambda session: store.get_many(session, missing)))
    return [orjson.Fragment(bodies[order.order_id]) for order in found]
