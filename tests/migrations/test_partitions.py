"""The migrations 0006 to 0008 on tables with rows in them: they become their own first partition, and back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine

from oms import outbox, partitions
from oms.transactions import read, transaction
from tests.conftest import Servers
from tests.floor import applications
from tests.migrations.test_migrations import run
from tests.migrations.test_money import Database

TABLES = ("order_journey", "outbox_events")
BEFORE = """
    INSERT INTO orders (order_id, customer_id, creator_id, managed_by, status, currency, total_amount, order_datetime,
            created_at)
        SELECT 'O' || n, 'C', 'C', 'operator', 'pending', 'USD', 0, now(), now() - n * interval '40 days'
        FROM generate_series(0, 9) AS n;
    INSERT INTO order_journey (order_id, seq, current_status, actor_id, actor_type, created_at)
        SELECT order_id, 1, 'pending', 'C', 'customer', created_at FROM orders;
    INSERT INTO outbox_events (order_id, version, position, event_id, shard, topic, type, payload, created_at,
            published_at)
        SELECT order_id, 1, 0, 'E', 1, 't', 't', '{}', created_at, CASE WHEN order_id <> 'O5' THEN now() END FROM orders
"""


@pytest.fixture
def database(app: Flask, servers: Servers, empty_database: Callable[[], str]) -> Iterator[Database]:
    url = empty_database()
    engine = create_engine(url)
    with applications.another(app, servers, DATABASE_URL=url) as fresh:
        made = Database(fresh, url, engine)
        made.upgrade("0005")
        made.execute(BEFORE)
        yield made
    engine.dispose()


def everything(database: Database) -> dict[str, Any]:
    return {table: database.rows(f"SELECT * FROM {table} ORDER BY order_id") for table in TABLES}


def test_no_row_moves_and_the_schema_is_that_of_the_models(database: Database, servers: Servers) -> None:
    before, files = everything(database), database.rows("SELECT pg_relation_filenode('order_journey')")
    database.upgrade()
    assert everything(database) == before
    assert database.rows("SELECT pg_relation_filenode('order_journey_before')") == files
    for table in TABLES:
        assert database.rows(f"SELECT DISTINCT CAST(tableoid AS regclass)::text FROM {table}") == [(f"{table}_before",)]
    status, output = run(servers, database.url, "check")
    assert (status, "No new upgrade operations detected" in output) == (0, True), output


def test_what_comes_after_goes_into_the_partitions_ahead(database: Database) -> None:
    database.upgrade()
    database.execute("UPDATE order_journey SET created_at = now() + interval '80 days' WHERE order_id = 'O1'")
    where = "SELECT CAST(tableoid AS regclass)::text FROM order_journey WHERE order_id = 'O1'"
    ((name,),) = database.rows(where)
    assert name.startswith("order_journey_20")


def test_the_first_partition_is_dropped_in_its_turn_but_not_with_an_unpublished_event(database: Database) -> None:
    database.upgrade()
    with database.app.app_context():
        later = max(each.until for each in read(lambda session: partitions.partitions(session, partitions.OUTBOX)))
        drop = lambda session: partitions.drop_before(session, partitions.OUTBOX, later)  # noqa: E731
        assert transaction(drop) > 0
        assert database.rows("SELECT order_id FROM outbox_events") == [("O5",)]
        assert read(outbox.lag).pending == 1


def test_there_and_back_and_there_again_nothing_is_lost(database: Database) -> None:
    before = everything(database)
    database.upgrade()
    database.execute("UPDATE order_journey SET created_at = created_at + interval '80 days' WHERE order_id = 'O0'")
    database.execute("UPDATE order_journey SET created_at = created_at - interval '80 days' WHERE order_id = 'O0'")
    database.downgrade("0005")
    assert everything(database) == before
    database.upgrade()
    assert everything(database) == before


def test_what_changes_most_is_vacuumed_sooner_and_no_longer_on_the_way_back(database: Database) -> None:
    options = "SELECT count(*) FROM pg_class WHERE reloptions @> ARRAY['autovacuum_vacuum_scale_factor=0.02']"
    tables = f"{options} AND relname IN ('orders', 'order_items', 'payments', 'idempotency_keys')"
    partitions_of_outbox = f"{options} AND relname LIKE 'outbox_events_%'"
    database.upgrade()
    assert database.rows(tables) == [(4,)]
    assert database.rows(partitions_of_outbox)[0][0] >= 5
    database.downgrade("0008")
    assert database.rows(tables) == [(0,)]
