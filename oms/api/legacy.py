"""A's main endpoints: other doors to the same services."""

from typing import Any

from flask import Response, request

from oms import strict_json
from oms.api import access, conditional, moving, openapi, placing
from oms.api.changing import change
from oms.api.openapi import OmsBlueprint
from oms.api.orders import CHANGE_DOC, CHANGE_PROBLEMS, KEY_HEADER, READ_DOC, details
from oms.api.schemas import OrderIdArgs, OrderView, PlacedView
from oms.orders import bodies, cache, items
from oms.orders.order import NO_REASON, Order
from oms.orders.representation import amount, moment, payment_document

blueprint = OmsBlueprint("legacy", __name__, description="The routes clients of the first system know")


@blueprint.route("/create_order", methods=["POST"])
@access.orders_write
@blueprint.response(201, PlacedView)
@blueprint.problems(400, 401, 403, 409, 413, 415, 422, 429, 503)
@blueprint.doc(
    operationId="legacyCreateOrder",
    requestBody={
        "required": True,
        "content": {"application/json": {"schema": bodies.OrderBody, "example": bodies.A_EXAMPLE}},
    },
    parameters=[KEY_HEADER],
)
def create_order() -> Response:
    """Place an order of lines."""
    body = openapi.read_body(request)
    return placing.place(body, bodies.ORDER.load(body), _placed)


def _placed(order: Order, _: bytes) -> bytes:
    document = {
        "success": True,
        "message": "Order created",
        "order_id": order.order_id,
        "eta": moment(order.eta),
        "status": order.status,
        "total_amount": amount(order.total_amount, order.currency),
        "payments": [payment_document(payment, order.currency) for payment in order.payments],
    }
    return strict_json.write(document)


@blueprint.route("/get_order_details", methods=["GET"])
@access.orders_read
@access.prefetch(lambda: [cache.key(request.args.get("order_id", ""))])
@blueprint.arguments(OrderIdArgs, location="query")
@blueprint.response(200, OrderView)
@blueprint.problems(401, 403, 404, 422, 429, 503)
@blueprint.doc(operationId="legacyGetOrderDetails", **READ_DOC)
def get_order_details(args: dict[str, Any]) -> Response:
    """The same representation as `GET /orders/{order_id}`."""
    return details(args["order_id"])


@blueprint.route("/update_order_status", methods=["PUT", "PATCH"])
@access.fulfilment
@blueprint.arguments(bodies.LegacyStatusBody)
@blueprint.response(200, OrderView)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(**CHANGE_DOC)
def update_order_status(data: dict[str, Any]) -> Response:
    """Move an order along its lifecycle."""
    return moving.move(data["order_id"], data["status"], NO_REASON, conditional.expected_versions())


@blueprint.route("/update_item_status", methods=["PUT", "PATCH"])
@access.fulfilment
@blueprint.arguments(bodies.LegacyItemStatusBody)
@blueprint.response(200, OrderView)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(**CHANGE_DOC)
def update_item_status(data: dict[str, Any]) -> Response:
    """Move the one line that has this SKU."""
    expected, actor = conditional.expected_versions(), access.actor()
    order_id, sku = data["order_id"], data["sku"]
    return change(lambda session: items.change_item_by_sku(session, order_id, sku, data, actor, expected))
