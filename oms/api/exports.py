"""Orders in bulk, out: a file that is written while it is sent."""

import time
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from marshmallow import fields, validate
from werkzeug.exceptions import NotAcceptable

from oms.api import access
from oms.api.openapi import OmsBlueprint
from oms.api.orders import refuse_others
from oms.api.read_your_writes import read_recent
from oms.api.schemas import OrderFilters
from oms.bulk import formats, walk
from oms.bulk.formats import Format
from oms.extensions import settings
from oms.gate import Gate
from oms.orders import store
from oms.orders.order import Order

blueprint = OmsBlueprint("exports", __name__, url_prefix="/orders", description="Many orders at once")
PER_CALLER = 1
_gate = Gate("exports")
_log = structlog.get_logger(__name__)
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
        return _response((), format)
    caller = access.caller_key()
    _gate.enter(caller, settings().exports_per_process, PER_CALLER)
    return _response(_Running(caller, filters, format), format)


def _format(wanted: str | None) -> Format:
    """Raises `NotAcceptable`."""
    if wanted is not None:
        return formats.ALL[wanted]
    offered = {format.media_type: format for format in formats.ALL.values()}
    best = request.accept_mimetypes.best_match(offered, formats.NDJSON.media_type)
    if request.accept_mimetypes and not request.accept_mimetypes.quality(best):
        raise NotAcceptable(f"An export is one of {', '.join(offered)}.")
    return offered[best]


def _response(pieces: Any, format: Format) -> Response:
    response = Response(pieces, content_type=format.media_type + ("; charset=utf-8" if format.appendable else ""))
    response.headers["Content-Disposition"] = f'attachment; filename="orders.{format.name}"'
    response.headers["Cache-Control"] = "no-store"
    # nginx would gather it in a file of its own.
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Running:
    """An export under way. The first piece is made at once: what is refused is refused before anything was sent."""

    def __init__(self, caller: str, filters: dict[str, Any], format: Format) -> None:
        self._caller, self._format = caller, format
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._orders, self._began = 0, time.monotonic()
        self._pieces = format.write(self._batches(filters))
        self._inside = True
        try:
            first = [next(self._pieces), next(self._pieces, b"")]
        except BaseException:
            self.close()
            raise
        self._sent = filter(None, chain(first, self._pieces))

    def _batches(self, filters: dict[str, Any]) -> Iterator[list[Order]]:
        for batch in walk.batches(filters, store.now(), read=partial(read_recent, caller=self._caller)):
            self._orders += len(batch.orders)
            yield batch.orders

    def __iter__(self) -> "_Running":
        return self

    def __next__(self) -> bytes:
        with self._app.app_context():
            return next(self._sent)

    def close(self) -> None:
        """Its end, its failure, or the client has gone."""
        if not self._inside:
            return
        self._inside = False
        self._pieces.close()  # type: ignore[attr-defined]  # a generator
        _gate.leave(self._caller)
        seconds = round(time.monotonic() - self._began, 3)
        _log.info("export_ended", caller=self._caller, format=self._format.name, orders=self._orders, seconds=seconds)

    __del__ = close
