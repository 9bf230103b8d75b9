from typing import Any

import pytest
from redis.sentinel import SentinelConnectionPool

from oms import redis_address


@pytest.mark.parametrize(
    ("url", "hosts", "service", "options"),
    [
        ("redis+sentinel://a/s", [("a", 26379)], "s", {"db": 0, "username": None, "password": None}),
        (
            "redis+sentinel://u:p%40w@a:1,b:2,[::1]:3/s/4",
            [("a", 1), ("b", 2), ("::1", 3)],
            "s",
            {"db": 4, "username": "u", "password": "p@w"},
        ),
        ("redis+sentinel://:word@a:1/s", [("a", 1)], "s", {"db": 0, "username": None, "password": "word"}),
    ],
)
def test_sentinels_are_read_from_the_address(url: str, hosts: Any, service: str, options: dict[str, Any]) -> None:
    pool = redis_address.client(url, 0.25, 0.5).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    asked = [sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels]
    assert [(sentinel["host"], sentinel["port"]) for sentinel in asked] == hosts
    assert {sentinel["socket_timeout"] for sentinel in asked} == {0.5}
    assert pool.service_name == service
    expected = options | {"socket_connect_timeout": 0.25, "socket_timeout": 0.5}
    assert {name: pool.connection_kwargs[name] for name in expected} == expected


@pytest.mark.parametrize("url", ["redis+sentinel://a", "redis+sentinel://a:b/s", "redis+sentinel://a/s/x", "a:6379"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        redis_address.client(url, 1, 1)
