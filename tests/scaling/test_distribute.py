"""`flask oms distribute`, on a stand-in: Citus is a server extension that no package we install from brings.

The stand-in (citus.sql) notes what is asked of it and refuses what Citus refuses. That Citus does the rest is its part.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Engine

from oms.distribution import BY_ORDER, BY_THEMSELVES, REFERENCE
from oms.extensions import db
from oms.ids import new_id
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.databases import own_database
from tests.floor.outsiders import Outsider

STAND_IN = text((Path(__file__).parent / "citus.sql").read_text())
FOREIGN_KEYS = text("""
    SELECT CAST(conrelid AS regclass), conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
    WHERE contype = 'f' ORDER BY conname, CAST(CAST(conrelid AS regclass) AS text)
""")


@pytest.fixture
def database(app: Flask, servers: Servers) -> Iterator[Engine]:
    with own_database(app, servers) as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        yield engine
        engine.dispose()


def run(app: Flask, servers: Servers, database: Engine, *arguments: str) -> tuple[int, str]:
    url = database.url.render_as_string(hide_password=False)
    with applications.another(app, servers, DATABASE_URL=url) as made:
        answer = made.test_cli_runner().invoke(args=["oms", "distribute", *arguments])
        return answer.exit_code, answer.output or repr(answer.exception)


def test_tables_of_an_order_lie_beside_it_and_keep_their_foreign_keys(
    app: Flask, servers: Servers, database: Engine
) -> None:
    with database.connect() as connection:
        connection.execute(STAND_IN)
        before = connection.execute(FOREIGN_KEYS).all()
        assert before
        code, output = run(app, servers, database, "--shards", "32")
        assert (code, output.startswith("distributed users, ")) == (0, True), output
        found = connection.exec_driver_sql("SELECT * FROM citus_calls ORDER BY position").all()
        calls = {str(row.table_name): (row.distribution_column, row.colocate_with, row.shard_count) for row in found}
        assert calls == {
            **dict.fromkeys(REFERENCE, (None, None, None)),
            "orders": ("order_id", "none", 32),
            **dict.fromkeys(BY_ORDER[1:], ("order_id", "orders", None)),
            **{table: (column, "none", 32) for table, column in BY_THEMSELVES.items()},
        }
        assert connection.execute(FOREIGN_KEYS).all() == before
        assert run(app, servers, database) == (0, "nothing to distribute\n")


def test_what_fails_half_way_leaves_everything_as_it_was(app: Flask, servers: Servers, database: Engine) -> None:
    with database.connect() as connection:
        connection.execute(STAND_IN)
        connection.exec_driver_sql("CREATE UNIQUE INDEX in_the_way ON payments (payment_id)")
        before = connection.execute(FOREIGN_KEYS).all()
        code, _ = run(app, servers, database)
        assert code == 1
        assert connection.execute(FOREIGN_KEYS).all() == before
        assert connection.exec_driver_sql("SELECT * FROM citus_calls").all() == []


def test_without_citus_it_says_so(app: Flask, servers: Servers, database: Engine) -> None:
    code, output = run(app, servers, database)
    assert (code, output) == (1, "Error: This PostgreSQL has no Citus: CREATE EXTENSION citus\n")


@contextmanager
def statements_of(app: Flask) -> Iterator[list[str]]:
    """What is sent to the application's database meanwhile."""
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(db.engine, "before_cursor_execute", note)


def test_an_order_and_its_stored_answer_are_two_statements_of_one_transaction(
    app: Flask, servers: Servers, customer: Caller
) -> None:
    key = {"Idempotency-Key": new_id()}
    with applications.another(app, servers, DATABASE_DISTRIBUTED="yes") as distributed:
        caller = Outsider(distributed, customer.headers, customer.id)
        first = caller.post("/orders", {"items": {"tea": 1}}, headers=key)
        again = caller.post("/orders", {"items": {"tea": 1}}, headers=key)
        with statements_of(distributed) as sent:
            caller.post("/orders", {"items": {}}, headers={"Idempotency-Key": new_id()})
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.json == again.json
    placing = [statement for statement in sent if "INSERT INTO orders " in statement]
    keeping = [statement for statement in sent if "INSERT INTO idempotency_keys" in statement]
    assert (len(placing), len(keeping), set(placing) & set(keeping)) == (1, 1, set())
