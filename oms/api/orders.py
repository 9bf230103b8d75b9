"""Orders over HTTP. A view is a declaration and a handful of lines; the services below do the work."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from oms import strict_json
from oms.api import access, conditional, moving, openapi, order_pages, placing
from oms.api.changing import change
from oms.api.openapi import OmsBlueprint
from oms.api.read_your_writes import read_recent
from oms.api.schemas import (
    JourneyView,
    NumberedPageArgs,
    NumberedPageView,
    OrderFilters,
    OrderPageView,
    OrderView,
)
from oms.errors import Forbidden, NotFound
from oms.ids import ORDER_ID
from oms.orders import (
    bodies,
    cache,
    cancellation,
    customer_counts,
    items,
    journey,
    queries,
    representation,
    store,
    updates,
)
from oms.orders.order import Order, Why
from oms.transactions import look

blueprint = OmsBlueprint("orders", __name__, url_prefix="/orders", description="Orders and their journey")
KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 255},
    "description": "At most one effect per caller and key.",
}
MATCH_HEADER = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": 'The ETag you have read, such as `"3"`; 412 if the order has changed since.',
}
CREATE_DOC = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"oneOf": [bodies.OrderBody, bodies.DocumentBody]},
                "examples": {
                    "lines": {"summary": "An order of lines", "value": bodies.A_EXAMPLE},
                    "free-form": {"summary": "A free-form order", "value": bodies.B_EXAMPLE},
                },
            }
        },
    },
    "parameters": [KEY_HEADER],
}
CHANGE_PROBLEMS = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503)
CHANGE_DOC = {"parameters": [KEY_HEADER, MATCH_HEADER]}
NONE_MATCH_HEADER = {
    "in": "header",
    "name": "If-None-Match",
    "schema": {"type": "string"},
    "description": "The ETag you have; 304 if it is still the order's.",
}
READ_DOC = {"parameters": [NONE_MATCH_HEADER], "responses": {304: {"description": "You have this version already"}}}


@blueprint.route("", methods=["POST"])
@access.orders_write
@blueprint.response(201, OrderView)
@blueprint.problems(400, 401, 403, 409, 413, 415, 422, 429, 503)
@blueprint.doc(operationId="createOrder", **CREATE_DOC)
def create_order() -> Response:
    """Place an order.

    `items` as an array places an order of lines; as an object, a free-form order that its creator drives.
    """
    body = openapi.read_body(request)
    return placing.place(body, bodies.read_order(body), lambda _, whole: whole)


@blueprint.route("", methods=["GET"])
@access.orders_read
@blueprint.arguments(OrderFilters, location="query")
@blueprint.response(200, OrderPageView)
@blueprint.problems(401, 403, 422, 429, 503)
@blueprint.doc(operationId="listOrders")
def list_orders(args: dict[str, Any]) -> Response:
    """Orders, newest first; customers see their own."""
    limit, cursor = args.pop("limit"), args.pop("cursor", None)
    owner = refuse_others(args)
    page = read_recent(lambda session: queries.list_orders(session, {**args, "owner": owner}, limit, cursor))
    response = _json({"orders": order_pages.documents(page.orders), "next_cursor": page.next_cursor})
    if page.next_cursor:
        response.headers["Link"] = f'<{_next_url(page.next_cursor)}>; rel="next"'
    return response


def refuse_others(args: Mapping[str, Any]) -> str | None:
    """The caller if he may see only his own orders; raises `Forbidden` when the filters name somebody else."""
    owner = access.actor().owner_id
    if owner is not None and args.get("customer_id", owner) != owner:
        raise Forbidden("customer_id names somebody else.", code="customer_id_not_yours")
    return owner


@blueprint.route("/<order_id>", methods=["GET"])
@access.orders_read
@access.prefetch(lambda: [cache.key((request.view_args or {})["order_id"])])
@blueprint.response(200, OrderView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getOrder", **READ_DOC)
def get_order(order_id: str) -> Response:
    """One order with everything: items, payments with refund history, return requests."""
    return details(order_id)


def details(order_id: str) -> Response:
    """The order from the cache or the database; 404 when absent or somebody else's."""
    owner = access.actor().owner_id
    cached = cache.parse(access.prefetched(cache.key(order_id)))
    # A stranger's request goes on to the database, so that it takes as long as one for an order nobody has.
    if cached is not None and owner in (None, cached.owner):
        return conditional.tagged(cached.body, cached.version)
    order = whole_order(order_id)
    body = representation.render(order)
    cache.fill(order, body)
    return conditional.tagged(body, order.version)


