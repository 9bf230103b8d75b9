"""gunicorn's threaded worker, that shares connections evenly with its siblings.

All workers wait at one listener, and whoever is awake takes what comes: of sixteen clients that connect at once often
all sixteen went to one process, and as connections are kept alive they stayed there, while another core had nothing
to do. Here the workers tell each other through shared memory how many they have. One who has more than another steps
back from the listener for a moment, and then takes what nobody has taken. One who has far more than another, as after
that one was replaced, closes connections with their next answer, one after the other, and their clients come again.

A sibling that has not said anything for two seconds is as good as gone: it stands still, or is busy with itself.
"""

import mmap
import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

MOMENT_SECONDS = 0.01
# How long one who has stepped back may take the next connection without asking again.
TURN_SECONDS = 1.0
SILENT_SECONDS = 2.0  # the loop of a worker turns at least once a second
# Between two clients who are sent away: gunicorn's loop stands still until one has hung up.
FAREWELL_SECONDS = 0.05
PLACES = 64
# Made before the first fork: how many connections the worker of a place has, and until when that is believed, by the
# clock that all processes of a machine share; and how many places have had a worker, for who looks at each answer.
_connections = memoryview(mmap.mmap(-1, PLACES * 4)).cast("i")
_believed_until = memoryview(mmap.mmap(-1, PLACES * 8)).cast("d")
_in_use = memoryview(mmap.mmap(-1, 4)).cast("i")
_free = set(range(PLACES))


class EvenWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """`child_exit` of gunicorn's configuration has to call `leave`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """In the master; of a worker beyond the last place the others don't know."""
        self._place = min(_free, default=None)
        if self._place is not None:
            _free.remove(self._place)
            _in_use[0] = max(_in_use[0], self._place + 1)
        self._own = 0
        self._most_kept_alive = 0
        self._steps_back_until = 0.0
        self._next_farewell = 0.0
        super().__init__(*arguments, **named)

    def leave(self) -> None:
        """In the master, once the process is gone."""
        if self._place is not None:
            _believed_until[self._place] = 0
            _free.add(self._place)

    @property
    def nr_conns(self) -> int:
        """gunicorn's own count, by its own name: it is told to the others whenever it changes."""
        return self._own

    @nr_conns.setter
    def nr_conns(self, connections: int) -> None:
        self._own = connections
        self._tell()

    @property
    def max_keepalived(self) -> int:
        """gunicorn's name for how many connections may be kept; it asks before each answer."""
        fewest, now = self._fewest_elsewhere(), time.monotonic()
        if fewest is None or self._own <= 2 * fewest + 4 or now < self._next_farewell:
            return self._most_kept_alive
        self._next_farewell = now + FAREWELL_SECONDS
        return 0

    @max_keepalived.setter
    def max_keepalived(self, connections: int) -> None:
        self._most_kept_alive = connections

    def _tell(self) -> None:
        if self._place is not None:
            accepts = self.booted and self.alive
            # gunicorn counts a connection that breaks in the middle of an answer twice when it goes.
            _connections[self._place] = max(0, self._own)
            _believed_until[self._place] = time.monotonic() + SILENT_SECONDS if accepts else 0

    def _fewest_elsewhere(self) -> int | None:
        """The connections of the sibling who has the fewest of those who accept any."""
        now = time.monotonic()
        fewest = None
        for place in range(_in_use[0]):
            if _believed_until[place] > now and place != self._place:
                connections = _connections[place]
                fewest = connections if fewest is None else min(fewest, connections)
        return fewest

    def _has_more_than_another(self) -> bool:
        """By two at least: one would have all of them step back by turns."""
        fewest = self._fewest_elsewhere()
        return fewest is not None and self._own > fewest + 1

    def accept(self, listener: Any) -> None:
        now = time.monotonic()
        is_its_turn = self._steps_back_until <= now < self._steps_back_until + TURN_SECONDS
        if self._has_more_than_another() and not is_its_turn:
            self._steps_back_until = now + MOMENT_SECONDS
            self.set_accept_enabled(False)
        else:
            self._steps_back_until = 0.0
            super().accept(listener)

    def set_accept_enabled(self, enabled: bool) -> None:
        """gunicorn asks for it at every turn of its loop, as long as it is not so."""
        if not (enabled and time.monotonic() < self._steps_back_until and self._has_more_than_another()):
            super().set_accept_enabled(enabled)
        self._tell()

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        self._tell()
        left = self._steps_back_until - time.monotonic()
        super().wait_for_and_dispatch_events(min(timeout, left) if left > 0 else timeout)
