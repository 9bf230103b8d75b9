"""How far the consumer is behind: written by the consumer into Redis, read by whoever is scraped."""

from collections.abc import Mapping
from typing import Any

import redis

KEY = "consumer:lag"
SECONDS = 60


def write_lag(client: "redis.Redis", lag: Mapping[tuple[str, int], int]) -> None:
    """Keep messages left by (topic, partition) for a minute, beside other consumers' reports; raises `RedisError`."""
    fields: dict[Any, Any] = {f"{topic}/{partition}": left for (topic, partition), left in lag.items()}
    pipeline = client.pipeline(transaction=True)
    if fields:
        pipeline.hset(KEY, mapping=fields)
        pipeline.expire(KEY, SECONDS)
    pipeline.execute()


def read_lag(client: "redis.Redis") -> dict[tuple[str, int], int]:
    """Messages left by (topic, partition); empty when no consumer has reported; raises `redis.RedisError`."""
    stored: Any = client.hgetall(KEY)
    lag = {}
    for name, left in stored.items():
        topic, _, partition = name.decode().rpartition("/")
        lag[topic, int(partition)] = int(left)
    return lag
