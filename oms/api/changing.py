"""Changes of an order over HTTP, and what they answer."""

from collections.abc import Callable

from flask import Response, request
from sqlalchemy.orm import Session

from oms.api import idempotency, openapi
from oms.idempotency import Answer
from oms.orders import cache, representation
from oms.orders.order import Outcome, etag


def change(work: Callable[[Session], Outcome]) -> Response:
    """Run a change and answer with the order as it is afterwards."""

    def answer(session: Session) -> Answer:
        outcome = work(session)
        order = outcome.order
        body = cache.announce(session, order) if outcome.applied else _unchanged(outcome)
        return Answer(body, etag=etag(order.version))

    return idempotency.commit(answer, openapi.sent_body(request))


def _unchanged(outcome: Outcome) -> bytes:
    """The order as it stands; who reported a stage that lies behind is told that it was not applied."""
    body = representation.render(outcome.order)
    return b'{"applied":false,' + body[1:] if outcome.late else body
