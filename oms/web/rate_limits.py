"""Rate limits per caller and route, counted in Redis by Flask-Limiter's sliding window.

While Redis is away each process counts for itself. The storage makes one round trip a request: it counts, reads how
much is left, and brings along what `access` wants from Redis.
"""

import math
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import redis
from flask import Flask, Response, g, request
from flask.globals import request_ctx
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import RedisStorage

from oms import redis_guard
from oms.accounts import emails
from oms.errors import TooMany
from oms.extensions import redis_client, settings
from oms.observability.metrics import LIMITER_FALLBACKS
from oms.redis_script import RedisScript
from oms.web import access

SCHEME = "oms"


# What limits' two scripts for a sliding window do one after the other, each key read once, and what else the request
# wants. KEYS: the window before, the window now, and keys to read; ARGV: limit, seconds, amount. A window's counter
# lives for two windows: once less than one is left of its time, it is the window before. All times are milliseconds.
_ALL_AT_ONCE = """
local limit, length, amount = tonumber(ARGV[1]), tonumber(ARGV[2]) * 1000, tonumber(ARGV[3])
local left = redis.call('PTTL', KEYS[2])
if left > 0 and left < length then
    redis.call('RENAME', KEYS[2], KEYS[1])
    left = left + length
    redis.call('SET', KEYS[2], 0, 'PX', left)
end
local before = tonumber(redis.call('GET', KEYS[1])) or 0
local before_left = before > 0 and math.max(redis.call('PTTL', KEYS[1]), 0) or 0
local now = left > 0 and tonumber(redis.call('GET', KEYS[2])) or 0
local acquired = math.floor(before * before_left / length) + now + amount <= limit
if acquired and left > 0 then
    now = redis.call('INCRBY', KEYS[2], amount)
elseif acquired then
    now, left = amount, length * 2
    redis.call('SET', KEYS[2], now, 'PX', left)
end
local wanted = {}
if #KEYS > 2 then wanted = redis.call('MGET', unpack(KEYS, 3)) end
return {acquired and 1 or 0, {before, before_left, now, math.max(left, 0)}, wanted}
"""


class OneRoundTrip(RedisStorage):
    """limits' Redis storage over the application's own client, with everything of a request in one call."""

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str, **options: Any) -> None:
        # Its own client is never used; the running application's makes the calls.
        super().__init__("redis://unused", key_prefix="limit", **options)
        self._all_at_once = RedisScript(_ALL_AT_ONCE)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        if not redis_guard.breaker.may_try():
            raise redis.ConnectionError("Redis is being left alone after a failure")
        counters = (
            self.prefixed_key(self._previous_window_key(key)),
            self.prefixed_key(self._current_window_key(key)),
        )
        kept = g._get_current_object()
        wanted = access.prefetch_keys() if kept.get("prefetched") is None else []
        try:
            answer = self._all_at_once.run(redis_client(), (*counters, *wanted), (limit, expiry, amount))
        except redis.RedisError as error:
            redis_guard.failed("limiter", error)
            raise
        acquired, window, values = answer
        if wanted:
            kept.prefetched = dict(zip(wanted, values, strict=True))
        kept.setdefault("windows", {})[key] = window
        return bool(acquired)

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        # Read in the round trip that counted.
        window = g.get("windows", {}).get(key, (0, 0, 0, 0))
        previous, previous_ttl, current, current_ttl = window
        return (
            int(previous or 0),
            max(0, int(previous_ttl or 0)) / 1000,
            int(current or 0),
            max(0, int(current_ttl or 0)) / 1000,
        )

    def check(self) -> bool:
        return bool(redis_guard.attempt("limiter", lambda client: client.ping()))


class Stand(NamedTuple):
    """Where a caller stands with the limit that is closest to its end; `eases_at` is Unix time."""

    limit: RateLimitItem
    eases_at: float
    remaining: int


