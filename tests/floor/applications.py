"""A second application in the process of the tests, with other settings than the one they share."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from oms.app import create_app
from oms.config import Settings
from oms.extensions import db
from oms.web.rate_limits import limiter
from tests.conftest import Servers


@contextmanager
def another(shared: Flask, servers: Servers, **variables: str) -> Iterator[Flask]:
    """An application with these variables; the limiter, of which a process has one, is given back afterwards."""
    made = create_app(Settings.from_env(servers.environ(**variables)))
    try:
        yield made
    finally:
        with made.app_context():
            db.engine.dispose()
        limiter.init_app(shared)
        limiter._storage_dead = False
