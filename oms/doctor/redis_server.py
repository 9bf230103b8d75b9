"""Redis: there, quick, with settings that lose no jobs, and its clock near ours."""

import time
from collections.abc import Iterator
from typing import Any

import redis

from oms import queues
from oms.config import Settings
from oms.consumer_lag import read_lag
from oms.doctor.finding import Finding, judged
from oms.extensions import queue_connection, redis_client

SKEW_SECONDS = 2.0
FULL = 0.9
LAG = 10_000


def examine(settings: Settings) -> Iterator[Finding]:
    try:
        yield from _answers("Redis", queue_connection(), settings)
        yield from _configuration(queue_connection())
        if settings.redis_queue_url:
            yield from _answers("Redis of the cache", redis_client(), settings)
            yield from _eviction("its eviction policy", redis_client())
        yield from _contents()
    except redis.RedisError as error:
        yield Finding(
            "warn",
            "Redis",
            f"no answer ({type(error).__name__})",
            "requests are served from PostgreSQL and limits count per process; start it or correct REDIS_URL",
        )


def _answers(what: str, client: "redis.Redis", settings: Settings) -> Iterator[Finding]:
    began = time.perf_counter()
    client.ping()
    took = (time.perf_counter() - began) * 1000
    yield judged(
        what,
        f"answers in {took:.1f} ms",
        well=took < settings.redis_timeout_ms / 2,
        advice=f"near REDIS_TIMEOUT_MS ({settings.redis_timeout_ms}), after which requests go on without it",
    )


def _eviction(what: str, client: "redis.Redis") -> Iterator[Finding]:
    try:
        found: Any = client.config_get("maxmemory*")
    except redis.ResponseError:  # hosting services forbid CONFIG
        yield Finding("ok", what, "not ours to read")
    else:
        policy = found.get("maxmemory-policy", "unknown")
        yield judged(
            what,
            policy,
            well=policy == "noeviction",
            advice="set maxmemory-policy noeviction: any other one drops queued jobs when memory is short",
            grade="fail",
        )


def _configuration(client: "redis.Redis") -> Iterator[Finding]:
    yield from _eviction("eviction policy", client)
    memory: Any = client.info("memory")
    limit = memory.get("maxmemory", 0)
    share = memory["used_memory"] / limit if limit else 0.0
    yield judged(
        "memory of Redis",
        f"{share:.0%} of its limit" if limit else "no limit set",
        well=share < FULL,
        advice="raise maxmemory or lower CACHE_TTL_SECONDS",
    )
    seconds, microseconds = client.time()
    skew = abs(time.time() - (seconds + microseconds / 1e6))
    yield judged(
        "clock of Redis", f"{skew:.1f} s from ours", well=skew <= SKEW_SECONDS, advice="let NTP set both clocks"
    )


def _contents() -> Iterator[Finding]:
    depth = queues.depth()
    yield judged(
        "jobs",
        f"{depth['waiting']} waiting, {depth['failed']} failed",
        well=depth["failed"] == 0 and depth["waiting"] < 10,
        advice="is the worker running? What a failed job had to do is found again by the clock; its log says why",
    )
    behind = sum(read_lag(redis_client()).values())
    yield judged(
        "consumer",
        f"{behind} messages behind",
        well=behind < LAG,
        advice="is the consumer running, and are there as many as the topics' partitions allow?",
    )
