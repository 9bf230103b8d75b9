"""PATCH /orders/{order_id}: the lifecycle over HTTP."""

from typing import Any

import pytest
from flask import Flask

from oms.orders import lifecycle
from tests import factories
from tests.callers import Caller, api_key_caller, exact
from tests.factories import line, url


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


@pytest.mark.parametrize("status", list(lifecycle.STATUSES))
def test_an_order_can_be_brought_to_every_status(customer: Caller, staff: Caller, status: str) -> None:
    order = factories.place_at(customer, staff, status)
    assert order["customer_status"] == lifecycle.STATUSES[status]
    assert order["allowed_statuses"] == list(lifecycle.TRANSITIONS[status])
    assert order["can_cancel"] is (status in {"pending", "confirmed", "processing"})


def test_a_step_is_written_into_the_journey_and_told_once(app: Flask, customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    answer = staff.patch(url(order), {"status": "confirmed", "reason": "phoned", "remarks": "all right"})
    assert answer.headers["ETag"] == '"2"'
    entry = factories.journey(customer, order)[-1]
    assert (entry["seq"], entry["current_status"], entry["previous_status"]) == (2, "confirmed", "pending")
    assert (entry["actor"], entry["actor_type"], entry["line_no"]) == (staff.id, "staff", None)
    assert (entry["reason"], entry["remarks"], entry["skipped"]) == ("phoned", "all right", [])
    assert [event.type for event in factories.outbox(app, order) if event.version == 2] == [
        "oms.order.status_changed.v1"
    ]


@pytest.mark.parametrize("word", ["confirmed", "CONFIRMED", "paid", "PAID"])
def test_the_same_status_again_changes_nothing(app: Flask, customer: Caller, staff: Caller, word: str) -> None:
    order = factories.place_at(customer, staff, "confirmed")
    before = (factories.journey(customer, order), factories.outbox(app, order), customer.get(url(order)).data)
    answer = staff.patch(url(order), {"status": word})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    after = (factories.journey(customer, order), factories.outbox(app, order), customer.get(url(order)).data)
    assert after == before
    assert answer.data == before[2]


def test_a_jump_fills_the_lines_and_names_what_it_skipped(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer, line(quantity="1.250"))
    delivered = exact(staff.patch(url(order), {"status": "delivered"}))
    assert delivered["version"] == 3  # and the invoice
    item = delivered["items"][0]
    assert item["shipped_quantity"] == item["delivered_quantity"] == item["quantity"]
    assert factories.journey(customer, order)[1]["skipped"] == ["confirmed", "processing", "packed", "shipped"]


def test_a_refused_step_lists_what_is_allowed(customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "delivered")
    answer = staff.patch(url(order), {"status": "packed"})
    assert code(answer) == (409, "invalid_transition")
    assert (answer.get_json()["allowed"], answer.get_json()["current"]) == (["return_requested"], "delivered")


def test_an_unknown_status_is_refused_with_the_words(customer: Caller, staff: Caller) -> None:
    answer = staff.patch(url(factories.place(customer)), {"status": "eaten"})
    assert code(answer) == (422, "unknown_status")
    assert answer.get_json()["allowed"] == list(lifecycle.STATUSES)
    assert answer.get_json()["errors"][0]["pointer"] == "/status"


def test_a_warehouse_waits_for_the_money(customer: Caller, warehouse: Caller) -> None:
    order = factories.place(customer)
    assert code(warehouse.patch(url(order), {"status": "packed"})) == (409, "payment_required")
    assert exact(customer.get(url(order)))["status"] == "pending"


def test_a_warehouse_goes_on_with_an_order_paid_on_delivery(customer: Caller, warehouse: Caller) -> None:
    order = factories.place(customer, payment=[{"mode": "cod", "amount": 20}])
    answer = warehouse.patch(url(order), {"status": "packed"})
    assert (answer.status_code, exact(answer)["status"]) == (200, "packed")
    assert factories.journey(customer, order)[-1]["actor_type"] == "api_key"


def test_half_a_promise_to_pay_by_card_is_not_paid(customer: Caller, warehouse: Caller) -> None:
    order = factories.place(customer, payment=[{"mode": "cod", "amount": 10}, {"mode": "card", "amount": 10}])
    assert code(warehouse.patch(url(order), {"status": "confirmed"})) == (409, "payment_required")


@pytest.mark.parametrize("late", ["pending", "confirmed", "processing", "packed"])
def test_a_late_report_of_a_warehouse_changes_nothing(
    app: Flask, customer: Caller, staff: Caller, warehouse: Caller, late: str
) -> None:
    order = factories.place_at(customer, staff, "shipped")
    before = factories.outbox(app, order)
    answer = warehouse.patch(url(order), {"status": late})
    assert (answer.status_code, exact(answer)["status"]) == (200, "shipped")
    assert answer.headers["ETag"] == f'"{order["version"]}"'
    assert factories.outbox(app, order) == before


def test_staff_are_told_when_they_go_backwards(customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "shipped")
    assert code(staff.patch(url(order), {"status": "packed"})) == (409, "invalid_transition")


def test_a_customer_confirms_receipt(customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "shipped")
    answer = customer.patch(url(order), {"status": "delivered"})
    assert (answer.status_code, exact(answer)["status"]) == (200, "delivered")


@pytest.mark.parametrize(
    ("status", "target"), [("pending", "confirmed"), ("confirmed", "packed"), ("shipped", "delivery_failed")]
)
def test_the_shops_steps_are_not_the_customers(customer: Caller, staff: Caller, status: str, target: str) -> None:
    order = factories.place_at(customer, staff, status)
    assert code(customer.patch(url(order), {"status": target})) == (403, "step_not_yours")


def test_cancelling_by_status_is_cancelling(app: Flask, customer: Caller) -> None:
    order = factories.place(customer)
    cancelled = exact(customer.patch(url(order), {"status": "CANCELED", "reason": "changed_mind"}))
    assert cancelled["status"] == "cancelled"
    assert cancelled["items"][0]["cancelled_quantity"] == 2
    assert factories.outbox(app, order)[-1].type == "oms.order.cancelled.v1"
    assert factories.journey(customer, order)[-1]["reason"] == "changed_mind"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": ""},
        {"status": None},
        {"status": 1},
        {"status": "x" * 31},
        {"status": "confirmed", "role": "x"},
        [],
    ],
)
def test_a_body_that_is_no_status_change_is_refused(customer: Caller, body: Any) -> None:
    assert code(customer.patch(url(factories.place(customer)), body)) == (422, "invalid")


def test_lines_ahead_of_their_order_stay_ahead(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer, line("TEA"), line("CAKE"))
    staff.patch(url(order, "items", 1), {"status": "packed"})
    confirmed = exact(staff.patch(url(order), {"status": "confirmed"}))
    assert [item["status"] for item in confirmed["items"]] == ["packed", "confirmed"]
    assert confirmed["status"] == "confirmed"


def test_a_key_for_orders_only_may_not_use_the_warehouses_door(app: Flask, customer: Caller) -> None:
    shop = api_key_caller(app, "orders:read", "orders:write", "payments")
    order = factories.place(customer)
    assert code(shop.patch(url(order), {"status": "confirmed"})) == (403, "scope_missing")
