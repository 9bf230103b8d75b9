"""Lua scripts that Redis knows by their digest: the text travels only to a server that has not met it."""

import hashlib
from collections.abc import Sequence
from typing import Any

import redis


class RedisScript:
    """One script; it runs as a whole, and costs one round trip."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """Raises `redis.RedisError`."""
        try:
            return client.execute_command("EVALSHA", self._digest, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return client.execute_command("EVAL", self._source, len(keys), *keys, *arguments)
