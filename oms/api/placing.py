"""Placing an order over HTTP: all of it is worked out first; then one statement writes the order, its events and the
answer that is kept for the caller's key."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from oms.api import access, checkout, idempotency
from oms.extensions import settings
from oms.idempotency import Answer, Claim
from oms.orders import cache, placement, store
from oms.orders.order import Order, etag
from oms.transactions import follow_up


def place(body: Any, data: Mapping[str, Any], answer: Callable[[Order, bytes], bytes]) -> Response:
    """Place what `body` asked for, loaded as `data`; `answer` makes the answer of the order and its representation."""
    order, change, whole = placement.draw_up(data, access.actor())
    made = Answer(answer(order, whole), 201, f"/orders/{order.order_id}", etag(order.version))

    def work(on: Session | Connection, claim: Claim | None = None) -> Answer:
        store.create(on, order, change, claim.row(made) if claim else None)
        return made

    # Where an order lies on one node and the stored answer on another, no statement writes both.
    given = idempotency.run(work, body) if settings().database_distributed else idempotency.run_as_one(work, body)
    if not given.replayed:
        follow_up(lambda: cache.spread(order, whole))
    return checkout.opened(given, data)
