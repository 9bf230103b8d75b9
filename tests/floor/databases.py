"""A database of a test's own on the servers the tests share."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from oms import schema_version
from oms.ids import new_id
from tests.conftest import Servers
from tests.floor import applications


@contextmanager
def own_database(app: Flask, servers: Servers) -> Iterator[str]:
    """The URL of a database that is migrated, and dropped afterwards."""
    name = f"p_{new_id().lower()}"
    admin = create_engine(servers.postgres.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = urlunsplit(urlsplit(servers.postgres.url)._replace(path=f"/{name}"))
    with applications.another(app, servers, DATABASE_URL=url) as made, made.app_context():
        upgrade(str(schema_version.MIGRATIONS))
    try:
        yield url
    finally:
        _drop(admin, name)


def _drop(admin: Engine, name: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
