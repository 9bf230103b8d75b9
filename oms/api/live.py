"""Live updates over HTTP. A process of their own sends them (`stream.py`); web only leads there."""

from collections.abc import Callable
from typing import Any

from flask import redirect, request

from oms.accounts import credentials
from oms.accounts.credentials import Credential
from oms.api import access
from oms.api.openapi import OmsBlueprint
from oms.api.orders import whole_order
from oms.errors import Unavailable
from oms.extensions import settings
from oms.live import answer

blueprint = OmsBlueprint("live", __name__, url_prefix="/orders", description="Live updates")
_DOC: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": "Last-Event-ID",
            "schema": {"type": "string"},
            "description": "The `id` of the last event you have; what followed is sent.",
        }
    ],
    "responses": {
        200: {
            "description": "Server-sent events, until you go, your token ends, or the process is restarted.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        307: {"description": "The stream is at `Location`."},
    },
}


@blueprint.route("/<order_id>/events", methods=["GET"])
@access.orders_read
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="watchOrder", **_DOC)
def watch_order(order_id: str) -> Any:
    """Watch an order: first as it stands (`order`), then each of its events as it happens.

    With `Last-Event-ID` only what followed. `end` says why there will be no more.
    """
    order, hub = whole_order(order_id), answer.hub()
    if hub is None:
        return _elsewhere()
    if request.method == "HEAD":
        return answer.response(())
    last = request.headers.get("Last-Event-ID")
    return answer.watched(hub, order, access.caller_key(), access.re_admit(_shown()), last)


def _shown() -> Callable[[], Credential | None]:
    """Reads again what the caller has shown: a token ends."""
    headers = request.headers.get("Authorization"), request.headers.get("X-API-Key")
    return lambda: credentials.identify(*headers)


def _elsewhere() -> Any:
    url = settings().stream_url
    if url is None:
        raise Unavailable("Live updates are not served here: STREAM_URL is not set.", code="no_stream", retry_after=60)
    return redirect(url + request.full_path.rstrip("?"), 307)
