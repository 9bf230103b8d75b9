"""A figure that many look at is found once in a while, and shared: by Redis among processes, else within each.

Whoever comes while it is being found waits for it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import current_app

from oms.redis_guard import attempt

_PREFIX = "figures:"


@dataclass(slots=True)
class _Held:
    """The last finding of this process, good until `until` on the monotonic clock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    until: float = float("-inf")


def shared(name: str, seconds: int, find: Callable[[], Any]) -> Any:
    """What `find` found, at most `seconds` ago (twice that where Redis passes it on late): a JSON document."""
    held = _held(name)
    with held.lock:
        if time.monotonic() < held.until:
            return held.value
        held.value = _from_redis(name) or _found(name, seconds, find)
        # Redis may have held it for as long again.
        held.until = time.monotonic() + seconds / 2
        return held.value


def prepare(name: str, seconds: int, find: Callable[[], Any]) -> None:
    """Find it now, for whoever looks within `seconds`."""
    written = orjson.dumps(find())
    attempt("figures", lambda client: client.set(_PREFIX + name, written, ex=seconds))


def _held(name: str) -> _Held:
    held: dict[str, _Held] = current_app.extensions.setdefault("oms_figures", {})
    return held.setdefault(name, _Held())


def _from_redis(name: str) -> Any:
    found: Any = attempt("figures", lambda client: client.get(_PREFIX + name))
    return orjson.loads(found) if found else None


def _found(name: str, seconds: int, find: Callable[[], Any]) -> Any:
    written = orjson.dumps(find())
    attempt("figures", lambda client: client.set(_PREFIX + name, written, ex=seconds))
    return orjson.loads(written)
