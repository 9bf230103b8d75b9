"""Callbacks of payment providers over HTTP. The signature is the access policy."""

from flask import Response, request

from oms.api import access, order_answers
from oms.api.money_schemas import CallbackView
from oms.api.openapi import OmsBlueprint
from oms.gateway import callbacks
from oms.web.rate_limits import exempt

blueprint = OmsBlueprint("payment_events", __name__, description="Callbacks of payment providers")


@blueprint.route("/payment-events/<provider>", methods=["POST"])
@access.public
@exempt
@blueprint.response(200, CallbackView)
@blueprint.problems(400, 404, 413, 422, 503)
@blueprint.doc(
    operationId="receivePaymentEvent",
    requestBody={"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
)
def receive_payment_event(provider: str) -> Response:
    """A provider's signed callback; repeating it is 200 and has no second effect."""
    outcome = callbacks.receive(provider, dict(request.headers), request.get_data())
    return order_answers.json({"outcome": outcome})