def whole_order(order_id: str) -> Order:
    """The caller's order from the database; raises `NotFound` when absent or somebody else's."""
    owner = access.actor().owner_id
    order = look(lambda connection: store.get(connection, order_id, owner)) if ORDER_ID.fullmatch(order_id) else None
    if order is None:
        raise NotFound("There is no such order.", code="order_not_found")
    return order


@blueprint.route("/<order_id>", methods=["PUT"])
@access.orders_write
@blueprint.arguments(bodies.UpdateBody)
@blueprint.response(200, OrderView)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="updateOrder", **CHANGE_DOC)
def update_order(data: dict[str, Any], order_id: str) -> Response:
    """Change the fields that may change, and the status through the lifecycle."""
    expected, actor = conditional.expected_versions(), access.actor()
    return change(lambda session: updates.update_order(session, order_id, data, actor, expected))


@blueprint.route("/<order_id>", methods=["PATCH"])
@access.fulfilment_or_customer
@blueprint.arguments(bodies.StatusBody)
@blueprint.response(200, OrderView)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="changeOrderStatus", **CHANGE_DOC)
def change_status(data: dict[str, Any], order_id: str) -> Response:
    """Move an order along its lifecycle."""
    why = Why(data.get("reason"), data.get("remarks"))
    return moving.move(order_id, data["status"], why, conditional.expected_versions())


@blueprint.route("/<order_id>/cancel", methods=["PUT", "POST"])
@access.people
@blueprint.arguments(bodies.CancelBody, required=False)
@blueprint.response(200, OrderView)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(**CHANGE_DOC)
def cancel_order(data: dict[str, Any], order_id: str) -> Response:
    """Cancel an order, or some of its lines. Repeating it is 200 and has no second effect."""
    expected, actor = conditional.expected_versions(), access.actor()
    return change(lambda session: cancellation.cancel_order(session, order_id, actor, data, expected))


@blueprint.route("/<order_id>/journey", methods=["GET"])
@access.orders_read
@blueprint.response(200, JourneyView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="getOrderJourney")
def get_journey(order_id: str) -> Response:
    """Every status change of the order and its lines, oldest first; customers do not see the notes of the shop."""
    owner = access.actor().owner_id
    entries = read_recent(lambda session: journey.journey_of(session, order_id, owner))
    return _json({"order_id": order_id, "journey": entries})


@blueprint.route("/<order_id>/items/<int:line_no>", methods=["PATCH"])
@access.fulfilment
@blueprint.arguments(bodies.ItemBody)
@blueprint.response(200, OrderView)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="changeItem", **CHANGE_DOC)
def change_item(data: dict[str, Any], order_id: str, line_no: int) -> Response:
    """Move a line, some of its units, or change its ordered quantity; the order follows."""
    expected, actor = conditional.expected_versions(), access.actor()
    return change(lambda session: items.change_item(session, order_id, line_no, data, actor, expected))


@blueprint.route("/user/<user_id>", methods=["GET"])
@access.orders_read
@access.prefetch(lambda: [customer_counts.key((request.view_args or {})["user_id"])])
@blueprint.arguments(NumberedPageArgs, location="query")
@blueprint.response(200, NumberedPageView)
@blueprint.problems(401, 403, 422, 429, 503)
@blueprint.doc(operationId="listUserOrders")
def list_user_orders(args: dict[str, Any], user_id: str) -> Response:
    """A customer's orders by numbered pages; past the end is an empty list."""
    if access.actor().owner_id not in (None, user_id):
        raise Forbidden("These are somebody else's orders.", code="not_your_orders")
    page, size = args["page"], args["page_size"]
    counted = customer_counts.parse(access.prefetched(customer_counts.key(user_id)))
    found, total = read_recent(lambda session: queries.list_numbered(session, user_id, page, size, counted))
    customer_counts.keep(user_id, total)
    return _json(
        {
            "items": order_pages.documents(found),
            "page": page,
            "page_size": size,
            "total_items": total.orders,
            "total_pages": -(-total.orders // size),
        }
    )


def _json(document: Any) -> Response:
    return Response(strict_json.write(document), content_type="application/json")


def _next_url(cursor: str) -> str:
    return f"{request.path}?{urlencode({**request.args, 'cursor': cursor})}"
