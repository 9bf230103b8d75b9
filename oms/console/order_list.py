"""The orders list: searched and filtered as one types, a page at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from flask import Response, request, url_for
from sqlalchemy import Connection

from oms.accounts import saved_filters
from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.order_filters import Filters
from oms.console.pages import page, wants_part
from oms.console.statuses import late_by
from oms.errors import Invalid
from oms.orders import balance, lifecycle, queries, store
from oms.orders.order import Order
from oms.transactions import look, read

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One order of the list."""

    order_id: str
    status: str
    payment_state: str
    customer_id: str
    facility_id: str | None
    created_at: datetime
    total_amount: Decimal
    currency: str
    late_by: timedelta | None


@blueprint.route("/orders", methods=["GET"])
@access.staff
def orders() -> Response:
    """Orders, newest first. The address says what is shown, whoever opens it."""
    filters, cursor = Filters.of(request.args), request.args.get("cursor")
    problem, rows, older = "", list[Row](), None
    try:
        rows, older = look(lambda connection: _rows(connection, filters, cursor))
    except Invalid as error:
        problem = error.detail
    found = {"filters": filters, "rows": rows, "older": older, "first_page": cursor is None, "problem": problem}
    status = 422 if problem else 200
    if wants_part():
        response = page("order_rows.html", status, **found)
        response.headers["HX-Push-Url"] = _address(filters, cursor)
        return response
    saved = read(lambda session: saved_filters.of_user(session, access.actor().id))
    return page("orders.html", status, **found, saved=saved, statuses=list(lifecycle.STATUSES))


def _rows(connection: Connection, filters: Filters, cursor: str | None) -> tuple[list[Row], str | None]:
    """A page of rows, and the address of the one with older orders."""
    found = queries.list_orders(connection, filters.wanted(), PAGE, cursor)
    whole = {order.order_id: order for order in store.get_many(connection, [order.order_id for order in found.orders])}
    rows = [_row(whole[order.order_id]) for order in found.orders if order.order_id in whole]
    return rows, _address(filters, found.next_cursor) if found.next_cursor else None


def _row(order: Order) -> Row:
    return Row(
        order.order_id,
        order.status,
        balance.payment_state(order),
        order.customer_id,
        order.facility_id,
        order.created_at,
        order.total_amount,
        order.currency,
        late_by(order),
    )


def _address(filters: Filters, cursor: str | None) -> str:
    query = "&".join(filter(None, (filters.query, f"cursor={cursor}" if cursor else "")))
    return url_for("console.orders") + (f"?{query}" if query else "")
