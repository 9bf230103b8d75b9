"""Orders that have been in a status for too long."""

from datetime import UTC, datetime

from flask import Response, request, url_for

from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.dashboard import count
from oms.console.pages import page
from oms.errors import NotFound
from oms.figures import dashboard, stuck
from oms.figures.stuck import LIMITS, Place
from oms.orders.queries import cursor_at, read_cursor
from oms.transactions import read

PAGE = 50


@blueprint.route("/stuck", methods=["GET"])
@access.staff
def stuck_orders() -> Response:
    """Those of one status, the one that was placed first first."""
    counts = {each["status"]: each for each in dashboard.figures()["stuck"]}
    status = request.args.get("status") or next((name for name in LIMITS if counts[name]["count"]), next(iter(LIMITS)))
    if status not in LIMITS:
        raise NotFound("Orders of this status are never stuck.")
    cursor, now = request.args.get("cursor"), datetime.now(UTC)
    after = Place(*read_cursor(cursor)) if cursor else None
    found = read(lambda session: stuck.page(session, status, now, PAGE, after))
    further = found.after and url_for(
        "console.stuck_orders", status=status, cursor=cursor_at(found.after.created_at, found.after.order_id)
    )
    return page(
        "stuck_orders.html",
        chosen=status,
        limits=LIMITS,
        counts={name: count(each["count"], each["kind"]) for name, each in counts.items()},
        orders=found.orders,
        further=further,
        first_page=after is None,
    )
