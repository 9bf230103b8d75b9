import pytest
from flask import Flask

from tests import factories
from tests.conftest import Servers


@pytest.fixture(scope="session")
def app(app: Flask, servers: Servers) -> Flask:
    """The application with more patience for Redis than a busy machine can use up: these tests look into the cache."""
    return factories.patient(app, servers)
