"""The migrations 0002 and 0003 on a database that is in use: what was there stays, there and back."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError

from oms.extensions import db
from oms.orders import representation, store
from oms.transactions import read
from tests.conftest import Servers
from tests.floor import applications
from tests.migrations.test_migrations import MIGRATIONS, run

# One order with everything that 0001 knows of.
BEFORE = """
    INSERT INTO orders (order_id, customer_id, creator_id, managed_by, status, currency, total_amount, order_datetime)
        VALUES ('O', 'C', 'C', 'operator', 'partially_delivered', 'USD', 30, now());
    INSERT INTO order_items (order_id, line_no, sku, quantity, unit_price, sale_price, status,
            cancelled_quantity, shipped_quantity, delivered_quantity, returned_quantity, refunded_quantity)
        VALUES ('O', 1, 'TEA', 3, 10, 10, 'partially_delivered', 1, 2, 1, 1, 1);
    INSERT INTO order_journey (order_id, seq, current_status, actor_id, actor_type)
        VALUES ('O', 1, 'pending', 'C', 'customer');
    INSERT INTO payments (order_id, payment_id, mode, status, amount, captured_amount, refunded_amount)
        VALUES ('O', 'P1', 'card', 'captured', 12, 12, 5), ('O', 'P2', 'cash', 'captured', 18, 18, 0);
    INSERT INTO refunds (order_id, refund_id, payment_id, cause, status, amount)
        VALUES ('O', 'R', 'P1', 'cancel', 'processed', 5);
    INSERT INTO return_requests (order_id, return_id, status, reason) VALUES ('O', 'T', 'received', 'damaged');
    INSERT INTO return_items (order_id, return_id, line_no, quantity, accepted_quantity) VALUES ('O', 'T', 1, 1, 1)
"""
# Two refunds that both payments have a share in, and one that is the first payment's alone.
SPREAD = """
    UPDATE payments SET reserved_amount = 6, refunded_amount = 5 WHERE payment_id IN ('P1', 'P2');
    INSERT INTO refunds (order_id, refund_id, payment_id, cause, status, amount)
        VALUES ('O', 'S1', 'P1', 'cancel:1', 'created', 2), ('O', 'S1', 'P2', 'cancel:1', 'created', 3),
            ('O', 'S2', 'P1', 'cancel:2', 'created', 4), ('O', 'S2', 'P2', 'cancel:2', 'created', 1)
