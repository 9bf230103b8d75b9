"""Rate limits per caller and route, counted in Redis by Flask-Limiter's sliding window.

While Redis is away each process counts for itself. The storage makes one round trip a request: it counts, reads how
much is left, and brings along what `access` wants from Redis.
"""

import math
import time
from typing import Any

import redis
from flask import Flask, Response, g, request
from flask_limiter import Limiter
from limits.storage import RedisStorage

from oms import redis_guard
from oms.accounts import emails
from oms.api import access
from oms.errors import TooMany
from oms.extensions import redis_client, settings
from oms.observability.metrics import LIMITER_FALLBACKS

SCHEME = "oms"


class OneRoundTrip(RedisStorage):
    """limits' Redis storage over the application's own client, with everything of a request in one pipeline."""

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str, **options: Any) -> None:
        # Its own client only registers the scripts; the running application's makes the calls.
        super().__init__("redis://unused", key_prefix="limit", **options)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        if not redis_guard.breaker.may_try():
            raise redis.ConnectionError("Redis is being left alone after a failure")
        try:
            return self._count(key, limit, expiry, amount)
        except redis.exceptions.NoScriptError:
            self._load()
            return self._count(key, limit, expiry, amount)
        except redis.RedisError as error:
            redis_guard.failed("limiter", error)
            raise

    def _count(self, key: str, limit: int, expiry: int, amount: int) -> bool:
        counters = [
            self.prefixed_key(self._previous_window_key(key)),
            self.prefixed_key(self._current_window_key(key)),
        ]
        wanted = access.prefetch_keys() if g.get("prefetched") is None else []
        pipeline = redis_client().pipeline(transaction=False)
        pipeline.evalsha(self.lua_acquire_sliding_window.sha, 2, *counters, limit, expiry, amount)
        pipeline.evalsha(self.lua_sliding_window.sha, 2, *counters, expiry)
        if wanted:
            pipeline.mget(wanted)
        acquired, window, *values = pipeline.execute()
        if wanted:
            g.prefetched = dict(zip(wanted, values[0], strict=True))
        g.setdefault("windows", {})[key] = window
        return bool(acquired)

    def _load(self) -> None:
        for script in (self.lua_acquire_sliding_window, self.lua_sliding_window):
            redis_client().script_load(script.script)

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


limiter = Limiter(
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
    return per_address(per_account(view))


def bind_limiter(app: Flask) -> None:
    app.config["RATELIMIT_STORAGE_URI"] = f"{SCHEME}://"
    limiter.init_app(app)
    app.after_request(_describe)


def exceeded() -> TooMany:
    """The error for the limit that was just exceeded."""
    found = limiter.current_limit
    wait = _seconds_until(found.window[0]) if found else 1
    return TooMany(f"Too many requests; try again in {wait} s.", retry_after=wait)


def _describe(response: Response) -> Response:
    """`RateLimit-*` headers (IETF draft): the limit that is closest to its end, and seconds until it eases."""
    found = limiter.current_limit
    if found is None:
        return response
    if "windows" not in g:
        LIMITER_FALLBACKS.inc()
    response.headers["RateLimit-Limit"] = str(found.limit.amount)
    response.headers["RateLimit-Remaining"] = str(found.remaining)
    response.headers["RateLimit-Reset"] = str(_seconds_until(found.window[0]))
    response.headers["RateLimit-Policy"] = f"{found.limit.amount};w={found.limit.get_expiry()}"
    return response


def _seconds_until(moment: float) -> int:
    return max(1, math.ceil(moment - time.time()))


def exempt(view: Any) -> Any:
    """Probes and metrics are not counted."""
    return limiter.exempt(view)
