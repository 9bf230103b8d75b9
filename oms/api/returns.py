"""Return requests over HTTP."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.api import access, conditional, idempotency, openapi, order_answers
from oms.api.money_schemas import ReturnAnswer, ReturnsView
from oms.api.openapi import OmsBlueprint
from oms.api.orders import CHANGE_DOC
from oms.idempotency import Answer
from oms.orders import return_bodies, returns
from oms.orders.order import Outcome, ReturnRequest
from oms.orders.representation import return_document

blueprint = OmsBlueprint("returns", __name__, url_prefix="/orders", description="Goods that come back")
STATUSES = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503)
Step = Callable[[Session, str, str, Mapping[str, Any], Actor, Sequence[int] | None], tuple[Outcome, ReturnRequest]]


@blueprint.route("/<order_id>/returns", methods=["POST"])
@access.people
@blueprint.arguments(return_bodies.ReturnBody)
@blueprint.response(201, ReturnAnswer)
@blueprint.problems(*STATUSES)
@blueprint.doc(operationId="requestReturn", **CHANGE_DOC)
def request_return(data: dict[str, Any], order_id: str) -> Response:
    """Announce that goods come back, for their money or in exchange for the same ones."""
    expected, actor = conditional.expected_versions(), access.actor()
    return _commit(lambda session: returns.request_return(session, order_id, data, actor, expected), 201)


@blueprint.route("/<order_id>/returns", methods=["GET"])
@access.orders_read
@blueprint.response(200, ReturnsView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="listReturns")
def list_returns(order_id: str) -> Response:
    """The order's return requests, oldest first."""
    return order_answers.part(
        order_id, lambda order: {"returns": [return_document(request) for request in order.returns]}
    )


@blueprint.route("/<order_id>/returns/<return_id>/accept", methods=["POST"])
@access.staff
@blueprint.arguments(return_bodies.ReturnStepBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*STATUSES)
@blueprint.doc(operationId="acceptReturn", **CHANGE_DOC)
def accept_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """Agree: the customer may send the goods."""
    return _take(returns.accept_return, order_id, return_id, data)


@blueprint.route("/<order_id>/returns/<return_id>/receive", methods=["POST"])
@access.staff
@blueprint.arguments(return_bodies.ReceiveBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*STATUSES)
@blueprint.doc(operationId="receiveReturn", **CHANGE_DOC)
def receive_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """The goods have arrived: what is accepted of them is paid back, or sent once more."""
    return _take(returns.receive_return, order_id, return_id, data)


@blueprint.route("/<order_id>/returns/<return_id>/reject", methods=["POST"])
@access.staff
@blueprint.arguments(return_bodies.ReturnStepBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*STATUSES)
@blueprint.doc(operationId="rejectReturn", **CHANGE_DOC)
def reject_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """Decline."""
    return _take(returns.reject_return, order_id, return_id, data)


@blueprint.route("/<order_id>/returns/<return_id>/cancel", methods=["POST"])
@access.people
@blueprint.arguments(return_bodies.ReturnStepBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*STATUSES)
@blueprint.doc(operationId="cancelReturn", **CHANGE_DOC)
def cancel_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """Withdraw: the goods stay where they are."""
    return _take(returns.cancel_return, order_id, return_id, data)


def _take(step: Step, order_id: str, return_id: str, data: Mapping[str, Any]) -> Response:
    expected, actor = conditional.expected_versions(), access.actor()
    return _commit(lambda session: step(session, order_id, return_id, data, actor, expected), 200)


def _commit(step: Callable[[Session], tuple[Outcome, ReturnRequest]], status: int) -> Response:
    def work(session: Session) -> Answer:
        outcome, made = step(session)
        return order_answers.changed(session, outcome, return_document(made), status)

    return idempotency.commit(work, openapi.read_body(request) if request.get_data() else None)
