"""Connections to PostgreSQL that don't wait for ever.

`statement_timeout` is kept by the server. A server that stands still (a frozen machine, a stopped process, a wire that
swallows everything behind a proxy) keeps nothing, while some kernel goes on acknowledging, so TCP finds nothing wrong;
and libpq waits for an answer without a limit of its own. Here one thread of the process shuts the socket of a
connection that has waited for too long. To libpq that is a lost connection, as any other.
"""

import functools
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg2
import structlog
from psycopg2 import extensions

from oms import slow_statements

LOOK_EVERY_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class _Watch:
    """Who waits, and until when on the monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Any, float] = {}
        self._thread: threading.Thread | None = None

    def begin(self, connection: Any, seconds: float) -> None:
        self._waiting[connection] = time.monotonic() + seconds
        if self._thread is None:
            self._start()

    def end(self, connection: Any) -> None:
        # Under the lock: a connection that is being shut must not be closed meanwhile, and its descriptor reused.
        with self._lock:
            self._waiting.pop(connection, None)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="answer-deadline", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_SECONDS)
            for connection, until in self._waiting.copy().items():
                if until < time.monotonic():
                    self._shut(connection)

    def _shut(self, connection: Any) -> None:
        with self._lock:
            if self._waiting.get(connection, float("inf")) >= time.monotonic():
                return  # it was answered just now
            del self._waiting[connection]
            # The descriptor may be gone already.
            with suppress(OSError, psycopg2.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)
        _log.warning("database_silent")


_watch = _Watch()
# A child has none of its parent's threads, and maybe a lock that one of them held.
os.register_at_fork(after_in_child=_watch.__init__)  # type: ignore[misc]


class _Cursor(extensions.cursor):  # type: ignore[misc]  # psycopg2 has no types
    def execute(self, query: Any, vars: Any = None) -> None:
        connection = self.connection
        began = time.perf_counter()
        _watch.begin(connection, connection.answer_seconds)
        try:
            super().execute(query, vars)
        finally:
            _watch.end(connection)
            if (seconds := time.perf_counter() - began) >= connection.slow_seconds:
                slow_statements.tell(query, seconds)

    def executemany(self, query: Any, vars_list: Sequence[Any]) -> None:
        connection = self.connection
        _watch.begin(connection, connection.answer_seconds * max(1, len(vars_list)))
        try:
            super().executemany(query, vars_list)
        finally:
            _watch.end(connection)


class _Connection(extensions.connection):  # type: ignore[misc]
    def __init__(self, *options: Any, answer_seconds: float, slow_seconds: float, **more: Any) -> None:
        super().__init__(*options, **more)
        self.answer_seconds = answer_seconds
        self.slow_seconds = slow_seconds
        self.cursor_factory = _Cursor

    def commit(self) -> None:
        began = time.perf_counter()
        _watch.begin(self, self.answer_seconds)
        try:
            super().commit()
        finally:
            _watch.end(self)
            if (seconds := time.perf_counter() - began) >= self.slow_seconds:
                slow_statements.tell("COMMIT", seconds)

    def rollback(self) -> None:
        _watch.begin(self, self.answer_seconds)
        try:
            super().rollback()
        finally:
            _watch.end(self)


def connections(answer_seconds: float, slow_seconds: float = math.inf) -> Callable[..., Any]:
    """A `connection_factory` for psycopg2: every answer comes within these seconds, or the connection is lost.

    Statements and commits that took `slow_seconds` or more are logged.
    """
    return functools.partial(_Connection, answer_seconds=answer_seconds, slow_seconds=slow_seconds)
