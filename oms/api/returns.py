"""Return requests over HTTP."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from oms.api import access, conditional, idempotency, openapi, order_answers
from oms.api.money_schemas import ReturnAnswer, ReturnsView
from oms.api.openapi import OmsBlueprint
from oms.api.orders import CHANGE_DOC, CHANGE_PROBLEMS
from oms.idempotency import Answer
from oms.orders import return_bodies, return_steps, returns
from oms.orders.order import Outcome, ReturnRequest
from oms.orders.representation import return_document

blueprint = OmsBlueprint("returns", __name__, url_prefix="/orders", description="Goods that come back")


@blueprint.route("/<order_id>/returns", methods=["POST"])
@access.people
@blueprint.arguments(return_bodies.ReturnBody)
@blueprint.response(201, ReturnAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
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
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="acceptReturn", **CHANGE_DOC)
def accept_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """Agree: the customer may send the goods."""
    return _take(order_id, return_id, return_steps.ACCEPTED, data)


@blueprint.route("/<order_id>/returns/<return_id>/receive", methods=["POST"])
@access.staff
@blueprint.arguments(return_bodies.ReceiveBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="receiveReturn", **CHANGE_DOC)
def receive_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """The goods have arrived: what is accepted of them is paid back, or sent once more."""
    return _take(order_id, return_id, return_steps.RECEIVED, data)


@blueprint.route("/<order_id>/returns/<return_id>/reject", methods=["POST"])
@access.staff
@blueprint.arguments(return_bodies.ReturnStepBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="rejectReturn", **CHANGE_DOC)
def reject_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """Decline."""
    return _take(order_id, return_id, return_steps.REJECTED, data)


@blueprint.route("/<order_id>/returns/<return_id>/cancel", methods=["POST"])
@access.people
@blueprint.arguments(return_bodies.ReturnStepBody, required=False)
@blueprint.response(200, ReturnAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="cancelReturn", **CHANGE_DOC)
def cancel_return(data: dict[str, Any], order_id: str, return_id: str) -> Response:
    """Withdraw: the goods stay where they are."""
    return _take(order_id, return_id, return_steps.CANCELLED, data)


def _take(order_id: str, return_id: str, step: str, data: Mapping[str, Any]) -> Response:
    expected, actor = conditional.expected_versions(), access.actor()
    return _commit(lambda session: returns.take_step(session, order_id, return_id, step, data, actor, expected), 200)


def _commit(step: Callable[[Session], tuple[Outcome, ReturnRequest]], status: int) -> Response:
    def work(session: Session) -> Answer:
        outcome, made = step(session)
        return order_answers.changed(session, outcome, return_document(made), status)

    return idempotency.commit(work, openapi.sent_body(request))
