from collections.abc import Callable, Iterator
from urllib.parse import urlsplit, urlunsplit

import pytest
from sqlalchemy import create_engine, text

from oms.ids import new_id
from tests.conftest import Servers


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[Callable[[], str]]:
    """Makes databases with nothing in them; gives the URL of each."""
    admin = create_engine(servers.postgres.url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"t_{new_id().lower()}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        made.append(name)
        return urlunsplit(urlsplit(servers.postgres.url)._replace(path=f"/{name}"))

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
