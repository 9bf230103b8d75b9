"""An export as an answer: a file that is written while it is sent, with its place among those that may be."""

import time
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import structlog
from flask import Flask, Response, current_app

from oms.bulk import walk
from oms.bulk.formats import Format
from oms.bulk.walk import Reader
from oms.extensions import settings
from oms.gate import Gate
from oms.orders import store
from oms.orders.order import Order

PER_CALLER = 1
gate = Gate("exports")
_log = structlog.get_logger(__name__)


def export(caller: str, filters: Mapping[str, Any], format: Format, read: Reader) -> Response:
    """The orders that `filters` (as for `queries.list_orders`) choose, as a file.

    `caller` is whose exports are counted together. Raises as `walk.batches`, and `TooMany` or `Unavailable` with
    `retry_after`.
    """
    gate.enter(caller, settings().exports_per_process, PER_CALLER)
    return response(Export(caller, filters, format, read), format)


def response(pieces: Any, format: Format) -> Response:
    response = Response(pieces, content_type=format.media_type + ("; charset=utf-8" if format.appendable else ""))
    response.headers["Content-Disposition"] = f'attachment; filename="orders.{format.name}"'
    response.headers["Cache-Control"] = "no-store"
    # nginx would gather it in a file of its own.
    response.headers["X-Accel-Buffering"] = "no"
    return response


class Export:
    """An export under way. The first piece is made at once: what is refused is refused before anything was sent."""

    def __init__(self, caller: str, filters: Mapping[str, Any], format: Format, read: Reader) -> None:
        self._caller, self._format = caller, format
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._orders, self._began = 0, time.monotonic()
        self._pieces = format.write(self._batches(filters, read))
        self._inside = True
        try:
            first = [next(self._pieces), next(self._pieces, b"")]
        except BaseException:
            self.close()
            raise
        self._sent = filter(None, chain(first, self._pieces))

    def _batches(self, filters: Mapping[str, Any], read: Reader) -> Iterator[list[Order]]:
        for batch in walk.batches(filters, store.now(), read=read):
            self._orders += len(batch.orders)
            yield batch.orders

    def __iter__(self) -> "Export":
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
        gate.leave(self._caller)
        seconds = round(time.monotonic() - self._began, 3)
        _log.info("export_ended", caller=self._caller, format=self._format.name, orders=self._orders, seconds=seconds)

    __del__ = close
