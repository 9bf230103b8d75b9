"""Answers about a part of an order: the part's document, and where the order stands with it."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from oms import strict_json
from oms.api import access
from oms.api.read_your_writes import read_recent
from oms.errors import NotFound
from oms.idempotency import Answer
from oms.ids import ORDER_ID
from oms.orders import balance, cache, store
from oms.orders.order import Order, Outcome, etag
from oms.orders.representation import amount


def stand(order: Order) -> dict[str, Any]:
    """Where the order stands: its status and its money."""
    return {
        "order_id": order.order_id,
        "order_status": order.status,
        "payment_state": balance.payment_state(order),
        "amount_due": amount(balance.due(order), order.currency),
    }


def changed(session: Session, outcome: Outcome, document: Mapping[str, Any], status: int = 200) -> Answer:
    """The answer to a change of a part, announced to whoever caches the order."""
    if outcome.applied:
        cache.announce(session, outcome.order)
    body = strict_json.write({**document, **stand(outcome.order)})
    return Answer(body, status, etag=etag(outcome.order.version))


def found(order_id: str) -> Order:
    """The caller's order; raises `NotFound` order_not_found when absent or somebody else's."""
    owner = access.actor().owner_id
    order = read_recent(lambda session: store.get(session, order_id, owner)) if ORDER_ID.fullmatch(order_id) else None
    if order is None:
        raise NotFound("There is no such order.", code="order_not_found")
    return order


def part(order_id: str, documents: Callable[[Order], Mapping[str, Any]]) -> Response:
    """A part of the caller's order, with its stand and tag."""
    order = found(order_id)
    response = json({**documents(order), **stand(order)})
    response.headers["ETag"] = etag(order.version)
    return response


def json(document: Any) -> Response:
    return Response(strict_json.write(document), content_type="application/json")
