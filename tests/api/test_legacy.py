"""A's main endpoints: other doors to the same services."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from oms.orders.bodies import A_EXAMPLE
from tests import factories
from tests.callers import Caller, exact
from tests.factories import line, lines_body


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_create_order_answers_in_as_words(app: Flask, staff: Caller) -> None:
    order_id = new_id()
    body = {**A_EXAMPLE, "order_id": order_id, "address": {"phone": "+1"}}
    answer = staff.post("/create_order", {**body, "payment": [{"payment_mode": "cod", "amount": 99.99}]})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/orders/{order_id}"
    placed = exact(answer)
    assert (placed["success"], placed["order_id"], placed["eta"]) == (True, order_id, "2024-01-01T15:00:00Z")
    assert (placed["status"], placed["total_amount"]) == ("confirmed", Decimal("99.99"))
    assert [part["status"] for part in placed["payments"]] == ["pending"]
    assert placed["message"]
    order = exact(staff.get(f"/orders/{order_id}"))
    assert (order["address"], order["payments"][0]["mode"]) == ({"phone": "+1"}, "cod")
    assert len(factories.outbox(app, order)) == 2


def test_create_order_takes_lines_only(customer: Caller) -> None:
    assert code(customer.post("/create_order", {"items": {"a": 1}})) == (422, "invalid")
    assert code(customer.post("/create_order", lines_body(total_amount=1))) == (422, "total_mismatch")
    taken = factories.place(customer)["order_id"]
    assert code(customer.post("/create_order", lines_body(order_id=taken))) == (409, "order_id_taken")


def test_create_order_is_done_once_under_a_key(customer: Caller) -> None:
    body, headers = {"items": [line()]}, {"Idempotency-Key": new_id()}
    first = customer.post("/create_order", body, headers=headers)
    again = customer.post("/create_order", body, headers=headers)
    assert (first.data, again.headers["Idempotency-Replayed"]) == (again.data, "true")


def test_get_order_details_is_the_order_byte_for_byte(customer: Caller) -> None:
    order = factories.place(customer)
    details = customer.get(f"/get_order_details?order_id={order['order_id']}")
    assert details.data == customer.get(factories.url(order)).data
    assert details.headers["ETag"] == '"1"'


@pytest.mark.parametrize("query", ["", "?order_id=", "?order_id=a%20b", "?order_id=%00", "?order_id=X&x=1", "?id=X"])
def test_get_order_details_needs_an_order_id(customer: Caller, query: str) -> None:
    assert code(customer.get(f"/get_order_details{query}")) == (422, "invalid")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_order_status_moves_the_order(customer: Caller, staff: Caller, method: str) -> None:
    order = factories.place(customer)
    answer = staff.call(method, "/update_order_status", {"order_id": order["order_id"], "status": "CONFIRMED"})
    assert (answer.status_code, exact(answer)["status"], answer.headers["ETag"]) == (200, "confirmed", '"2"')
    assert answer.data == customer.get(factories.url(order)).data


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_order_status_asks_the_same_table(
    customer: Caller, staff: Caller, warehouse: Caller, method: str
) -> None:
    order = factories.place(customer)

    def update(caller: Caller, **body: Any) -> Any:
        return caller.call(method, "/update_order_status", {"order_id": order["order_id"], **body})

    assert code(update(staff, status="returned")) == (409, "invalid_transition")
    assert code(update(warehouse, status="packed")) == (409, "payment_required")
    assert code(update(staff, status="eaten")) == (422, "unknown_status")
    assert code(update(staff)) == (422, "invalid")
    assert code(update(staff, status="packed", sku="A")) == (422, "invalid")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_update_item_status_moves_the_line_with_this_sku(customer: Caller, staff: Caller, method: str) -> None:
    order = factories.place(customer, line("TEA"), line("CAKE"))
    body = {"order_id": order["order_id"], "sku": "CAKE", "status": "packed"}
    answer = staff.call(method, "/update_item_status", body)
    assert (answer.status_code, exact(answer)["status"]) == (200, "pending")
    assert [item["status"] for item in exact(answer)["items"]] == ["pending", "packed"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_sku_on_two_lines_is_ambiguous_and_the_lines_are_named(customer: Caller, staff: Caller, method: str) -> None:
    order = factories.place(customer, line("TEA"), line("CAKE"), line("TEA"))
    body = {"order_id": order["order_id"], "sku": "TEA", "status": "packed"}
    refused = staff.call(method, "/update_item_status", body)
    assert code(refused) == (409, "ambiguous_sku")
    assert refused.get_json()["line_nos"] == [1, 3]
    assert exact(customer.get(factories.url(order))) == order


def test_a_sku_that_is_not_in_the_order_is_not_found(customer: Caller, staff: Caller) -> None:
    body = {"order_id": factories.place(customer)["order_id"], "sku": "CAKE", "status": "packed"}
    assert code(staff.put("/update_item_status", body)) == (404, "item_not_found")
