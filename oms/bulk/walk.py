"""A walk over orders, newest first: keyset pages, each read by itself, so that nothing is held between them.

It shows the orders that had been placed when it began, each at most once, as each stands when its page is read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from oms.orders import lifecycle, queries, store
from oms.orders.order import Order
from oms.orders.queries import Found
from oms.transactions import look

Reader = Callable[[Callable[[Connection], Any]], Any]
# Ids that are found by one query, and orders that are read, and held, at once: one may be as large as a request may be.
PAGE = 1000
BATCH = 100


class Batch(NamedTuple):
    """Orders, and the cursor of the list that goes on behind them."""

    orders: list[Order]
    cursor: str


def batches(
    filters: Mapping[str, Any], began: datetime, cursor: str | None = None, read: Reader = look
) -> Iterator[Batch]:
    """The orders that `filters` (as for `queries.list_orders`) choose of those placed before `began`.

    `cursor` is that of a batch after which to go on. Raises as `queries.list_orders`, and `Unavailable`.
    """
    until = min(began, filters.get("created_to") or began)
    wanted = {**filters, "created_to": until}
    status = lifecycle.parse(filters["status"]) if filters.get("status") else None
    more = True
    while more:
        page = read(partial(queries.list_orders, filters=wanted, limit=PAGE, cursor=cursor))
        more, cursor = page.next_cursor is not None, page.next_cursor
        for start in range(0, len(page.orders), BATCH):
            found = page.orders[start : start + BATCH]
            orders = read(partial(_whole, found=found))
            # One that has moved on since its page was found is no longer what was asked for.
            kept = [order for order in orders if status in (None, order.status)]
            yield Batch(kept, queries.cursor_at(found[-1].created_at, found[-1].order_id))


def _whole(connection: Connection, found: Sequence[Found]) -> list[Order]:
    orders = {order.order_id: order for order in store.get_many(connection, [order.order_id for order in found])}
    # A replica may be a moment behind the server that found them.
    return [orders[order.order_id] for order in found if order.order_id in orders]
