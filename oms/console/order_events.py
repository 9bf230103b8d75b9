"""What the page of an order listens to, so that it shows what happens while it happens.

The process `stream` has this application too, and answers where a proxy leads this address to it. Web holds no thread
for anybody: it says that there is no stream here, and the page asks now and then instead.
"""

from functools import cache

from flask import Response, request

from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.order_page import found_order
from oms.live import answer
from oms.orders import events
from oms.transactions import read
from oms.web.access import caller_key, re_admit


@blueprint.route("/orders/<order_id>/events", methods=["GET"])
@access.no_sign_of_life
@access.staff
def order_events(order_id: str) -> Response:
    """The order's server-sent events, as the API has them; 204 keeps a browser from asking again."""
    hub = answer.hub()
    if hub is None:
        return Response(status=204)
    order = read(lambda session: found_order(session, order_id))
    if request.method == "HEAD":
        return answer.response(())
    cookie = request.cookies.get(access.COOKIE)
    admit = re_admit(lambda: access.shown_by(cookie))
    return answer.watched(hub, order, caller_key(), admit, request.headers.get("Last-Event-ID"))


@cache
def event_types() -> list[str]:
    """All that can come besides `order`: a browser hears only what it listens for by name."""
    return sorted(events.schemas())
