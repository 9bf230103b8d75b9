"""Where Redis is: the URL of one server, or of the sentinels that know which server leads at the moment."""

import re
from typing import Any
from urllib.parse import unquote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

SENTINEL = "redis+sentinel://"
_ADDRESS = re.compile(
    r"(?:(?P<user>[^:@/]*):(?P<password>[^@/]*)@)?(?P<hosts>[^@/]+)/(?P<service>[^/?]+)(?:/(?P<number>[0-9]{1,4}))?"
)
_HOST = re.compile(r"([^:]+|\[[0-9a-fA-F:]+\])(?::([0-9]{1,5}))?")


def client(url: str, connect_seconds: float, answer_seconds: float) -> "redis.Redis":
    """A client of `redis://`, `rediss://` or `redis+sentinel://[user:password@]host[:26379],host/service[/0]`.

    It re-dials once when a connection died; behind sentinels it asks them for the leader each time it dials. Raises
    `ValueError` for a URL that is none.
    """
    patience: dict[str, Any] = {"socket_connect_timeout": connect_seconds, "socket_timeout": answer_seconds}
    # redis-py's default is ten retries: 3.85 s a call when Redis is down.
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    if not url.startswith(SENTINEL):
        found: redis.Redis = redis.Redis.from_url(url, retry=retry, **patience)
        return found
    hosts, service, options = _sentinels(url)
    asking: Any = Sentinel(hosts, sentinel_kwargs={**patience, "retry": Retry(NoBackoff(), 0)})  # type: ignore[no-untyped-call]
    leader: redis.Redis = asking.master_for(service, retry=retry, **options, **patience)
    return leader


def _sentinels(url: str) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """Addresses of sentinels, name of the service, and how to get in there."""
    address = _ADDRESS.fullmatch(url.removeprefix(SENTINEL))
    hosts = [_HOST.fullmatch(host) for host in address["hosts"].split(",")] if address else []
    if address is None or None in hosts:
        raise ValueError("not the address of sentinels")
    login = {"username": unquote(address["user"] or "") or None, "password": unquote(address["password"] or "") or None}
    found = [(host[1].strip("[]"), int(host[2] or 26379)) for host in hosts if host]
    return found, address["service"], {"db": int(address["number"] or 0), **login}