"""


class Database:
    """A database of its own, with the application whose migrations it takes."""

    def __init__(self, app: Flask, url: str, engine: Engine) -> None:
        self.app, self.url, self._engine = app, url, engine

    def upgrade(self, revision: str = "head") -> None:
        with self.app.app_context():
            upgrade(MIGRATIONS, revision=revision)

    def downgrade(self, revision: str) -> None:
        with self.app.app_context():
            downgrade(MIGRATIONS, revision=revision)

    def execute(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement))

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture
def database(app: Flask, servers: Servers, empty_database: Callable[[], str]) -> Iterator[Database]:
    url = empty_database()
    engine = create_engine(url)
    with applications.another(app, servers, DATABASE_URL=url) as fresh:
        made = Database(fresh, url, engine)
        made.upgrade("0001")
        made.execute(BEFORE)
        yield made
    engine.dispose()


def test_an_order_from_before_is_read_as_it_was_with_nothing_added_or_taken_off(database: Database) -> None:
    database.upgrade()
    with database.app.app_context():
        order = read(lambda session: store.get(session, "O", None))
        assert order is not None
        shown = representation.document(order)
    assert order.total_amount == Decimal(30)
    assert (shown["tax_lines"], shown["invoice_number"], shown["exchange_of"]) == ([], None, None)
    line = order.lines[0]
    assert (line.returned_quantity, line.refunded_quantity, line.delivered_at) == (1, 1, None)
    assert [payment.provider for payment in order.payments] == ["manual", "manual"]
    refund = order.payments[0].refunds[0]
    assert (refund.refund_id, refund.amount, refund.status, refund.attempts) == ("R", 5, "processed", 0)
    assert (order.returns[0].resolution, order.returns[0].items[0].accepted_quantity) == ("refund", 1)


def test_every_check_was_held_against_the_rows_that_were_there(database: Database) -> None:
    database.upgrade("0002")
    waiting = "SELECT conname FROM pg_constraint WHERE NOT convalidated ORDER BY conname"
    assert ("ck_order_items_refunded_within_ordered",) in database.rows(waiting)
    database.upgrade("0003")
    assert database.rows(waiting) == []


def test_new_rows_are_checked_before_the_old_ones_are(database: Database) -> None:
    database.upgrade("0002")
    with pytest.raises(DBAPIError, match="ck_order_items_discount"):
        database.execute("UPDATE order_items SET discount = -1")


def test_with_data_in_it_the_schema_is_that_of_the_models(database: Database, servers: Servers) -> None:
    database.upgrade()
    status, output = run(servers, database.url, "check")
    assert (status, "No new upgrade operations detected" in output) == (0, True), output


def test_on_the_way_back_every_share_of_a_refund_stays_a_row_with_its_amount(database: Database) -> None:
    database.upgrade()
    database.execute(SPREAD)
    database.downgrade("0001")
    kept = database.rows("SELECT payment_id, cause, amount FROM refunds ORDER BY payment_id, amount")
    assert kept == [
        ("P1", "cancel:1", 2),
        ("P1", "cancel:2", 4),
        ("P1", "cancel", 5),
        ("P2", "cancel:2", 1),
        ("P2", "cancel:1", 3),
    ]
    ids = database.rows("SELECT refund_id FROM refunds")
    assert len(set(ids)) == 5
    assert {("R",), ("S1",), ("S2",)} < set(ids)


def test_what_0001_knew_is_the_same_after_there_and_back_and_there_again(database: Database) -> None:
    tables = ("orders", "order_items", "order_journey", "payments", "refunds", "return_requests", "return_items")
    before = {table: database.rows(f"SELECT * FROM {table}") for table in tables}
    for _ in range(2):
        database.upgrade()
        database.downgrade("0001")
        assert {table: database.rows(f"SELECT * FROM {table}") for table in tables} == before


def test_on_the_way_back_documents_and_callbacks_go(database: Database) -> None:
    database.upgrade()
    database.execute(
        "INSERT INTO invoices (series, number, label, kind, order_id, document)"
        " VALUES ('S', 1, 'S-1', 'invoice', 'O', '{}')"
    )
    database.downgrade("0001")
    left = database.rows("SELECT to_regclass('invoices'), to_regclass('invoice_series'), to_regclass('payment_events')")
    functions = database.rows("SELECT proname FROM pg_proc WHERE proname = 'refuse_to_change_an_invoice'")
    assert (left, functions) == ([(None, None, None)], [])


class TestAnIssuedDocument:
    @pytest.fixture
    def connection(self, app: Flask) -> Iterator[Connection]:
        """A transaction with one document in it that is rolled back."""
        with app.app_context(), db.engine.connect() as made:
            made.execute(
                text(
                    "INSERT INTO invoices (series, number, label, kind, order_id, document)"
                    " VALUES ('never', 1, 'never-1', 'invoice', 'O', '{}')"
                )
            )
            yield made
            made.rollback()

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE invoices SET document = '{\"total\": 0}' WHERE label = 'never-1'",
            "UPDATE invoices SET order_id = 'P' WHERE label = 'never-1'",
            "DELETE FROM invoices WHERE label = 'never-1'",
            "TRUNCATE invoices",
            "INSERT INTO invoices (series, number, label, kind, order_id, document)"
            " VALUES ('never', 1, 'x', 'invoice', 'O', '{}') ON CONFLICT (series, number) DO UPDATE SET label = 'x'",
        ],
    )
    def test_is_never_changed_or_deleted(self, connection: Connection, statement: str) -> None:
        with pytest.raises(DBAPIError, match="an issued document is never changed"):
            connection.execute(text(statement))

    @pytest.mark.parametrize(
        ("changes", "name"),
        [
            ({"number": 1}, "pk_invoices"),
            ({"number": 0}, "ck_invoices_number"),
            ({"kind": "receipt"}, "ck_invoices_kind"),
        ],
    )
    def test_has_a_number_of_its_own_and_a_kind(self, connection: Connection, changes: Any, name: str) -> None:
        row = {"number": 2, "kind": "invoice", **changes}
        with pytest.raises(DBAPIError, match=name):
            connection.execute(
                text(
                    "INSERT INTO invoices (series, number, label, kind, order_id, document)"
                    " VALUES ('never', :number, 'x', :kind, 'O', '{}')"
                ),
                row,
            )
