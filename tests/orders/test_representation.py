"""The hand-written representation: what its schemas say, and the same bytes whoever renders it."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from marshmallow import Schema, fields

from oms.api.schemas import ItemView, JourneyView, NumberedPageView, OrderPageView, OrderView, PlacedView
from oms.orders import representation
from tests import factories
from tests.callers import Caller, exact, person
from tests.factories import line, lines_body, url

REFUND = """
    INSERT INTO refunds (order_id, refund_id, payment_id, cause, reason, status, amount)
    SELECT order_id, 'R' || substr(payment_id, 2), payment_id, 'test', 'damaged', 'pending', 1.5 FROM payments
    WHERE order_id = :order_id
"""
RETURN = """
    INSERT INTO return_requests (order_id, return_id, status, reason, remarks)
    VALUES (:order_id, 'RET-1', 'requested', 'other', 'too sweet')
"""
RETURN_ITEM = """
    INSERT INTO return_items (order_id, return_id, line_no, quantity, accepted_quantity, condition)
    VALUES (:order_id, 'RET-1', 1, 1.250, 0.5, 'opened')
"""


def agree(schema: Schema, document: Any, at: str = "") -> None:
    """Every key of the document is in the schema and the other way round, at each level, and the values load."""
    assert set(document) == set(schema.fields), at
    for name, field in schema.fields.items():
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            for entry in document[name]:
                agree(field.inner.schema, entry, f"{at}/{name}")
    assert schema.validate(document) == {}


@pytest.fixture
def full(app: Flask, customer: Caller) -> Any:
    """An order with something in every part: payments with refunds, returns, address, metadata."""
    order = factories.place(
        customer,
        line(quantity="1.250", price="3.99", name="Tea", metadata={"a": 1.50}),
        line("CAKE", price="10"),
        address={"phone": "+1", "z": None},
        metadata={"gift": True},
        facility_id="F",
        eta="2030-01-01T00:00:00Z",
        payment=[{"mode": "card", "amount": 5}, {"mode": "cod", "amount": "1.50"}],
        total_amount="25.00",
    )
    for statement in (REFUND, RETURN, RETURN_ITEM):
        factories.execute(app, statement, order_id=order["order_id"])
    factories.forget_cached(app, order)
    return exact(customer.get(url(order)))


def test_an_order_is_what_its_schema_says(full: Any) -> None:
    agree(OrderView(), full)
    for item in full["items"]:
        agree(ItemView(), item, "/items")
    assert full["payments"][0]["refunds"][0]["amount"] == Decimal("1.50")
    assert full["returns"][0]["items"][0]["quantity"] == Decimal("1.25")


def test_a_bare_order_and_a_free_form_one_are_what_the_schema_says(customer: Caller) -> None:
    agree(OrderView(), factories.place(customer))
    agree(OrderView(), factories.place_free_form(customer))


def test_lists_the_journey_and_as_answer_are_what_their_schemas_say(customer: Caller, full: Any) -> None:
    agree(OrderPageView(), exact(customer.get("/orders?limit=1")))
    agree(NumberedPageView(), exact(customer.get(f"/orders/user/{customer.id}")))
    agree(JourneyView(), exact(customer.get(url(full, "journey"))))
    agree(PlacedView(), exact(customer.post("/create_order", lines_body())))


def honest(app: Flask, caller: Caller, answer: Any) -> None:
    """The answer, the cache, a fresh rendering and what is read again are the same bytes."""
    assert answer.status_code in (200, 201), answer.data
    order = exact(answer)
    assert factories.rendered(app, order) == answer.data
    assert factories.cached_body(app, order) == answer.data
    factories.forget_cached(app, order)
    again = caller.get(url(order))
    assert (again.data, again.headers["ETag"]) == (answer.data, answer.headers["ETag"])


@pytest.mark.parametrize(
    "body",
    [
        {"items": [line()]},
        {"items": [line(quantity=1.250, price="3.990"), line("B", 1e3, 0)], "currency": "KWD"},
        {"items": [line(price="7")], "currency": "JPY", "eta": "2030-01-01T00:00:00.123456789+05:30"},
        {"items": [line()], "address": {"b": 1, "a": [1.50, {"é": "\u2028"}]}, "metadata": {}},
        {"items": [line()], "payment": [{"mode": "card", "amount": number} for number in (1, 2, 3, 4, 5)]},
        {"items": {"z": 1.50, "a": [10**25, -0.0, "</script>"]}, "order_price": "1.5"},
        {"items": {}},
    ],
)
def test_what_a_new_order_answers_is_what_the_database_holds(app: Flask, customer: Caller, body: Any) -> None:
    honest(app, customer, customer.post("/orders", body))


def test_an_order_of_a_whole_second_is_shown_the_same_way_everywhere(app: Flask) -> None:
    with time_machine.travel(1_800_000_000, tick=False):
        caller = person(app, "customer")
        answer = caller.post("/orders", lines_body(payment=[{"mode": "cod", "amount": 1}]))
        honest(app, caller, answer)
    assert exact(answer)["created_at"] == "2027-01-15T08:00:00Z"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"status": "delivered"}),
        ("PUT", "", {"items": [line("X", "0.5", "0.10")], "eta": None, "address": {"x": 1.50}}),
        ("PUT", "", {"facility_id": "F", "status": "packed"}),
        ("POST", "/cancel", {}),
        ("POST", "/cancel", {"items": [{"line_no": 1, "quantity": "0.250"}]}),
        ("PATCH", "/items/1", {"status": "shipped", "quantity": "0.500"}),
        ("PATCH", "/items/1", {"quantity": "7.125"}),
        ("PATCH", "", {"status": "pending"}),
    ],
)
def test_what_a_change_answers_is_what_the_database_holds(
    app: Flask, customer: Caller, staff: Caller, method: str, path: str, body: Any
) -> None:
    order = factories.place(customer, line(), line("CAKE"), payment=[{"mode": "cod", "amount": 1}] * 3)
    honest(app, staff, staff.call(method, url(order) + path, body))


def test_what_an_attested_payment_answers_is_what_the_database_holds(app: Flask, customer: Caller) -> None:
    order = factories.place_free_form(customer, order_price="11.5")
    honest(app, customer, customer.patch(url(order), {"status": "PAID"}))


@pytest.mark.parametrize(
    ("captured", "refunded", "state"),
    [
        (0, 0, "unpaid"),
        (5, 0, "partially_paid"),
        (20, 0, "paid"),
        (25, 0, "overpaid"),
        (20, 5, "partially_refunded"),
        (20, 20, "refunded"),
    ],
)
def test_the_payment_state_is_derived(app: Flask, customer: Caller, captured: int, refunded: int, state: str) -> None:
    order = factories.place(customer, payment=[{"mode": "card", "amount": 20}])
    factories.execute(
        app,
        "UPDATE payments SET captured_amount = :captured, refunded_amount = :refunded WHERE order_id = :order_id",
        captured=captured,
        refunded=refunded,
        order_id=order["order_id"],
    )
    assert json.loads(factories.rendered(app, order))["payment_state"] == state


def test_a_moment_is_written_in_utc(app: Flask) -> None:
    there = datetime(2024, 1, 1, 10, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert representation.moment(there) == "2024-01-01T04:30:00Z"
    assert representation.moment(None) is None
