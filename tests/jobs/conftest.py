from collections.abc import Iterator

import pytest
from flask import Flask

import oms.jobs.publish_outbox as publish_outbox
from devstack.kafka import Kafka
from devstack.valkey import Valkey
from oms.extensions import redis_client
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.floor import events, mending
from tests.floor.outsiders import Outsider


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application's context, for tests that run jobs themselves."""
    with app.app_context():
        yield app


@pytest.fixture
def quiet(context: Flask) -> None:
    """Nothing waits: no event, no job, no wake-up."""
    events.settle_everything()
    for pattern in ("rq:*", "wake:*", "orders:dirty"):
        if keys := redis_client().keys(pattern):
            redis_client().delete(*keys)


@pytest.fixture(autouse=True)
def producer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A producer of the test's own, whatever broke the last one."""
    monkeypatch.setattr(publish_outbox, "_publisher", [])
    yield
    for made in publish_outbox._publisher:
        made.discard()


@pytest.fixture
def kafka(servers: Servers) -> Iterator[Kafka]:
    yield servers.kafka
    mending.mend_kafka(servers)


@pytest.fixture
def valkey(app: Flask, servers: Servers) -> Iterator[Valkey]:
    yield servers.valkey
    mending.mend_redis(app, servers)


@pytest.fixture
def customer(app: Flask) -> Caller:
    return Outsider.like(person(app, "customer"))
