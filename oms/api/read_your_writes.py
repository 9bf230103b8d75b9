"""Reads that may come from the replica, except for a caller whose own last write the replica has not replayed yet.

After a change the primary's WAL position is kept for the caller in Redis; a read by the same caller compares it with
the replica's. Where nobody can tell (Redis away, replica away), the primary answers. After a failure this process
leaves the replica alone for some seconds: one that hangs costs a timeout now and then, and not with every list.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, text

from oms.api import access
from oms.errors import Unavailable
from oms.extensions import settings
from oms.redis_guard import attempt
from oms.transactions import look

T = TypeVar("T")
REMEMBERED_SECONDS = 600
PAUSE_SECONDS = 5.0
_log = structlog.get_logger(__name__)
_POSITION = text("SELECT CAST(pg_current_wal_insert_lsn() AS text)")
_CAUGHT_UP = text("SELECT pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)")


class Rest:
    """Until when, on this process's monotonic clock, the replica is left alone."""

    until = 0.0

    @classmethod
    def begin(cls) -> None:
        if time.monotonic() >= cls.until:
            _log.warning("replica_unavailable")
        cls.until = time.monotonic() + PAUSE_SECONDS


def remember_write() -> None:
    """Note how far the log reached when this caller's change was committed; only where a replica is read at all."""
    if settings().read_database_url is None:
        return
    position = look(lambda connection: connection.execute(_POSITION).scalar_one())
    key = _key()
    attempt("read_your_writes", lambda client: client.set(key, position, ex=REMEMBERED_SECONDS))


def read_recent(work: Callable[[Connection], T], caller: str | None = None) -> T:
    """`look(work)`, from the replica where that shows the caller everything he has written.

    `caller` as `access.caller_key` has it, where there is no request any more.
    """
    if settings().read_database_url is None or time.monotonic() < Rest.until:
        return look(work)
    key = _key(caller)
    answer: Any = attempt("read_your_writes", lambda client: (client.get(key),))
    if answer is None:
        return look(work)
    position = answer[0]

    def fresh(connection: Connection) -> T | None:
        if position is None or connection.execute(_CAUGHT_UP, {"position": position.decode()}).scalar():
            return work(connection)
        return None

    try:
        found = look(fresh, replica=True)
    except Unavailable as error:
        if _went_unanswered(error):
            Rest.begin()
        found = None
    return found if found is not None else look(work)


def _went_unanswered(error: Unavailable) -> bool:
    """A server that ends a statement says why, in a code; that one says nothing about the next statement."""
    return getattr(getattr(error.__cause__, "orig", None), "pgcode", None) is None


def _key(caller: str | None = None) -> str:
    return f"wrote:{caller or access.caller_key()}"
