"""An installation with webhooks of its own: what others do in the shared database must not be told here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from oms.extensions import queue_connection
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.factories import execute
from tests.floor import applications
from tests.floor.databases import own_database
from tests.webhooks.hooks import KEY, Hooks
from tests.webhooks.receivers import Receiver


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers) -> Iterator[Flask]:
    with own_database(app, servers) as url:
        own = {
            "DATABASE_URL": url,
            "REDIS_URL": f"redis://127.0.0.1:{servers.valkey.port}/3",
            "REDIS_TIMEOUT_MS": "5000",
        }
        allowed = {"WEBHOOK_ALLOW_HTTP": "YES", "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128"}
        more = {"WEBHOOK_ENCRYPTION_KEYS": KEY, "WEBHOOK_TIMEOUT_MS": "8000", "WEBHOOK_CONCURRENCY": "16"}
        with applications.another(app, servers, **own, **allowed, **more) as made:
            yield made


@pytest.fixture(scope="module")
def seller(shop: Flask) -> Caller:
    return person(shop, "staff")


@pytest.fixture
def hooks(shop: Flask, seller: Caller) -> Iterator[Hooks]:
    """Without endpoints, events and jobs of other tests."""
    with shop.app_context():
        execute(shop, "UPDATE outbox_events SET published_at = now() WHERE published_at IS NULL")
        for table in ("webhook_attempts", "webhook_deliveries", "webhook_messages", "webhook_endpoints"):
            execute(shop, f"DELETE FROM {table}")
        for pattern in ("rq:*", "wake:*"):
            if keys := queue_connection().keys(pattern):
                queue_connection().delete(*keys)
        yield Hooks(shop, seller)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def receivers() -> Iterator[Callable[[int], list[Receiver]]]:
    with ExitStack() as stack:
        yield lambda count: [stack.enter_context(Receiver()) for _ in range(count)]


@pytest.fixture
def endpoint(hooks: Hooks, receiver: Receiver) -> Any:
    return hooks.endpoint(receiver)
