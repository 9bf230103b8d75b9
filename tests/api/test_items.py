"""PATCH /orders/{order_id}/items/{line_no}: one line, and the order after it."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.callers import Caller, exact
from tests.factories import line, url


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def move(caller: Caller, order: Any, line_no: int, **body: Any) -> Any:
    return caller.patch(url(order, "items", line_no), body)


def moved(caller: Caller, order: Any, line_no: int, **body: Any) -> Any:
    answer = move(caller, order, line_no, **body)
    assert answer.status_code == 200, answer.data
    return exact(answer)


@pytest.fixture
def two_lines(customer: Caller, staff: Caller) -> Any:
    """A confirmed order of 2 TEA and 2 CAKE."""
    return factories.place_at(customer, staff, "confirmed", line(), line("CAKE"))


def test_the_order_stands_where_its_slowest_line_stands(customer: Caller, warehouse: Caller, two_lines: Any) -> None:
    assert moved(warehouse, two_lines, 1, status="packed")["status"] == "confirmed"
    assert moved(warehouse, two_lines, 2, status="processing")["status"] == "processing"
    assert moved(warehouse, two_lines, 2, status="packed")["status"] == "packed"
    told = [(entry["line_no"], entry["current_status"]) for entry in factories.journey(customer, two_lines)[2:]]
    assert told == [(1, "packed"), (2, "processing"), (None, "processing"), (2, "packed"), (None, "packed")]


def test_what_has_arrived_decides_after_dispatch(staff: Caller, two_lines: Any) -> None:
    assert moved(staff, two_lines, 1, status="delivered")["status"] == "partially_delivered"
    assert moved(staff, two_lines, 2, status="delivered")["status"] == "delivered"
    assert moved(staff, two_lines, 1, status="return_requested")["status"] == "return_requested"


def test_both_changes_are_told(app: Flask, warehouse: Caller, customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "confirmed")
    moved(warehouse, order, 1, status="packed")
    told = [(event.version, event.position, event.type) for event in factories.outbox(app, order)[3:]]
    assert told == [(4, 0, "oms.order.items_changed.v1"), (4, 1, "oms.order.status_changed.v1")]


def test_a_line_is_shipped_and_delivered_unit_by_unit(warehouse: Caller, customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "packed", line(quantity="1.250"))
    first = moved(warehouse, order, 1, status="shipped", quantity="0.5")
    assert (first["status"], first["items"][0]["shipped_quantity"]) == ("packed", Decimal("0.5"))
    assert moved(warehouse, order, 1, status="shipped", quantity="0.75")["status"] == "shipped"
    half = moved(warehouse, order, 1, status="delivered", quantity=1)
    assert (half["status"], half["items"][0]["delivered_quantity"]) == ("partially_delivered", 1)
    assert moved(warehouse, order, 1, status="delivered", quantity="0.250")["status"] == "delivered"


def test_more_units_than_are_left_are_refused(warehouse: Caller, two_lines: Any) -> None:
    refused = move(warehouse, two_lines, 1, status="shipped", quantity="2.001")
    assert code(refused) == (409, "quantity_exceeded")
    assert refused.get_json()["line_no"] == 1


def test_a_late_report_does_not_bring_a_line_back_with_or_without_a_quantity(
    app: Flask, warehouse: Caller, customer: Caller, staff: Caller
) -> None:
    order = factories.place_at(customer, staff, "shipped")
    before = factories.outbox(app, order)
    for body in ({"status": "packed"}, {"status": "packed", "quantity": 1}, {"status": "confirmed", "quantity": 2}):
        assert moved(warehouse, order, 1, **body)["items"][0]["status"] == "shipped"
    assert factories.outbox(app, order) == before


def test_the_same_status_again_changes_nothing(app: Flask, staff: Caller, two_lines: Any) -> None:
    first = move(staff, two_lines, 1, status="packed")
    before = factories.outbox(app, two_lines)
    again = move(staff, two_lines, 1, status="PACKED")
    assert (again.status_code, again.data, again.headers["ETag"]) == (200, first.data, first.headers["ETag"])
    assert factories.outbox(app, two_lines) == before


def test_a_step_the_table_has_not_is_refused(staff: Caller, two_lines: Any) -> None:
    refused = move(staff, two_lines, 1, status="returned")
    assert code(refused) == (409, "invalid_transition")
    assert refused.get_json()["allowed"] == ["processing", "packed", "shipped", "cancelled"]


def test_a_line_of_an_unpaid_order_waits_for_the_money(warehouse: Caller, customer: Caller) -> None:
    order = factories.place(customer)
    assert code(move(warehouse, order, 1, status="packed")) == (409, "payment_required")


def test_a_line_is_cancelled_in_part_and_whole(warehouse: Caller, two_lines: Any) -> None:
    assert moved(warehouse, two_lines, 1, status="cancelled", quantity=1)["items"][0]["cancelled_quantity"] == 1
    whole = moved(warehouse, two_lines, 1, status="canceled", reason="out_of_stock")
    assert (whole["items"][0]["status"], whole["status"]) == ("cancelled", "confirmed")


def test_an_ordered_quantity_is_changed_and_the_total_follows(app: Flask, staff: Caller, two_lines: Any) -> None:
    changed = moved(staff, two_lines, 2, quantity="3.5")
    assert (changed["items"][1]["quantity"], changed["total_amount"]) == (Decimal("3.5"), Decimal("55.00"))
    assert changed["version"] == two_lines["version"] + 1
    assert factories.outbox(app, two_lines)[-1].type == "oms.order.items_changed.v1"


def test_the_same_quantity_again_changes_nothing(staff: Caller, two_lines: Any) -> None:
    assert moved(staff, two_lines, 2, quantity="2.000") == two_lines


def test_an_ordered_quantity_is_not_less_than_what_is_cancelled(staff: Caller, two_lines: Any) -> None:
    moved(staff, two_lines, 1, status="cancelled", quantity=1)
    assert code(move(staff, two_lines, 1, quantity="0.999")) == (409, "quantity_exceeded")


def test_an_ordered_quantity_is_fixed_once_the_order_is_packed(customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "packed")
    assert code(move(staff, order, 1, quantity=1)) == (409, "line_not_editable")


def test_a_quantity_that_overflows_the_total_is_refused(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer, line(quantity=1, price=999_999_999_999))
    assert code(move(staff, order, 1, quantity=2)) == (422, "out_of_range")


@pytest.mark.parametrize("line_no", [0, 3, 1001, 99999999999999999999])
def test_a_line_that_is_not_there_is_not_found(staff: Caller, two_lines: Any, line_no: int) -> None:
    assert code(move(staff, two_lines, line_no, status="packed")) == (404, "item_not_found")


@pytest.mark.parametrize("line_no", ["-1", "abc", "1.5", "%00"])
def test_a_line_number_that_is_no_number_is_not_found(staff: Caller, two_lines: Any, line_no: str) -> None:
    assert staff.patch(url(two_lines, "items", line_no), {"status": "packed"}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"reason": "x"}, {"quantity": 0}, {"quantity": "1.0001"}, {"status": 1}, {"sku": "A"}, {"status": "eaten"}],
)
def test_a_body_that_is_no_change_of_a_line_is_refused(staff: Caller, two_lines: Any, body: Any) -> None:
    assert staff.patch(url(two_lines, "items", 1), body).status_code == 422


def test_lines_are_not_for_customers(customer: Caller, two_lines: Any) -> None:
    assert code(move(customer, two_lines, 1, status="packed")) == (403, "role_missing")
