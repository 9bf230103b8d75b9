from collections.abc import Iterator

import pytest
from flask import Flask

from devstack.kafka import Kafka
from devstack.postgres import Postgres
from devstack.valkey import Valkey
from oms.config import Settings
from oms.kafka import Publisher
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.floor import events, mending
from tests.floor.outsiders import Outsider


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application's context, for tests that call the floor directly."""
    with app.app_context():
        yield app


@pytest.fixture
def empty_outbox(context: Flask) -> None:
    """Nothing waits to be sent when the test begins."""
    events.settle_everything()


@pytest.fixture
def publisher(settings: Settings) -> Iterator[Publisher]:
    """A producer of the test's own."""
    made = Publisher(settings)
    yield made
    made.discard()


@pytest.fixture
def kafka(servers: Servers) -> Iterator[Kafka]:
    """The broker, which the test may pause or take down with `down`."""
    yield servers.kafka
    mending.mend_kafka(servers)


@pytest.fixture
def valkey(app: Flask, servers: Servers) -> Iterator[Valkey]:
    """Redis, for a test that breaks it."""
    yield servers.valkey
    mending.mend_redis(app, servers)


@pytest.fixture
def postgres(app: Flask, servers: Servers) -> Iterator[Postgres]:
    """PostgreSQL, for a test that breaks it."""
    yield servers.postgres
    mending.mend_postgres(app, servers)


@pytest.fixture
def customer(app: Flask) -> Caller:
    return Outsider.like(person(app, "customer"))


@pytest.fixture
def other_customer(app: Flask) -> Caller:
    return Outsider.like(person(app, "customer"))


@pytest.fixture
def staff(app: Flask) -> Caller:
    return Outsider.like(person(app, "staff"))


@pytest.fixture
def anonymous(app: Flask) -> Caller:
    return Outsider(app, {}, "")
