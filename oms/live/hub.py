"""Who watches which order in this process, and waking them when it has changed.

Redis tells of changes: whoever puts a changed order into the cache publishes its id in the same breath. What Redis does
not tell, because it was away or a process died before, is found by asking PostgreSQL now and then for the versions of
all orders that are watched.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import redis
import structlog
from flask import Flask

from oms import redis_address
from oms.driver_sql import Executor, compiled, run
from oms.errors import Unavailable
from oms.extensions import settings
from oms.orders.cache import CHANGED
from oms.transactions import look

POLL_SECONDS = 5.0
# How long Redis is left alone after a failure, and how often a listener looks whether it shall stop.
PAUSE_SECONDS = 1.0
# Orders that one query asks for.
BATCH = 500
_VERSIONS = compiled("SELECT order_id, version FROM orders WHERE order_id = ANY(:order_ids)")
_log = structlog.get_logger(__name__)


class Watch:
    """One watcher of one order; `version` is the last one he was told of."""

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id
        self.version = 0
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Until somebody rings, at most so long; True when somebody did, which is then forgotten."""
        rung = self._rung.wait(seconds)
        if rung:  # else whoever rings at this moment would be forgotten unheard
            self._rung.clear()
        return rung


class Hub:
    """All watchers of this process. Its threads begin with the first of them, after any fork."""

    def __init__(self, app: Flask, stopping: threading.Event) -> None:
        self.stopping = stopping
        self._app = app
        self._lock = threading.Lock()
        self._watches: dict[str, set[Watch]] = defaultdict(set)
        self._threads: list[threading.Thread] = []

    @contextmanager
    def watch(self, order_id: str) -> Iterator[Watch]:
        """A watch that has been rung once: what has happened before it began is there to be read."""
        watch = Watch(order_id)
        watch.ring()
        with self._lock:
            self._watches[order_id].add(watch)
            self._begin()
        try:
            yield watch
        finally:
            with self._lock:
                self._watches[order_id].discard(watch)
                if not self._watches[order_id]:
                    del self._watches[order_id]

    def ring(self, order_id: str) -> None:
        with self._lock:
            watches = list(self._watches.get(order_id, ()))
        for watch in watches:
            watch.ring()

    def ring_all(self) -> None:
        for watch in self._all():
            watch.ring()

    def _all(self) -> list[Watch]:
        with self._lock:
            return [watch for watches in self._watches.values() for watch in watches]

    def _begin(self) -> None:
        if not self._threads:
            self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._poll)]
            for thread in self._threads:
                thread.start()

    def _listen(self) -> None:
        with self._app.app_context():
            client = redis_address.client(settings().redis_url, PAUSE_SECONDS, 2 * PAUSE_SECONDS)
        away = False
        while not self.stopping.is_set():
            try:
                with client.pubsub() as told:  # type: ignore[no-untyped-call]
                    told.subscribe(CHANGED)
                    while not self.stopping.is_set():
                        self._hear(told.get_message(timeout=PAUSE_SECONDS))
                        away = False
            except redis.RedisError as error:
                if not away:
                    _log.warning("live_updates_unheard", reason=type(error).__name__)
                away = True
                self.stopping.wait(PAUSE_SECONDS)

    def _hear(self, message: dict[str, object] | None) -> None:
        if message is None:
            return
        data = message["data"]
        if isinstance(data, bytes):
            self.ring(data.decode())
        else:  # we are heard from now on, for the first time or again; who knows what was said before
            self.ring_all()

    def _poll(self) -> None:
        """The safety net; and the one who wakes everybody when the process stops."""
        while not self.stopping.wait(POLL_SECONDS):
            with self._app.app_context():
                try:
                    self._compare()
                except Unavailable as error:
                    _log.warning("live_updates_unchecked", reason=error.detail)
        self.ring_all()

    def _compare(self) -> None:
        watches = self._all()
        order_ids = sorted({watch.order_id for watch in watches})
        found: dict[str, int] = {}
        for start in range(0, len(order_ids), BATCH):
            found |= look(partial(_versions, order_ids=order_ids[start : start + BATCH]))
        for watch in watches:
            if found.get(watch.order_id, 0) > watch.version:
                watch.ring()


def _versions(on: Executor, order_ids: list[str]) -> dict[str, int]:
    return {row.order_id: row.version for row in run(on, _VERSIONS, {"order_ids": order_ids})}
