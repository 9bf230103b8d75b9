"""A house of its own, whose every order the test has placed."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Servers
from tests.factories import execute
from tests.floor import applications
from tests.floor.databases import own_database


@pytest.fixture(scope="module")
def own(app: Flask, servers: Servers) -> Iterator[Flask]:
    with own_database(app, servers) as url, applications.another(app, servers, DATABASE_URL=url) as made:
        yield made


@pytest.fixture
def house(own: Flask) -> Iterator[Flask]:
    """An empty one, in its context."""
    execute(own, "TRUNCATE orders, outbox_events, hourly_figures CASCADE")
    with own.app_context():
        yield own
