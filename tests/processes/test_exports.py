"""Exports over real connections: what a client sees of a failure on the way, and what the server sees of a client."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import create_engine, text

from devstack.server import wait_until
from tests.conftest import Servers
from tests.depth import THOROUGH
from tests.processes.conftest import Stack
from tests.processes.programs import Program

# More than the buffers of a connection hold.
ORDERS, BYTES = 120, 200_000
pytestmark = pytest.mark.skipif(not THOROUGH, reason="makes large orders")


@pytest.fixture(scope="module")
def web(stack: Stack) -> Program:
    program = stack.start_web(EXPORTS_PER_PROCESS="1", WEB_CONCURRENCY="1")
    for _ in range(ORDERS):
        body = {"items": {"note": "x" * BYTES}}
        assert stack.client.call("POST", "/orders", body).status == 201
    return program


@pytest.fixture
def connection(stack: Stack) -> Iterator[http.client.HTTPConnection]:
    found = http.client.HTTPConnection("127.0.0.1", stack.client.port, timeout=20)
    yield found
    found.close()


@pytest.fixture
def export(stack: Stack, web: Program, connection: http.client.HTTPConnection) -> Iterator[http.client.HTTPResponse]:
    """One that has begun, and that nobody reads further."""
    connection.request("GET", "/orders/export", headers=stack.client.headers)
    answer = connection.getresponse()
    assert (answer.status, web.is_running) == (200, True)
    assert answer.read(1000)
    yield answer
    answer.close()


def test_a_client_that_goes_away_makes_room_for_the_next(
    stack: Stack, connection: http.client.HTTPConnection, export: http.client.HTTPResponse
) -> None:
    assert stack.client.call("GET", "/orders/export").status == 429
    export.close()
    connection.close()
    assert wait_until(lambda: stack.client.call("GET", "/orders/export").status == 200, 20)


def test_a_failure_on_the_way_is_no_end_of_the_file(
    app: Flask, servers: Servers, stack: Stack, export: http.client.HTTPResponse
) -> None:
    name = urlsplit(stack.environ["DATABASE_URL"]).path.lstrip("/")
    admin = create_engine(servers.postgres.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as server:
        server.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        server.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :n"), {"n": name})
        with pytest.raises(http.client.IncompleteRead):
            export.read()
        server.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    admin.dispose()
    assert wait_until(stack.client.is_ready, 20)
    whole = stack.client.call("GET", "/orders/export").body.splitlines()
    assert len({json.loads(line)["order_id"] for line in whole}) == ORDERS
