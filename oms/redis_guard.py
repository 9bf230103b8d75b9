"""Redis is an accelerator: when it is down, hung or full, work goes on without it, on purpose and counted.

After a failure this process leaves Redis alone for a second, so that a hung server costs one timeout a second and not
one a request.
"""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
import structlog

from oms.extensions import redis_client
from oms.observability.metrics import REDIS_FAILURES

T = TypeVar("T")
PAUSE_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class _Breaker:
    """When Redis may be tried again, on this process's monotonic clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def may_try(self) -> bool:
        return time.monotonic() >= self._closed_until

    def trip(self) -> bool:
        """True for the one caller who should say so in the log."""
        with self._lock:
            first = self.may_try()
            self._closed_until = time.monotonic() + PAUSE_SECONDS
            return first

    def reset(self) -> None:
        self._closed_until = 0.0


breaker = _Breaker()


def attempt(use: str, work: Callable[["redis.Redis"], T]) -> T | None:
    """`work(client)`, or None when Redis is away; `use` names the purpose in the metric and the log."""
    if not breaker.may_try():
        REDIS_FAILURES.labels(use).inc()
        return None
    try:
        return work(redis_client())
    except redis.RedisError as error:
        failed(use, error)
        return None


def failed(use: str, error: Exception) -> None:
    """Count a failure that was met outside `attempt` (the rate limiter's storage)."""
    REDIS_FAILURES.labels(use).inc()
    if breaker.trip():
        _log.warning("redis_unavailable", use=use, reason=type(error).__name__)
