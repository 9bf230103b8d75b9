"""Redis from the wheel: every write survives, nothing is evicted."""

from pathlib import Path

import pytest
import redis

from devstack.server import StartError
from devstack.valkey import Valkey


def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    with Valkey(tmp_path / "redis") as server:
        redis.Redis.from_url(server.url).set("order", "42")
        server.kill()
        server.start()
        client = redis.Redis.from_url(server.url)
        assert client.get("order") == b"42"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_paused_server_answers_again_after_resume(tmp_path: Path) -> None:
    with Valkey(tmp_path / "redis") as server:
        server.pause()
        with pytest.raises(redis.TimeoutError):
            redis.Redis.from_url(server.url, socket_timeout=0.1).ping()
        server.resume()
        assert redis.Redis.from_url(server.url).ping()


def test_a_taken_port_is_reported_with_the_reason(tmp_path: Path) -> None:
    with Valkey(tmp_path / "one") as first, pytest.raises(StartError, match="redis did not start"):
        Valkey(tmp_path / "two", first.port).start()


def test_stopping_what_does_not_run_does_nothing(tmp_path: Path) -> None:
    Valkey(tmp_path / "redis").stop()
