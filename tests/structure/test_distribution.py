"""What the tables have to be like, so that an order's rows can lie together on one of many nodes."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Table, UniqueConstraint

from oms.distribution import BY_ORDER, BY_THEMSELVES, LOCAL, REFERENCE
from oms.extensions import db
from tests.factories import rows
from tests.structure.test_house import PRODUCT

ORDER_TABLES = [db.metadata.tables[name] for name in BY_ORDER]
DISTRIBUTED = {**dict.fromkeys(BY_ORDER, "order_id"), **BY_THEMSELVES}
SQL = re.compile(r'"""(.*?)"""|"((?:[^"\\]|\\.)*)"', re.DOTALL)


def unique_keys(table: Table) -> Iterator[list[str]]:
    """The columns of everything that is unique."""
    yield [column.name for column in table.primary_key]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield [column.name for column in constraint.columns]
    for index in table.indexes:
        if index.unique:
            yield [column.name for column in index.columns]


def test_every_table_has_its_place() -> None:
    assert sorted([*BY_ORDER, *BY_THEMSELVES, *REFERENCE, *LOCAL]) == sorted(db.metadata.tables)


@pytest.mark.parametrize("table", ORDER_TABLES, ids=str)
def test_what_is_unique_in_a_table_of_an_order_begins_with_its_id(table: Table) -> None:
    assert all(key[0] == "order_id" for key in unique_keys(table))
    assert str(table.c.order_id.type) == "VARCHAR(50)"  # or its rows would be dealt out differently


@pytest.mark.parametrize("name", BY_THEMSELVES)
def test_what_is_unique_elsewhere_holds_what_it_is_distributed_by(name: str) -> None:
    assert all(BY_THEMSELVES[name] in key for key in unique_keys(db.metadata.tables[name]))


@pytest.mark.parametrize("table", db.metadata.sorted_tables, ids=str)
def test_a_foreign_key_leads_to_the_same_order_or_to_what_every_node_has(table: Table) -> None:
    for key in table.foreign_key_constraints:
        target = key.referred_table.name
        if target in BY_ORDER:
            assert table.name in BY_ORDER
            pairs = [(element.parent.name, element.column.name) for element in key.elements]
            assert ("order_id", "order_id") in pairs
        else:
            assert target in REFERENCE
            assert table.name not in LOCAL


def test_nothing_is_triggered_in_a_distributed_table(app: Flask) -> None:
    found = rows(
        app,
        "SELECT CAST(tgrelid AS regclass) AS name FROM pg_trigger WHERE NOT tgisinternal"
        " AND CAST(CAST(tgrelid AS regclass) AS text) <> ALL(:local)",
        local=list(LOCAL),
    )
    assert found == []


def test_no_distributed_table_counts_by_itself(app: Flask) -> None:
    found = rows(
        app,
        "SELECT attrelid FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE CAST(CAST(attrelid AS regclass) AS text) = ANY(:tables)"
        " AND (attidentity <> '' OR pg_get_expr(adbin, adrelid) LIKE '%nextval%')",
        tables=[*DISTRIBUTED, *REFERENCE],
    )
    assert found == []


def statements() -> Iterator[str]:
    for path in PRODUCT:
        for match in SQL.finditer(path.read_text()):
            yield next(filter(None, match.groups()), "")


def test_no_statement_locks_rows_of_many_orders_or_names_rows_by_where_they_lie() -> None:
    locking = [sql for sql in statements() if re.search(r"FOR (NO KEY )?UPDATE|FOR SHARE", sql)]
    assert locking
    assert all("order_id = :order_id" in sql for sql in locking)
    assert not [sql for sql in statements() if "SKIP LOCKED" in sql]
    by_place = [sql for sql in statements() if re.search(r"\bctid\b", sql)]
    assert not [sql for sql in by_place if set(re.findall(r"\w+", sql)) & set(DISTRIBUTED)]
