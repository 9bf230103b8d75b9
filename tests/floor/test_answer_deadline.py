import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text

from devstack.postgres import Postgres
from oms import answer_deadline
from oms.errors import Unavailable
from oms.transactions import read, transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.outsiders import Outsider

SECONDS = 0.3
# The deadline, one round of the thread that looks, and a slow machine.
SOON = SECONDS + answer_deadline.LOOK_EVERY_SECONDS + 1.5


@pytest.fixture
def connection(postgres: Postgres) -> Iterator[Any]:
    """A connection with a short deadline and an open transaction."""
    made = psycopg2.connect(postgres.url, connection_factory=answer_deadline.connections(SECONDS))
    with made.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE number (n int); INSERT INTO number VALUES (1)")
    yield made
    made.close()


@pytest.fixture
def paused(postgres: Postgres, connection: Any) -> Iterator[None]:
    """A server that stands still while its machine goes on acknowledging."""
    postgres.pause()
    yield
    postgres.resume()


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: connection.cursor().execute("SELECT 1"),
        lambda connection: connection.cursor().executemany("INSERT INTO number VALUES (%s)", [(1,)]),
        lambda connection: connection.commit(),
        lambda connection: connection.rollback(),
    ],
    ids=["statement", "statements", "commit", "rollback"],
)
def test_what_a_silent_server_never_answers_is_a_lost_connection(connection: Any, ask: Callable[[Any], None]) -> None:
    began = time.monotonic()
    with pytest.raises(psycopg2.OperationalError):
        ask(connection)
    assert SECONDS <= time.monotonic() - began < SOON
    assert connection.closed


def test_a_connection_that_does_nothing_is_left_alone(connection: Any, postgres: Postgres) -> None:
    other = psycopg2.connect(postgres.url)
    with other, other.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", (SOON,))
    other.close()
    connection.commit()
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM number")
        assert cursor.fetchall() == [(1,)]


def test_every_statement_has_the_whole_time(connection: Any) -> None:
    with connection.cursor() as cursor:
        for _ in range(8):
            cursor.execute("SELECT pg_sleep(%s)", (SECONDS / 2,))
    connection.commit()


def test_a_silent_database_is_503_and_its_return_is_noticed(
    app: Flask, servers: Servers, customer: Caller, postgres: Postgres
) -> None:
    with applications.another(app, servers, DB_STATEMENT_TIMEOUT_MS="100") as impatient:
        with impatient.app_context():
            read(lambda session: session.execute(text("SELECT 1")))
        caller = Outsider(impatient, customer.headers, customer.id)
        postgres.pause()
        began = time.monotonic()
        answer = caller.post("/orders", {"items": {"tea": 1}})
        took = time.monotonic() - began
        postgres.resume()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        # 0.1 s for the statement and 2 s of grace, then 2 s for a new connection.
        assert took < 0.1 + 2 + answer_deadline.LOOK_EVERY_SECONDS + 2 + 2
        assert caller.post("/orders", {"items": {"tea": 1}}).status_code == 201


def test_a_silent_database_ends_a_transaction_as_unavailable(app: Flask, servers: Servers, postgres: Postgres) -> None:
    with (
        applications.another(app, servers, DB_STATEMENT_TIMEOUT_MS="100") as impatient,
        impatient.app_context(),
    ):

        def work(session: Any) -> None:
            session.execute(text("SELECT 1"))
            postgres.pause()

        with pytest.raises(Unavailable):
            transaction(work)
        postgres.resume()
