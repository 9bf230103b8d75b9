"""Filters people keep under a name."""

from flask import request
from werkzeug.wrappers import Response

from oms.accounts import saved_filters
from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.order_filters import Filters
from oms.console.pages import go_to_address
from oms.errors import Conflict, Invalid
from oms.transactions import transaction

ORDERS = "/console/orders"


@blueprint.route("/filters", methods=["POST"])
@access.staff
def save_filter() -> Response:
    """Keep the filters of the form under a name of one's own; a name that is there already gets these."""
    name, query = request.form.get("name", ""), Filters.of(request.form).query
    try:
        transaction(lambda session: saved_filters.save(session, access.actor().id, name, query))
        messages.say(f"Saved as {' '.join(name.split())}.")
    except (Conflict, Invalid) as error:
        messages.say(error.detail, "danger")
    return go_to_address(f"{ORDERS}?{query}")


@blueprint.route("/filters/<filter_id>/remove", methods=["POST"])
@access.staff
def remove_filter(filter_id: str) -> Response:
    """Forget one's own filter; again is no error."""
    transaction(lambda session: saved_filters.remove(session, access.actor().id, filter_id))
    return go_to_address(ORDERS)
