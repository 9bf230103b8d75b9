"""A database of a test's own on the servers the tests share."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from oms import schema_version
from oms.ids import new_id
from tests.conftest import Servers
from tests.floor import applications


@contextmanager
def own_database(app: Flask, servers: Servers) -> Iterator[str]:
    """The URL of a database that is migrated, and dropped afterwards."""
    # Some tests restart the server: no connection is kept until the end.
    admin = create_engine(servers.postgres.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    name = f"p_{new_id().lower()}"
    with admin.connect() as connection:
        _ensure_template(app, servers, connection)
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}"))
    try:
        yield _url(servers, name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


_TEMPLATE = "migrated"


def _ensure_template(app: Flask, servers: Servers, admin: Connection) -> None:
    """Migrated once; a copy of it takes a tenth of the time."""
    if admin.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": _TEMPLATE}).scalar():
        return
    admin.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
    with applications.another(app, servers, DATABASE_URL=_url(servers, _TEMPLATE)) as made, made.app_context():
        upgrade(str(schema_version.MIGRATIONS))


def _url(servers: Servers, name: str) -> str:
    return urlunsplit(urlsplit(servers.postgres.url)._replace(path=f"/{name}"))
