"""Orders in bulk, out: a file that is written while it is sent."""

from functools import partial
from typing import Any

from flask import Response, request
from marshmallow import fields, validate
from werkzeug.exceptions import NotAcceptable

from oms.api import access
from oms.api.openapi import OmsBlueprint
from oms.api.orders import refuse_others
from oms.api.read_your_writes import read_recent
from oms.api.schemas import OrderFilters
from oms.bulk import formats, sending
from oms.bulk.formats import Format

blueprint = OmsBlueprint("exports", __name__, url_prefix="/orders", description="Many orders at once")
_DOC: dict[str, Any] = {
    "responses": {
        200: {
            "description": "The file, sent while it is written. A failure on the way breaks the connection.",
            "content": {format.media_type: {"schema": {"type": "string"}} for format in formats.ALL.values()},
        }
    }
}


class ExportArgs(OrderFilters):
    """Which orders, and as what."""

    class Meta:
        exclude = ("limit", "cursor")

    format = fields.String(
        validate=validate.OneOf(list(formats.ALL)),
        metadata={"description": "Else `Accept` decides; NDJSON where that takes anything."},
    )


@blueprint.route("/export", methods=["GET"])
@access.orders_read
@blueprint.arguments(ExportArgs, location="query")
@blueprint.problems(401, 403, 406, 422, 429, 501, 503)
@blueprint.doc(operationId="exportOrders", **_DOC)
def export_orders(args: dict[str, Any]) -> Response:
    """All orders that a list with these filters would show, newest first; customers get their own.

    Those that had been placed when it began, each at most once, as each stands when its turn comes.
    """
    format = _format(args.pop("format", None))
    filters = {**args, "owner": refuse_others(args)}
    if request.method == "HEAD":
        return sending.response((), format)
    caller = access.caller_key()
    return sending.export(caller, filters, format, partial(read_recent, caller=caller))


def _format(wanted: str | None) -> Format:
    """Raises `NotAcceptable`."""
    if wanted is not None:
        return formats.ALL[wanted]
    offered = {format.media_type: format for format in formats.ALL.values()}
    best = request.accept_mimetypes.best_match(offered, formats.NDJSON.media_type)
    if request.accept_mimetypes and not request.accept_mimetypes.quality(best):
        raise NotAcceptable(f"An export is one of {', '.join(offered)}.")
    return offered[best]