class OneLimit(Limiter):
    """Nearly every route has the one default limit and no other. Flask-Limiter works that out anew at each request, and
    that takes longer than counting does; here it is known. Other routes, and a storage that fails, are left to it."""

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        limit = only_limit(g.view) if in_middleware and not self._storage_dead else None
        if limit is None or not self._counted(limit):
            super()._check_request_limit(callable_name, in_middleware)

    def _counted(self, limit: RateLimitItem) -> bool:
        """False when the storage is away; raises `TooMany`."""
        counted = (access.counted_as(), request_ctx.request.endpoint or "")
        try:
            admitted = self.limiter.hit(limit, *counted)
        except (redis.RedisError, StorageError):
            return False
        g.stand = Stand(limit, *self.limiter.get_window_stats(limit, *counted))
        if not admitted:
            raise exceeded()
        return True


def only_limit(view: Any) -> RateLimitItem | None:
    """The one limit of a view; None for those that have others, or none."""
    if view is None or getattr(view, "own_limits", False):
        return None
    return _single(settings().rate_limit)


@lru_cache(maxsize=16)
def _single(written: str) -> RateLimitItem | None:
    found = parse_many(written)
    return found[0] if len(found) == 1 else None


limiter = OneLimit(
    access.counted_as,
    default_limits=[lambda: settings().rate_limit],
    strategy="sliding-window-counter",
    in_memory_fallback_enabled=True,
    # Of several requests that meet a dying Redis at once the library sends one to its fallback and fails the others.
    swallow_errors=True,
    headers_enabled=False,
)


def _address() -> str:
    return f"address:{request.remote_addr}"


def _account() -> str | None:
    """The account whose password is being tried: named in the form, or the caller's own."""
    if username := request.form.get("username"):
        return f"account:{emails.normalise(username)[:254]}"
    return access.counted_as() if g.get("credential") else None


def login_limits(view: Any) -> Any:
    """Stricter limits for guessing passwords: per address, and per account where one is being tried."""
    per_address = limiter.limit(lambda: settings().login_rate_limit_address, key_func=_address)
    per_account = limiter.limit(
        lambda: settings().login_rate_limit_account,
        key_func=lambda: _account() or "nobody",
        exempt_when=lambda: _account() is None,
    )
    limited = per_address(per_account(view))
    limited.own_limits = True
    return limited


def at_rate(rate: Callable[[], str]) -> Callable[[Any], Any]:
    """A decorator: one limit of the view's own in place of the default one."""

    def decorate(view: Any) -> Any:
        limited: Any = limiter.limit(rate)(view)
        limited.own_limits = True
        return limited

    return decorate


def bind_limiter(app: Flask) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = f"{SCHEME}://"
    limiter.init_app(app)
    app.after_request(_describe)


def exceeded() -> TooMany:
    """The error for the limit that was just exceeded."""
    stand = _stand()
    wait = _seconds_until(stand.eases_at) if stand else 1
    return TooMany(f"Too many requests; try again in {wait} s.", retry_after=wait)


def _describe(response: Response) -> Response:
    """`RateLimit-*` headers (IETF draft): the limit that is closest to its end, and seconds until it eases."""
    stand = _stand()
    if stand is None:
        return response
    if "windows" not in g:
        LIMITER_FALLBACKS.inc()
    response.headers.extend(
        (
            ("RateLimit-Limit", str(stand.limit.amount)),
            ("RateLimit-Remaining", str(stand.remaining)),
            ("RateLimit-Reset", str(_seconds_until(stand.eases_at))),
            ("RateLimit-Policy", f"{stand.limit.amount};w={stand.limit.get_expiry()}"),
        )
    )
    return response


def _stand() -> Stand | None:
    """As `OneLimit` has found it, or as Flask-Limiter has; None where nothing was counted."""
    known: Stand | None = g.get("stand")
    if known is None and (found := limiter.current_limit):
        return Stand(found.limit, *found.window)
    return known


def _seconds_until(moment: float) -> int:
    return max(1, math.ceil(moment - time.time()))


def exempt(view: Any) -> Any:
    """Probes and metrics are not counted."""
    view.own_limits = True
    return limiter.exempt(view)
