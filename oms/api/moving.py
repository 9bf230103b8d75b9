"""Moving an order over HTTP. Most moves touch nothing but the order and its lines: such a one is read, worked out
without a lock and written by one statement, if nobody else was quicker. All else is done while the order is held."""

from collections.abc import Sequence

from flask import Response, request
from sqlalchemy import Connection

from oms.api import access, idempotency, openapi
from oms.api.changing import change
from oms.extensions import settings
from oms.idempotency import Answer, Claim
from oms.orders import cache, changes, representation, store
from oms.orders.order import Order, Why, etag
from oms.transactions import follow_up


class _HoldIt(Exception):
    """This move has to be done while the order is held."""


def move(order_id: str, word: str, why: Why, expected: Sequence[int] | None) -> Response:
    """Move an order to the status that `word` means and answer with the order as it is afterwards.

    Raises as `changes.change_status`.
    """
    actor = access.actor()
    # Where an order lies on one node and the stored answer on another, no statement writes both.
    if not settings().database_distributed:
        try:
            return _plain(order_id, word, why, expected)
        except (_HoldIt, store.Overtaken):
            pass
    return change(lambda session: changes.change_status(session, order_id, word, actor, why, expected))


def _plain(order_id: str, word: str, why: Why, expected: Sequence[int] | None) -> Response:
    actor, written = access.actor(), list[Order]()

    def work(on: Connection, claim: Claim | None) -> Answer:
        planned = changes.plain_move(on, order_id, word, actor, why, expected)
        if planned is None:
            raise _HoldIt
        order, what = planned
        store.advance(order, what)
        body = representation.render(order)
        made = Answer(body, etag=etag(order.version))
        store.save_if_unchanged(on, order, what, claim.row(made) if claim else None)
        written.append(order)
        return made

    answer = idempotency.run_as_one(work, openapi.sent_body(request))
    if written:
        follow_up(lambda: cache.spread(written[0], answer.body))
    return idempotency.response(answer)
