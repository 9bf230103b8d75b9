import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask

from devstack.kafka import Kafka
from devstack.postgres import Postgres
from oms.config import Settings
from oms.consumer import lanes, loop, partitions
from oms.consumer.health import Pulse
from oms.consumer.loop import Loop
from oms.consumer.partitions import Partitions
from tests.conftest import Servers
from tests.consumer.topics import Topics, own_settings
from tests.floor import mending

Consume = Callable[..., AbstractContextManager[Loop]]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of every wait, but for the processes that are started."""
    monkeypatch.setattr(lanes, "FIRST_WAIT_SECONDS", lanes.FIRST_WAIT_SECONDS / 10)
    monkeypatch.setattr(partitions, "COMMIT_SECONDS", partitions.COMMIT_SECONDS / 10)
    monkeypatch.setattr(loop, "POLL_SECONDS", loop.POLL_SECONDS / 10)


@pytest.fixture
def topics(settings: Settings) -> Topics:
    """Topics and a consumer group nobody else has."""
    return Topics(own_settings(settings))


@pytest.fixture
def consume(app: Flask, topics: Topics) -> Consume:
    """`with consume():` runs the consumer of this test's topics beside the test."""

    @contextmanager
    def running(settings: Settings = topics.settings, pulse: Pulse | None = None) -> Iterator[Loop]:
        ended: list[BaseException | None] = []
        with app.app_context():
            consumer = Loop(settings, pulse or Pulse())

        def run() -> None:
            try:
                with app.app_context():
                    consumer.run()
                ended.append(None)
            except BaseException as error:
                ended.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield consumer
        finally:
            consumer.stop()
            thread.join(30)
            assert ended == [None]

    return running


@pytest.fixture
def members(monkeypatch: pytest.MonkeyPatch) -> list[Partitions]:
    """The group members this test's consumers have made."""
    made: list[Partitions] = []

    class Watched(Partitions):
        def __init__(self, settings: Settings) -> None:
            super().__init__(settings)
            made.append(self)

    monkeypatch.setattr(loop, "Partitions", Watched)
    return made


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """The application's context, for tests that call handlers directly."""
    with app.app_context():
        yield app


@pytest.fixture
def kafka(servers: Servers) -> Iterator[Kafka]:
    """The broker, which the test may take down."""
    yield servers.kafka
    mending.mend_kafka(servers)


@pytest.fixture
def postgres(app: Flask, servers: Servers) -> Iterator[Postgres]:
    """PostgreSQL, for a test that stops it."""
    yield servers.postgres
    mending.mend_postgres(app, servers)
