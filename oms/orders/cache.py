"""Finished orders in Redis: `order:<order_id>` holds version, owner and JSON bytes.

A hit is answered without parsing. Setting is guarded: a lower version never replaces a higher one, so a slow reader
can't bring back what a writer has outdated. Where a writer has no bytes at hand it leaves a floor, a version without
a body. PostgreSQL is the truth; whatever Redis missed while it was away, the sweep brings in (`jobs.sweep`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy.orm import Session

from oms import queues, transactions
from oms.extensions import settings
from oms.observability.metrics import CACHE_READS
from oms.orders import representation
from oms.orders.order import Order
from oms.redis_guard import attempt
from oms.redis_script import RedisScript

DIRTY = "orders:dirty"
# The channel on which those who watch orders hear of changes: the order's id.
CHANGED = "orders:changed"
_VERSION_DIGITS, _OWNER_DIGITS = 10, 3  # an owner's id has 50 characters, up to 200 bytes
_HEAD = _VERSION_DIGITS + _OWNER_DIGITS
# KEYS: the order; ARGV: value, seconds to live. An equal version may replace a floor, or itself.
_GUARDED_SET = f"""
local held = redis.call('GETRANGE', KEYS[1], 0, {_VERSION_DIGITS - 1})
if held ~= '' and held > string.sub(ARGV[1], 1, {_VERSION_DIGITS}) then return 0 end
if held == string.sub(ARGV[1], 1, {_VERSION_DIGITS}) and string.len(ARGV[1]) <= {_HEAD} then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""
# After a change: the guarded set, a word to those who watch, and the doorbell's flag. KEYS: the order, the flag; ARGV:
# as above, seconds of the flag, the order's id. 1 for the one caller who has to enqueue the job.
_ANNOUNCE = RedisScript(f"""
local function keep(KEYS, ARGV)
{_GUARDED_SET}
end
keep(KEYS, ARGV)
redis.call('PUBLISH', '{CHANGED}', ARGV[4])
return redis.call('SET', KEYS[2], 1, 'NX', 'EX', ARGV[3]) and 1 or 0
""")


@dataclass(frozen=True, slots=True)
class Cached:
    """What a hit holds."""

    version: int
    owner: str
    body: bytes


def key(order_id: str) -> str:
    return f"order:{order_id}"


def parse(value: bytes | None) -> Cached | None:
    """The entry, or None for a miss; counted."""
    found = _parse(value)
    _count(hits=found is not None, of=1)
    return found


def _count(hits: int, of: int) -> None:
    for result, many in (("hit", hits), ("miss", of - hits)):
        if many:
            CACHE_READS.labels(result).inc(many)


def _parse(value: bytes | None) -> Cached | None:
    """Nothing there, or only a floor: None."""
    if value is None or len(value) <= _HEAD:
        return None
    body_at = _HEAD + int(value[_VERSION_DIGITS:_HEAD])
    return Cached(int(value[:_VERSION_DIGITS]), value[_HEAD:body_at].decode(), value[body_at:])


def entry(order: Order, body: bytes) -> bytes:
    owner = order.customer_id.encode()
    return b"%0*d%0*d%b%b" % (_VERSION_DIGITS, order.version, _OWNER_DIGITS, len(owner), owner, body)


def floor(version: int) -> bytes:
    """An entry that says only: nothing older than this."""
    return b"%0*d%0*d" % (_VERSION_DIGITS, version, _OWNER_DIGITS, 0)


def fill(order: Order, body: bytes) -> None:
    """A reader has built the bytes; keep them if they are not outdated already."""
    attempt("cache", lambda client: _set_all(client, {order.order_id: entry(order, body)}))


def held(versions: Mapping[str, int]) -> dict[str, bytes]:
    """The bodies of those orders that are here in exactly these versions, all in one round trip."""
    keys = [key(order_id) for order_id in versions]
    values: Any = attempt("cache", lambda client: client.mget(keys)) if keys else None
    found = {}
    for (order_id, version), value in zip(versions.items(), values or [None] * len(keys), strict=True):
        cached = _parse(value)
        if cached is not None and cached.version == version:
            found[order_id] = cached.body
    _count(hits=len(found), of=len(keys))
    return found


def store(orders: Sequence[Order]) -> dict[str, bytes]:
    """Keep freshly read orders, all in one round trip; returns their bodies."""
    bodies = {order.order_id: representation.render(order) for order in orders}
    entries = {order.order_id: entry(order, bodies[order.order_id]) for order in orders}
    attempt("cache", lambda client: _set_all(client, entries))
    return bodies


def announce(session: Session, order: Order) -> bytes:
    """Render a changed order, and once it is committed put it in the cache and wake the publisher.

    Returns the bytes, which are also the answer.
    """
    body = representation.render(order)
    value = entry(order, body)
    transactions.after_commit(session, lambda: _spread(order.order_id, value))
    return body


def spread(order: Order, body: bytes) -> None:
    """Put a committed order in the cache and wake the publisher, all in one round trip."""
    _spread(order.order_id, entry(order, body))


def _spread(order_id: str, value: bytes) -> None:
    keys = (key(order_id), queues.flag(queues.PUBLISH_OUTBOX))

    def work(client: "redis.Redis") -> None:
        if _ANNOUNCE.run(client, keys, (value, settings().cache_ttl_seconds, queues.WAKE_SECONDS, order_id)):
            queues.enqueue([queues.PUBLISH_OUTBOX])

    attempt("cache", work)


def announce_many(versions: dict[str, int]) -> bool:
    """Leave floors for changed orders; those that Redis held too old, or not at all, go to the refresh job.

    False when Redis is away.
    """

    def work(client: "redis.Redis") -> list[str]:
        pipeline = client.pipeline(transaction=False)
        _set_in(pipeline, {order_id: floor(version) for order_id, version in versions.items()})
        outdated = [order_id for order_id, lowered in zip(versions, pipeline.execute(), strict=True) if lowered]
        if outdated:
            client.sadd(DIRTY, *outdated)
        return outdated

    outdated = attempt("cache", work)
    if outdated:
        queues.wake(queues.REFRESH_CACHE)
    return outdated is not None


def take_dirty(count: int) -> list[str]:
    """Up to `count` orders that wait for the refresh job."""
    found: Any = attempt("cache", lambda client: client.spop(DIRTY, count))
    return [order_id.decode() for order_id in found or []]


def _set_all(client: "redis.Redis", entries: dict[str, bytes]) -> None:
    pipeline = client.pipeline(transaction=False)
    _set_in(pipeline, entries)
    pipeline.execute()


def _set_in(pipeline: "redis.client.Pipeline", entries: dict[str, bytes]) -> None:
    seconds = settings().cache_ttl_seconds
    for order_id, value in entries.items():
        pipeline.eval(_GUARDED_SET, 1, key(order_id), value, seconds)
