from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from devstack.apache_kafka import ApacheKafka
from oms.config import Settings
from oms.kafka import Publisher
from tests.conftest import Servers
from tests.consumer.topics import Topics, own_settings
from tests.floor import events, mending
from tests.processes.programs import Program


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application's context, with nothing left in the outbox to be sent."""
    with app.app_context():
        events.settle_everything()
        yield app


@pytest.fixture
def kafka(servers: Servers) -> Iterator[ApacheKafka]:
    """The broker, for a test that restarts it."""
    yield servers.kafka
    mending.mend_kafka(servers)


@pytest.fixture
def publisher(settings: Settings) -> Iterator[Publisher]:
    made = Publisher(settings)
    yield made
    made.discard()


@pytest.fixture
def topics(settings: Settings) -> Topics:
    """Topics and a consumer group nobody else has."""
    return Topics(own_settings(settings))


@pytest.fixture
def start(app: Flask, servers: Servers, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """`start("worker", KAFKA_...=...)` runs that process of the Procfile until the test ends."""
    made: list[Program] = []

    def run(name: str, **variables: str) -> Program:
        environ = servers.process_environ(LOG_LEVEL="INFO", **variables)
        made.append(Program(name, environ, tmp_path / f"{name}-{len(made)}.log"))
        return made[-1]

    yield run
    for program in made:
        program.kill()
