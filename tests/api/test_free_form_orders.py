"""B's shape: items are any JSON object, and the creator drives the order himself."""

import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from oms.orders.bodies import B_EXAMPLE
from tests import factories
from tests.callers import Caller, exact


def test_bs_sample_passes_as_written(customer: Caller) -> None:
    answer = customer.post("/orders", B_EXAMPLE)
    order = exact(answer)
    assert answer.status_code == 201
    assert order["items"] == B_EXAMPLE["items"]
    assert (order["order_price"], order["total_amount"]) == (Decimal("11.50"), Decimal("11.50"))
    assert (order["managed_by"], order["customer_id"], order["status"]) == ("owner", customer.id, "pending")


def test_the_body_may_be_items_only(customer: Caller) -> None:
    order = factories.place_free_form(customer, {"a": None})
    assert (order["order_price"], order["total_amount"]) == (None, 0)


def test_items_come_back_as_the_text_they_came_in(app: Flask, customer: Caller) -> None:
    text = '{"z":1,"a":[1.50,1e2,-0.0,true,null,"\\u00e9\\n"],"n":{"":{}},"big":123456789012345678901234567890}'
    order = exact(customer.post("/orders", b'{"items": %b}' % text.encode()))
    factories.forget_cached(app, order)
    shown = customer.get(factories.url(order)).text
    assert list(json.loads(shown)["items"]) == ["z", "a", "n", "big"]
    assert '"big":123456789012345678901234567890' in shown
    assert '"a":[1.50,100,-0.0,true,null,"é\\n"]' in shown


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"address": {}}, "/address"),
        ({"customer_id": "x"}, "/customer_id"),
        ({"status": "PAID"}, "/status"),
        ({"order_price": -1}, "/order_price"),
        ({"order_price": True}, "/order_price"),
    ],
)
def test_what_does_not_belong_to_bs_shape_is_refused(customer: Caller, change: Any, pointer: str) -> None:
    answer = customer.post("/orders", {"items": {}, **change})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_price_has_no_more_decimals_than_its_currency(customer: Caller) -> None:
    answer = customer.post("/orders", {"items": {}, "order_price": "1.5", "currency": "JPY"})
    assert answer.get_json()["code"] == "too_many_decimals"


def test_paid_records_the_owners_word_and_no_refund_can_be_drawn_from_it(customer: Caller) -> None:
    order = factories.place_free_form(customer, order_price="11.50")
    paid = exact(customer.patch(factories.url(order), {"status": "PAID"}))
    assert (paid["status"], paid["payment_state"]) == ("confirmed", "paid")
    part = paid["payments"][0]
    assert (part["attested"], part["captured_amount"], part["refundable_amount"]) == (True, Decimal("11.50"), 0)


def test_an_owner_drives_his_order_along_the_table(app: Flask, customer: Caller) -> None:
    order = factories.place_free_form(customer)
    for word, status in [("PAID", "confirmed"), ("SHIPPED", "shipped"), ("delivered", "delivered")]:
        answer = customer.patch(factories.url(order), {"status": word})
        assert (answer.status_code, exact(answer)["status"]) == (200, status)
    entries = factories.journey(customer, order)
    assert [entry["current_status"] for entry in entries] == ["pending", "confirmed", "shipped", "delivered"]
    assert [event.status for event in factories.outbox(app, order)][2:] == ["confirmed", "shipped", "delivered"]


def test_an_owner_does_not_jump(customer: Caller) -> None:
    order = factories.place_free_form(customer)
    refused = customer.patch(factories.url(order), {"status": "shipped"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "invalid_transition")
    assert refused.get_json()["allowed"] == ["confirmed", "cancelled"]


def test_the_word_of_staff_attests_nothing(customer: Caller, staff: Caller) -> None:
    order = factories.place_free_form(customer, order_price=5)
    confirmed = exact(staff.patch(factories.url(order), {"status": "confirmed"}))
    assert (confirmed["payments"], confirmed["payment_state"]) == ([], "unpaid")


def test_a_free_form_order_has_no_lines_to_move(customer: Caller, staff: Caller) -> None:
    order = factories.place_free_form(customer)
    answer = staff.patch(factories.url(order, "items", 1), {"status": "packed"})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "item_not_found")


def test_the_company_hears_of_a_new_free_form_order_in_bs_words(app: Flask, customer: Caller) -> None:
    order = factories.place_free_form(customer, {"coffee": 1}, order_price="2.5")
    payload = factories.rows(
        app,
        "SELECT topic, payload FROM outbox_events WHERE order_id = :id AND type = 'oms.new_order.v1'",
        id=order["order_id"],
    )[0]
    assert payload.topic == "new_order"
    assert set(payload.payload) == {"id", "items", "status", "created_at", "creator_id", "order_price"}
    assert payload.payload["items"] == {"coffee": 1}
