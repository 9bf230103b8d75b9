"""gunicorn's threaded worker, that leaves a new connection to a sibling with fewer.

All workers wait at one listener, and whoever is awake takes what comes: of sixteen clients that connect at once often
all sixteen went to one process, and as connections are kept alive they stayed there, while another core had nothing
to do. Here the workers tell each other through shared memory how many they have. One who has more than another steps
back from the listener for a moment; what nobody has taken by then it takes itself, so a sibling that stands still costs
a new connection that moment and no more.
"""

import mmap
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

MOMENT_SECONDS = 0.01
PLACES = 64
# Made before the first fork. A place holds its worker's connections and one; 0 says that nobody accepts there.
_told = memoryview(mmap.mmap(-1, PLACES * 4)).cast("i")
_free = set(range(PLACES))


class EvenWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """`child_exit` of gunicorn's configuration has to call `leave`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """In the master; a worker beyond the last place takes all that it gets."""
        self._place = min(_free, default=None)
        _free.discard(self._place)
        self._connections = 0
        self._steps_back_until = 0.0
        super().__init__(*arguments, **named)

    def leave(self) -> None:
        """In the master, once the process is gone."""
        if self._place is not None:
            _told[self._place] = 0
            _free.add(self._place)

    @property
    def nr_conns(self) -> int:
        """gunicorn's own count, by its own name: it is told to the others whenever it changes."""
        return self._connections

    @nr_conns.setter
    def nr_conns(self, connections: int) -> None:
        self._connections = connections
        self._tell()

    def _tell(self) -> None:
        if self._place is not None:
            _told[self._place] = self._connections + 1 if self.alive else 0

    def _has_more_than_another(self) -> bool:
        """By two at least: one would have all of them step back by turns."""
        return self._place is not None and any(0 < other < self._connections for other in _told)

    def accept(self, listener: Any) -> None:
        now = time.monotonic()
        has_stepped_back = self._steps_back_until <= now < self._steps_back_until + MOMENT_SECONDS
        if self._has_more_than_another() and not has_stepped_back:
            self._steps_back_until = now + MOMENT_SECONDS
            self.set_accept_enabled(False)
        else:
            self._steps_back_until = 0.0
            super().accept(listener)

    def set_accept_enabled(self, enabled: bool) -> None:
        """gunicorn asks for it at every turn of its loop."""
        if not (enabled and time.monotonic() < self._steps_back_until and self._has_more_than_another()):
            super().set_accept_enabled(enabled)
        self._tell()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        left = self._steps_back_until - time.monotonic()
        super().wait_for_and_dispatch_events(min(timeout, left) if left > 0 else timeout)
