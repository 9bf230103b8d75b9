"""The database's last word: each check of the order tables refuses the row it is there for."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import CheckConstraint, Numeric, insert
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from oms.extensions import Base, db
from oms.ids import new_id

ORDER_TABLES = (
    "orders",
    "order_items",
    "order_journey",
    "payments",
    "refunds",
    "return_requests",
    "return_items",
    "outbox_events",
)
GOOD: dict[str, dict[str, Any]] = {
    "orders": {
        "customer_id": "C",
        "creator_id": "C",
        "managed_by": "operator",
        "status": "pending",
        "currency": "USD",
        "total_amount": 10,
        "order_price": 10,
        "order_datetime": "2026-01-01T00:00:00Z",
    },
    "order_items": {
        "line_no": 1,
        "sku": "A",
        "quantity": 4,
        "unit_price": 1,
        "sale_price": 1,
        "status": "pending",
        "cancelled_quantity": 1,
        "shipped_quantity": 3,
        "delivered_quantity": 2,
        "returned_quantity": 1,
        "refunded_quantity": 1,
    },
    "order_journey": {"seq": 1, "current_status": "confirmed", "previous_status": "pending", "actor_id": "C"}
    | {"actor_type": "staff"},
    "payments": {
        "payment_id": "P",
        "mode": "card",
        "status": "captured",
        "amount": 10,
        "captured_amount": 10,
        "refunded_amount": 4,
        "reserved_amount": 6,
    },
    "refunds": {"refund_id": "R", "payment_id": "P", "cause": "c", "status": "created", "amount": 1},
    "return_requests": {"return_id": "R", "status": "requested", "reason": "other"},
    "return_items": {"return_id": "R", "line_no": 1, "quantity": 2, "accepted_quantity": 2},
    "outbox_events": {
        "version": 1,
        "position": 0,
        "event_id": "E",
        "shard": 0,
        "topic": "t",
        "type": "t",
        "payload": {},
    },
}
MOVED = [f"{moved}_quantity" for moved in ("cancelled", "shipped", "delivered", "returned", "refunded")]
ADJUSTMENTS = ("discount", "handling_charge", "delivery_charge", "packaging_charge", "surge_charge", "tax_amount")
BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("orders", "order_id", {"order_id": "with blank"}),
    ("orders", "order_id", {"order_id": "user"}),
    ("orders", "order_id", {"order_id": ""}),
    ("orders", "status", {"status": "paid"}),
    ("orders", "managed_by", {"managed_by": "nobody"}),
    ("orders", "currency", {"currency": "usd"}),
    ("orders", "total_amount", {"total_amount": -1}),
    ("orders", "order_price", {"order_price": "-0.001"}),
    ("orders", "rounding_adjustment", {"rounding_adjustment": "0.101"}),
    ("orders", "rounding_adjustment", {"rounding_adjustment": "-0.101"}),
    ("orders", "version", {"version": 0}),
    *((table, name, {name: "-0.001"}) for table in ("orders", "order_items") for name in ADJUSTMENTS),
    ("order_items", "return_window_days", {"return_window_days": -1}),
    ("order_items", "line_no", {"line_no": 0}),
    ("order_items", "status", {"status": "lost"}),
    ("order_items", "quantity", {"quantity": 0} | dict.fromkeys(MOVED, 0)),
    ("order_items", "unit_price", {"unit_price": "-0.001"}),
    ("order_items", "sale_price", {"sale_price": "-0.001"}),
    ("order_items", "shipped_within_ordered", {"shipped_quantity": "3.001"}),
    ("order_items", "shipped_within_ordered", {"cancelled_quantity": -1}),
    ("order_items", "delivered_within_shipped", {"delivered_quantity": "3.001"}),
    ("order_items", "delivered_within_shipped", {"delivered_quantity": -1, "returned_quantity": -1}),
    ("order_items", "returned_within_delivered", {"returned_quantity": "2.001"}),
    ("order_items", "returned_within_delivered", {"returned_quantity": -1}),
    ("order_items", "refunded_within_ordered", {"refunded_quantity": "3.001"}),
    ("order_items", "refunded_within_ordered", {"refunded_quantity": -1}),
    ("order_journey", "current_status", {"current_status": "paid"}),
    ("order_journey", "previous_status", {"previous_status": "paid"}),
    ("payments", "mode", {"mode": "shells"}),
    ("payments", "status", {"status": "perhaps"}),
    ("payments", "amount", {"amount": -1}),
    ("payments", "captured_amount", {"captured_amount": -1, "refunded_amount": 0, "reserved_amount": 0}),
    ("payments", "refunds_within_captured", {"reserved_amount": "6.001"}),
    ("payments", "refunds_within_captured", {"refunded_amount": -1}),
    ("payments", "refunds_within_captured", {"reserved_amount": -1}),
    ("refunds", "status", {"status": "perhaps"}),
    ("refunds", "amount", {"amount": 0}),
    ("return_requests", "status", {"status": "perhaps"}),
    ("return_requests", "reason", {"reason": "boredom"}),
    ("return_requests", "resolution", {"resolution": "swap"}),
    ("return_items", "quantity", {"quantity": 0, "accepted_quantity": 0}),
    ("return_items", "accepted_within_requested", {"accepted_quantity": "2.001"}),
    ("return_items", "accepted_within_requested", {"accepted_quantity": -1}),
    ("outbox_events", "shard", {"shard": 16}),
    ("outbox_events", "shard", {"shard": -1}),
]


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    """A transaction that is rolled back, on a connection of its own: tests before this one may have killed the
    server under those of the pool."""
    with app.app_context():
        db.engine.dispose()
    with app.app_context(), db.engine.connect() as made:
        yield made
        made.rollback()


def put(connection: Connection, table: str, **changes: Any) -> None:
    """A good row with some of its columns changed, and the order it belongs to."""
    order_id = new_id()
    if table not in ("orders", "outbox_events"):
        put_row(connection, "orders", {**GOOD["orders"], "order_id": order_id})
    put_row(connection, table, {"order_id": order_id, **GOOD[table], **changes})


def put_row(connection: Connection, table: str, values: dict[str, Any]) -> None:
    connection.execute(insert(Base.metadata.tables[table]).values(values))


def refusal(connection: Connection, table: str, **changes: Any) -> str:
    with pytest.raises(IntegrityError) as refused:
        put(connection, table, **changes)
    name: str = refused.value.orig.diag.constraint_name  # type: ignore[union-attr]
    return name


@pytest.mark.parametrize("table", ORDER_TABLES)
def test_a_good_row_is_taken(connection: Connection, table: str) -> None:
    put(connection, table)


@pytest.mark.parametrize(("table", "check", "changes"), BAD)
def test_a_row_that_breaks_a_rule_is_refused_by_that_rules_name(
    connection: Connection, table: str, check: str, changes: dict[str, Any]
) -> None:
    assert refusal(connection, table, **changes) == f"ck_{table}_{check}"


NUMBERS = [
    (table, column.name)
    for table in ORDER_TABLES
    for column in Base.metadata.tables[table].columns
    if isinstance(column.type, Numeric)
]


@pytest.mark.parametrize(("table", "column"), NUMBERS)
def test_nan_is_refused_in_every_amount_and_quantity(connection: Connection, table: str, column: str) -> None:
    assert refusal(connection, table, **{column: "NaN"}).startswith(f"ck_{table}_")


def test_every_check_of_the_order_tables_is_tried_here() -> None:
    declared = {
        str(constraint.name)
        for table in ORDER_TABLES
        for constraint in Base.metadata.tables[table].constraints
        if isinstance(constraint, CheckConstraint)
    }
    assert declared == {f"ck_{table}_{check}" for table, check, _ in BAD}


def test_a_line_needs_its_order(connection: Connection) -> None:
    with pytest.raises(IntegrityError) as refused:
        put_row(connection, "order_items", {"order_id": new_id(), **GOOD["order_items"]})
    assert refused.value.orig.diag.constraint_name == "fk_order_items_order_id"  # type: ignore[union-attr]


def test_one_cause_refunds_a_payment_once(connection: Connection) -> None:
    order_id = new_id()
    put_row(connection, "orders", {**GOOD["orders"], "order_id": order_id})
    put_row(connection, "refunds", {"order_id": order_id, **GOOD["refunds"]})
    with pytest.raises(IntegrityError) as refused:
        put_row(connection, "refunds", {"order_id": order_id, **GOOD["refunds"], "refund_id": "R2"})
    assert refused.value.orig.diag.constraint_name == "uq_refunds_cause"  # type: ignore[union-attr]
