"""PUT /orders/{order_id}: what may change, what may not, and nothing dropped in silence."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.callers import Caller, api_key_caller, exact
from tests.factories import line, url

REPEATABLE = ["order_id", "customer_id", "currency", "order_datetime", "order_price", "status", "facility_id"]
REPEATABLE += ["total_amount", "eta", "address", "metadata"]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("eta", "2030-01-01T10:00:00+02:00", "2030-01-01T08:00:00Z"),
        ("eta", None, None),
        ("facility_id", "FAC-9", "FAC-9"),
        ("address", {"phone": "+1", "a": [1]}, {"phone": "+1", "a": [1]}),
        ("address", None, None),
        ("metadata", {"gift": True}, {"gift": True}),
    ],
)
def test_a_mutable_field_is_changed(
    app: Flask, customer: Caller, staff: Caller, field: str, value: Any, shown: Any
) -> None:
    order = factories.place(customer, eta="2029-01-01T00:00:00Z", address={"x": 1})
    answer = staff.put(url(order), {field: value})
    changed = exact(answer)
    assert (answer.status_code, answer.headers["ETag"], changed[field]) == (200, '"2"', shown)
    same = {name for name in order if order[name] == changed[name]}
    assert set(order) - same == {field, "version", "updated_at"}
    assert factories.outbox(app, order)[-1].type == "oms.order.updated.v1"
    assert len(factories.journey(customer, order)) == 1


def test_the_same_values_again_change_nothing(app: Flask, customer: Caller, staff: Caller) -> None:
    order = factories.place(customer, eta="2029-01-01T00:00:00Z", address={"x": 1}, facility_id="F")
    repeated = {name: order[name] for name in REPEATABLE}
    repeated["items"] = [line()]
    answer = staff.put(url(order), repeated)
    assert (answer.status_code, answer.headers["ETag"], exact(answer)) == (200, '"1"', order)
    assert len(factories.outbox(app, order)) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order_id", "ANOTHER"),
        ("customer_id", "ANOTHER"),
        ("currency", "EUR"),
        ("order_datetime", "2020-01-01T00:00:00Z"),
        ("order_price", "1.00"),
        ("total_amount", "20.01"),
    ],
)
def test_an_immutable_field_is_never_dropped_in_silence(
    customer: Caller, staff: Caller, field: str, value: str
) -> None:
    order = factories.place(customer)
    refused = staff.put(url(order), {field: value, "facility_id": "F-NEW"})
    assert code(refused) == (409, "immutable_field")
    assert refused.get_json()["errors"][0]["pointer"] == f"/{field}"
    assert exact(staff.get(url(order))) == order


def test_new_lines_replace_the_old_ones(app: Flask, customer: Caller) -> None:
    order = factories.place(customer)
    body = {"items": [line("CAKE", 1, "3.00", name="Cake", metadata={"a": 1}), line("TEA", "1.5", "2")]}
    changed = exact(customer.put(url(order), {**body, "total_amount": "6.05"}))
    assert [(item["line_no"], item["sku"]) for item in changed["items"]] == [(1, "CAKE"), (2, "TEA")]
    assert changed["items"][0]["metadata"] == {"a": 1}
    assert (changed["total_amount"], changed["rounding_adjustment"]) == (Decimal("6.05"), Decimal("0.05"))
    assert factories.cached_body(app, order) == factories.rendered(app, order)


def test_a_wrong_total_is_refused_even_when_the_lines_are_the_same(customer: Caller) -> None:
    order = factories.place(customer)
    refused = customer.put(url(order), {"items": [line()], "total_amount": 500})
    assert code(refused) == (422, "total_mismatch")


def test_a_total_within_the_tolerance_is_taken_with_the_same_lines(customer: Caller) -> None:
    order = factories.place(customer)
    changed = exact(customer.put(url(order), {"items": [line()], "total_amount": "20.10"}))
    assert (changed["total_amount"], changed["rounding_adjustment"]) == (Decimal("20.10"), Decimal("0.10"))


@pytest.mark.parametrize("status", ["packed", "shipped", "delivered", "cancelled"])
def test_lines_are_fixed_once_the_order_is_past_cancelling(customer: Caller, staff: Caller, status: str) -> None:
    order = factories.place_at(customer, staff, status)
    assert code(staff.put(url(order), {"items": [line("CAKE")]})) == (409, "items_not_editable")


def test_lines_that_are_partly_cancelled_are_not_replaced(customer: Caller) -> None:
    order = factories.place(customer)
    customer.post(url(order, "cancel"), {"items": [{"line_no": 1, "quantity": 1}]})
    assert code(customer.put(url(order), {"items": [line("CAKE")]})) == (409, "items_not_editable")


@pytest.mark.parametrize(
    ("items", "pointer"),
    [([], "/items"), ([{"sku": "A"}], "/items/0/quantity"), ({"a": 1}, "/items"), (None, "/items")],
)
def test_lines_that_are_no_lines_are_refused(customer: Caller, items: Any, pointer: str) -> None:
    refused = customer.put(url(factories.place(customer)), {"items": items})
    assert code(refused) == (422, "invalid")
    assert refused.get_json()["errors"][0]["pointer"] == pointer


def test_the_items_of_a_free_form_order_are_replaced_by_another_object(app: Flask, customer: Caller) -> None:
    order = factories.place_free_form(customer, {"coffee": 1})
    changed = exact(customer.put(url(order), {"items": {"tea": [2]}}))
    assert (changed["items"], changed["version"]) == ({"tea": [2]}, 2)
    assert factories.cached_body(app, order) == factories.rendered(app, order)
    assert exact(customer.put(url(order), {"items": {"tea": [2]}}))["version"] == 2


def test_a_free_form_order_keeps_its_shape_and_its_total(customer: Caller) -> None:
    order = factories.place_free_form(customer, order_price=5)
    assert code(customer.put(url(order), {"items": [line()]})) == (422, "invalid")
    assert code(customer.put(url(order), {"items": {"tea": 1}, "total_amount": 6})) == (409, "immutable_field")
    assert code(customer.put(url(order), {"order_price": 6})) == (409, "immutable_field")


def test_the_items_of_a_free_form_order_are_fixed_once_it_is_shipped(customer: Caller, staff: Caller) -> None:
    order = factories.place_free_form(customer)
    for status in ("PAID", "SHIPPED"):
        customer.patch(url(order), {"status": status})
    assert code(staff.put(url(order), {"items": {"tea": 1}})) == (409, "items_not_editable")


def test_what_is_paid_for_is_not_edited(app: Flask, customer: Caller, staff: Caller) -> None:
    order = factories.place(customer, payment=[{"mode": "card", "amount": 20}])
    factories.capture(app, order, "20.00")
    assert code(staff.put(url(order), {"items": [line("CAKE")]})) == (409, "order_already_paid")
    assert code(staff.patch(url(order, "items", 1), {"quantity": 1})) == (409, "order_already_paid")


def test_a_status_and_fields_change_together(app: Flask, customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    changed = exact(staff.put(url(order), {"facility_id": "F-2", "status": "CONFIRMED"}))
    assert (changed["facility_id"], changed["status"], changed["version"]) == ("F-2", "confirmed", 3)
    told = [(event.version, event.type) for event in factories.outbox(app, order)[2:]]
    assert told == [(2, "oms.order.updated.v1"), (3, "oms.order.status_changed.v1")]


def test_a_refused_status_undoes_the_fields_too(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    assert code(staff.put(url(order), {"facility_id": "F-2", "status": "returned"})) == (409, "invalid_transition")
    assert exact(staff.get(url(order))) == order


@pytest.mark.parametrize("field", ["eta", "facility_id"])
def test_the_shops_fields_are_not_the_customers(customer: Caller, field: str) -> None:
    order = factories.place(customer)
    refused = customer.put(url(order), {field: "2030-01-01T00:00:00Z", "address": {"x": 1}})
    assert code(refused) == (403, "field_not_yours")
    assert exact(customer.get(url(order))) == order


def test_a_customer_edits_until_it_is_packed(customer: Caller, staff: Caller) -> None:
    assert customer.put(url(factories.place(customer)), {"address": {"x": 1}}).status_code == 200
    packed = factories.place_at(customer, staff, "packed")
    assert code(customer.put(url(packed), {"address": {"x": 1}})) == (409, "order_not_editable")
    assert staff.put(url(packed), {"address": {"x": 1}}).status_code == 200


def test_a_customers_status_goes_through_the_lifecycle(customer: Caller) -> None:
    order = factories.place(customer)
    assert code(customer.put(url(order), {"status": "confirmed"})) == (403, "step_not_yours")
    assert exact(customer.put(url(order), {"status": "cancelled"}))["status"] == "cancelled"


def test_a_shops_key_edits_and_does_not_drive(app: Flask, customer: Caller) -> None:
    shop, order = api_key_caller(app, "orders:write"), factories.place(customer)
    assert exact(shop.put(url(order), {"eta": "2030-01-01T00:00:00Z"}))["eta"] == "2030-01-01T00:00:00Z"
    assert code(shop.put(url(order), {"status": "confirmed"})) == (403, "step_not_yours")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ([], ""),
        ({"role": "admin"}, "/role"),
        ({"facility_id": ""}, "/facility_id"),
        ({"address": 5}, "/address"),
        ({"address": {"phone": "5" * 200}}, "/address/phone"),
        ({"version": 7}, "/version"),
    ],
)
def test_a_body_that_is_no_update_is_refused(staff: Caller, customer: Caller, body: Any, pointer: str) -> None:
    refused = staff.put(url(factories.place(customer)), body)
    assert code(refused) == (422, "invalid")
    assert refused.get_json()["errors"][0]["pointer"] == pointer
