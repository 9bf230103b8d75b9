"""POST /orders in A's shape, and what is refused of both."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from oms.ids import ORDER_ID, new_id
from oms.orders.bodies import A_EXAMPLE
from tests import factories
from tests.callers import Caller, api_key_caller, exact
from tests.factories import line, lines_body


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_as_legacy_sample_passes_as_written(staff: Caller) -> None:
    order_id = new_id()
    answer = staff.post("/orders", {**A_EXAMPLE, "order_id": order_id})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/orders/{order_id}"
    assert answer.headers["ETag"] == '"1"'
    order = exact(answer)
    assert order["order_id"] == order["id"] == order_id
    assert (order["total_amount"], order["rounding_adjustment"]) == (Decimal("99.99"), Decimal("0.01"))
    assert order["order_datetime"] == "2024-01-01T10:00:00Z"
    assert order["eta"] == "2024-01-01T15:00:00Z"
    assert (order["customer_id"], order["facility_id"], order["status"]) == ("CUST-001", "FAC-001", "pending")
    assert (order["customer_status"], order["managed_by"]) == ("Payment Pending", "operator")
    assert order["items"][0]["sale_price"] > order["items"][0]["unit_price"]
    assert (order["allowed_statuses"], order["can_cancel"]) == (["confirmed", "cancelled"], True)


def test_a_new_order_says_all_the_design_promises(customer: Caller) -> None:
    promised = (
        "order_id id status customer_status payment_state allowed_statuses can_cancel customer_id creator_id"
        " facility_id currency total_amount order_price amount_due discount handling_charge delivery_charge"
        " packaging_charge surge_charge tax_lines rounding_adjustment items address payments returns invoice_number"
        " exchange_of order_datetime eta created_at updated_at version managed_by metadata"
    )
    order = factories.place(customer)
    assert set(promised.split()) == set(order)
    assert order["creator_id"] == order["customer_id"] == customer.id
    created = datetime.fromisoformat(order["created_at"])
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
    assert order["updated_at"] == order["created_at"]


def test_the_server_makes_an_id_when_none_is_given(customer: Caller) -> None:
    first = exact(customer.post("/orders", {"items": [line()]}))["order_id"]
    second = exact(customer.post("/orders", {"items": [line()]}))["order_id"]
    assert len(first) == 26
    assert ORDER_ID.fullmatch(first)
    assert first != second


def test_a_taken_order_id_is_refused_without_saying_whose(customer: Caller, other_customer: Caller) -> None:
    order = factories.place(customer)
    again = customer.post("/orders", lines_body(order_id=order["order_id"]))
    stranger = other_customer.post("/orders", lines_body(order_id=order["order_id"]))
    assert code(again) == code(stranger) == (409, "order_id_taken")
    assert customer.id not in stranger.text
    assert again.get_json()["detail"] == stranger.get_json()["detail"]


@pytest.mark.parametrize("order_id", ["", "user", "a b", "a/b", "ä", "x" * 51, "x\n", 5, None, ["x"]])
def test_an_order_id_that_is_no_id_is_refused(customer: Caller, order_id: Any) -> None:
    answer = customer.post("/orders", lines_body(order_id=order_id))
    assert code(answer) == (422, "invalid")
    assert answer.get_json()["errors"][0]["pointer"] == "/order_id"


@pytest.mark.parametrize("order_id", ["x" * 20, "A.b_c:d-9"])
def test_every_character_of_the_alphabet_may_be_in_an_order_id(customer: Caller, order_id: str) -> None:
    chosen = f"{order_id}{new_id()}"
    assert customer.post("/orders", lines_body(order_id=chosen)).status_code == 201
    assert exact(customer.get(f"/orders/{chosen}"))["order_id"] == chosen


def test_a_customer_may_name_himself_and_nobody_else(customer: Caller, other_customer: Caller) -> None:
    assert factories.place(customer, customer_id=customer.id)["customer_id"] == customer.id
    refused = customer.post("/orders", lines_body(customer_id=other_customer.id))
    assert code(refused) == (403, "customer_id_not_yours")


def test_staff_and_keys_say_whose_order_it_is(app: Flask, staff: Caller) -> None:
    shop = api_key_caller(app, "orders:write")
    for caller in (staff, shop):
        assert code(caller.post("/orders", lines_body())) == (422, "customer_missing")
        order = factories.place(caller, customer_id="CUST-7")
        assert (order["customer_id"], order["creator_id"]) == ("CUST-7", caller.id)


def test_only_staff_place_an_order_that_is_confirmed_already(app: Flask, customer: Caller, staff: Caller) -> None:
    shop = api_key_caller(app, "orders:write")
    assert factories.place(staff, customer_id="C", status="CONFIRMED")["status"] == "confirmed"
    assert code(customer.post("/orders", lines_body(status="confirmed"))) == (403, "status_not_yours")
    assert code(shop.post("/orders", lines_body(customer_id="C", status="PAID"))) == (403, "status_not_yours")
    assert code(staff.post("/orders", lines_body(customer_id="C", status="shipped"))) == (422, "invalid_first_status")
    assert code(customer.post("/orders", lines_body(status="eaten"))) == (422, "unknown_status")


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": "coffee"}, {"items": 1}, [], "x", 5, None])
def test_a_body_of_neither_shape_is_refused_by_naming_both(customer: Caller, body: Any) -> None:
    answer = customer.post("/orders", json.dumps(body).encode())
    assert code(answer) == (422, "invalid")
    assert answer.get_json()["errors"] == [
        {"pointer": "/items", "detail": "Send an array of lines, or an object of your own making."}
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": [line()] * 1001}, "/items"),
        ({"items": [line(), {"sku": "A"}]}, "/items/1/quantity"),
        ({"items": [line(quantity=0)]}, "/items/0/quantity"),
        ({"items": [line(quantity="1.2345")]}, "/items/0/quantity"),
        ({"items": [line(quantity=True)]}, "/items/0/quantity"),
        ({"items": [line(price=-1)]}, "/items/0/unit_price"),
        ({"items": [line(sale_price="1e3")]}, "/items/0/sale_price"),
        ({"items": [line(sku="")]}, "/items/0/sku"),
        ({"items": [line(sku="x" * 101)]}, "/items/0/sku"),
        ({"items": [line(colour="red")]}, "/items/0/colour"),
        ({"items": ["tea"]}, "/items/0"),
        ({"role": "admin"}, "/role"),
        ({"json": 1}, "/json"),
        ({"query": 1}, "/query"),
        ({"facility_id": "x" * 51}, "/facility_id"),
        ({"eta": "tomorrow"}, "/eta"),
        ({"order_datetime": None}, "/order_datetime"),
        ({"currency": "usd"}, "/currency"),
        ({"currency": "USD\n"}, "/currency"),
        ({"address": "1 Road"}, "/address"),
        ({"address": {"phone": "5" * 200}}, "/address/phone"),
        ({"payment": [{"mode": "gold", "amount": 1}]}, "/payment/0/payment_mode"),
        ({"payment": [{"mode": "card", "amount": 1, "create_payment_order": 1}]}, "/payment/0/create_payment_order"),
    ],
)
def test_each_broken_rule_is_pointed_at(customer: Caller, change: dict[str, Any], pointer: str) -> None:
    answer = customer.post("/orders", lines_body(**change))
    assert code(answer) == (422, "invalid")
    assert answer.content_type == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.get_json()["errors"]]


def test_a_refused_order_leaves_nothing_behind(app: Flask, customer: Caller) -> None:
    body = lines_body(total_amount=500)
    assert code(customer.post("/orders", body)) == (422, "total_mismatch")
    for table in ("orders", "order_items", "order_journey", "outbox_events"):
        assert factories.rows(app, f"SELECT 1 FROM {table} WHERE order_id = :id", id=body["order_id"]) == []


def test_payment_parts_are_kept_and_shown_in_their_order(customer: Caller) -> None:
    parts = [{"payment_mode": "COD", "amount": 5}, {"mode": "card", "amount": "14.50", "create_payment_order": True}]
    parts += [{"mode": "wallet", "amount": "0.10"}, {"mode": "cash", "amount": "0.40"}]
    order = factories.place(customer, payment=parts)
    shown = [(part["mode"], part["amount"], part["status"]) for part in order["payments"]]
    assert shown == [
        ("cod", Decimal("5.00"), "pending"),
        ("card", Decimal("14.50"), "pending"),
        ("wallet", Decimal("0.10"), "pending"),
        ("cash", Decimal("0.40"), "pending"),
    ]
    assert order["payment_state"] == "unpaid"
    for part in order["payments"]:
        assert part["captured_amount"] == part["refundable_amount"] == part["refunded_amount"] == 0
        assert (part["refunds"], part["attested"]) == ([], False)


def test_payment_parts_never_promise_more_than_is_due(customer: Caller) -> None:
    parts = [{"mode": "card", "amount": 15}, {"mode": "cash", "amount": "5.01"}]
    answer = customer.post("/orders", lines_body(payment=parts))
    assert code(answer) == (422, "amount_exceeds_due")
    assert answer.get_json()["due"] == "20.00"


def test_an_order_begins_its_journey_and_tells_the_company(app: Flask, customer: Caller) -> None:
    order = factories.place(customer)
    entry = factories.journey(customer, order)[0]
    assert (entry["seq"], entry["current_status"], entry["previous_status"]) == (1, "pending", None)
    assert (entry["actor"], entry["actor_type"]) == (customer.id, "customer")
    assert [(event.version, event.type) for event in factories.outbox(app, order)] == [
        (1, "oms.order.created.v1"),
        (1, "oms.new_order.v1"),
    ]


def test_an_order_of_a_thousand_lines_is_placed(customer: Caller) -> None:
    many = [{"sku": f"SKU-{number}", "quantity": 1, "unit_price": "0.01"} for number in range(1000)]
    order = factories.place(customer, *many)
    assert [item["line_no"] for item in order["items"]] == list(range(1, 1001))
    assert order["total_amount"] == 10


def test_a_customers_id_of_any_script_is_served_from_the_cache(app: Flask, staff: Caller) -> None:
    order = factories.place(staff, customer_id="\U0001f600" * 50)
    assert factories.cached_body(app, order) == factories.rendered(app, order)
    assert exact(staff.get(factories.url(order))) == order
