"""One watcher's stream, from the first byte to the last."""

import threading
import time
from collections.abc import Callable, Iterator

from oms import strict_json
from oms.errors import Forbidden, OmsError, Unauthenticated, Unavailable
from oms.extensions import settings
from oms.live import events
from oms.live.events import Place
from oms.live.hub import Hub, Watch
from oms.orders.order import Order

# Whoever is cut off comes back after so many milliseconds.
RETRY = b"retry: 2000\n\n"
BEAT = b":\n\n"
PAUSE_SECONDS = 1.0
# However many are woken at once, so many ask PostgreSQL at a time: the others need not find its pool empty.
_asking = threading.BoundedSemaphore(4)


def pieces(hub: Hub, order: Order, since: Place | None, admit: Callable[[], object]) -> Iterator[bytes]:
    """The stream of an order: as it stands, or what followed `since` where all of that is still known; then what comes.

    `admit` raises when the watcher may not watch any more; it is asked before everything that is told, and with every
    beat. Needs the application's context at each step, and holds nothing between them but its place.
    """
    with hub.watch(order.order_id) as watch:
        yield RETRY
        if since is None or not events.can_resume(order, since):
            first = events.snapshot(order)
            since = first.place
            yield first.written()
        yield from _told(hub, watch, since, admit)


def _told(hub: Hub, watch: Watch, place: Place, admit: Callable[[], object]) -> Iterator[bytes]:
    watch.version, beat = place.version, settings().stream_heartbeat_seconds
    next_beat = time.monotonic() + beat
    while True:
        rung = watch.wait(max(0.0, next_beat - time.monotonic()))
        if hub.stopping.is_set():
            return
        try:
            found = _next(watch, place) if rung else []
            if found or not rung:
                admit()
        except (Unauthenticated, Forbidden) as error:
            yield _end(error)
            return
        except Unavailable:  # it comes back; so does this, a little later
            hub.stopping.wait(PAUSE_SECONDS)
            watch.ring()
            found = []
        for message in found:
            place = message.place
            watch.version = place.version
            yield message.written()
        if len(found) == events.BATCH:
            watch.ring()
        if time.monotonic() >= next_beat:
            next_beat = time.monotonic() + beat
            yield BEAT


def _next(watch: Watch, place: Place) -> list[events.Message]:
    with _asking:
        return events.after(watch.order_id, place)


def _end(error: OmsError) -> bytes:
    return b"event: end\ndata: %b\n\n" % strict_json.write({"code": error.code, "detail": error.detail})
