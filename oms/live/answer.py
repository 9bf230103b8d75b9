"""The answer that goes on: a stream as a response, with its place among those that may be.

For every door with a way of its own to know who asks: it finds the order, says whose connection it is, and gives a
function that admits him anew.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from flask import Flask, Response, current_app

from oms.extensions import settings
from oms.gate import Gate
from oms.live import events, stream
from oms.live.hub import Hub
from oms.orders.order import Order

_HUB = "oms_hub"
gate = Gate("streams")
_log = structlog.get_logger(__name__)


def bind_hub(app: Flask, hub: Hub) -> None:
    """Make this the process that streams."""
    app.extensions[_HUB] = hub


def hub() -> Hub | None:
    """The hub of the running application; None where it does not stream."""
    found: Hub | None = current_app.extensions.get(_HUB)
    return found


def watched(
    watching: Hub, order: Order, caller: str, admit: Callable[[], object], last_event_id: str | None
) -> Response:
    """The stream of an order that somebody may read.

    `caller` is whose connections are counted together. `admit` needs no request, and raises `Unauthenticated` or
    `Forbidden` once he may watch no longer. Raises `TooMany` or `Unavailable` with `retry_after`.
    """
    gate.enter(caller, settings().stream_connections, settings().stream_connections_per_caller)
    pieces = stream.pieces(watching, order, events.place_of(last_event_id), admit)
    return response(_Stream(caller, pieces))


def response(pieces: Any) -> Response:
    found = Response(pieces, content_type="text/event-stream")
    found.headers["Cache-Control"] = "no-store"
    found.headers["X-Accel-Buffering"] = "no"
    return found


class _Stream:
    """A stream under way. Whoever serves it closes it, however it ends."""

    def __init__(self, caller: str, pieces: Iterator[bytes]) -> None:
        self._caller, self._pieces = caller, pieces
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._began, self._inside = time.monotonic(), True

    def __iter__(self) -> "_Stream":
        return self

    def __next__(self) -> bytes:
        with self._app.app_context():
            return next(self._pieces)

    def close(self) -> None:
        if not self._inside:
            return
        self._inside = False
        self._pieces.close()  # type: ignore[attr-defined]  # a generator
        gate.leave(self._caller)
        _log.info("stream_ended", caller=self._caller, seconds=round(time.monotonic() - self._began, 3))

    __del__ = close
