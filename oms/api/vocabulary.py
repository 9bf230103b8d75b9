"""The vocabularies, for people who build screens, and the schemas of the events, for people who consume them."""

from flask import Response

from oms import strict_json
from oms.api import access
from oms.api.openapi import OmsBlueprint
from oms.api.schemas import ReasonView, StatusView
from oms.errors import NotFound
from oms.orders import events, vocabulary

blueprint = OmsBlueprint("vocabulary", __name__, description="Words and event schemas")


@blueprint.route("/order-statuses", methods=["GET"])
@access.public
@blueprint.response(200, StatusView(many=True))
@blueprint.problems(429)
@blueprint.doc(operationId="listOrderStatuses")
def order_statuses() -> Response:
    """Every status, what the customer sees, and where it can lead."""
    return _json(vocabulary.order_statuses())


@blueprint.route("/cancel-reasons", methods=["GET"])
@access.public
@blueprint.response(200, ReasonView(many=True))
@blueprint.problems(429)
@blueprint.doc(operationId="listCancelReasons")
def cancel_reasons() -> Response:
    """Reasons to offer when somebody cancels."""
    return _json(vocabulary.cancel_reasons())


@blueprint.route("/return-reasons", methods=["GET"])
@access.public
@blueprint.response(200, ReasonView(many=True))
@blueprint.problems(429)
@blueprint.doc(operationId="listReturnReasons")
def return_reasons() -> Response:
    """Reasons a return request may give."""
    return _json(vocabulary.return_reasons())


@blueprint.route("/events", methods=["GET"])
@access.public
@blueprint.response(200)
@blueprint.problems(429)
@blueprint.doc(operationId="listEventSchemas")
def event_schemas() -> Response:
    """The JSON Schema of every event type, by type."""
    return _json(events.schemas())


@blueprint.route("/events/<event_type>", methods=["GET"])
@access.public
@blueprint.response(200)
@blueprint.problems(404, 429)
@blueprint.doc(operationId="getEventSchema")
def event_schema(event_type: str) -> Response:
    """The JSON Schema of one event type."""
    found = events.schemas().get(event_type)
    if found is None:
        raise NotFound("There is no such event type.", code="event_type_not_found")
    return _json(found)


def _json(document: object) -> Response:
    return Response(strict_json.write(document), content_type="application/json")
