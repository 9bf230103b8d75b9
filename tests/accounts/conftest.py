from collections.abc import Iterator

import pytest
import redis
from flask import Flask

from oms import redis_guard


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application's context, for tests that call the domain directly."""
    with app.app_context():
        yield app


@pytest.fixture
def redis_away(context: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every connection to Redis is refused, as when the server is down."""
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
    monkeypatch.setitem(context.extensions, "oms_redis", nowhere)
    yield
    redis_guard.breaker.reset()
