"""PUT or POST /orders/{order_id}/cancel: whole or in part, and never twice."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.callers import Caller, exact
from tests.factories import line, url


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def cancel(caller: Caller, order: Any, *lines: tuple[int, Any], **more: Any) -> Any:
    items = [{"line_no": number, **({"quantity": quantity} if quantity else {})} for number, quantity in lines]
    return caller.post(url(order, "cancel"), {**({"items": items} if items else {}), **more})


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("body", [None, {}, {"reason": "changed_mind", "remarks": "sorry"}])
def test_both_verbs_cancel_with_or_without_a_body(app: Flask, customer: Caller, method: str, body: Any) -> None:
    order = factories.place(customer)
    answer = customer.call(method, url(order, "cancel"), body)
    cancelled = exact(answer)
    assert (answer.status_code, cancelled["status"], cancelled["can_cancel"]) == (200, "cancelled", False)
    item = cancelled["items"][0]
    assert (item["status"], item["cancelled_quantity"]) == ("cancelled", item["quantity"])
    entry = factories.journey(customer, order)[-1]
    assert (entry["current_status"], entry["reason"]) == ("cancelled", (body or {}).get("reason"))
    assert [event.type for event in factories.outbox(app, order)][2:] == ["oms.order.cancelled.v1"]


def test_cancelling_again_has_no_second_effect(app: Flask, customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    first = cancel(customer, order, reason="changed_mind")
    again, by_staff = cancel(customer, order, reason="too_slow"), cancel(staff, order, (1, 1))
    assert first.data == again.data == by_staff.data
    assert first.headers["ETag"] == again.headers["ETag"] == '"2"'
    assert len(factories.journey(customer, order)) == 2
    assert len(factories.outbox(app, order)) == 3


@pytest.mark.parametrize("status", ["pending", "confirmed", "processing"])
def test_a_customer_cancels_until_it_is_packed(customer: Caller, staff: Caller, status: str) -> None:
    assert cancel(customer, factories.place_at(customer, staff, status)).status_code == 200


@pytest.mark.parametrize("status", ["packed", "delivery_failed"])
def test_after_that_only_staff_do(customer: Caller, staff: Caller, status: str) -> None:
    order = factories.place_at(customer, staff, status)
    assert code(cancel(customer, order)) == (409, "not_cancellable")
    assert exact(cancel(staff, order))["status"] == "cancelled"


@pytest.mark.parametrize("status", ["shipped", "partially_delivered", "delivered", "return_requested", "returned"])
def test_what_has_left_is_not_cancelled_by_anybody(customer: Caller, staff: Caller, status: str) -> None:
    order = factories.place_at(customer, staff, status)
    for caller in (customer, staff):
        refused = cancel(caller, order)
        assert code(refused) == (409, "not_cancellable")
        assert "cancelled" not in refused.get_json()["allowed"]
    assert exact(customer.get(url(order))) == order


def test_some_units_of_a_line_are_cancelled(app: Flask, customer: Caller) -> None:
    order = factories.place(customer, line(quantity="1.250"), line("CAKE"))
    partly = exact(cancel(customer, order, (1, "0.5"), reason="too_slow"))
    assert (partly["status"], partly["items"][0]["status"]) == ("pending", "pending")
    assert partly["items"][0]["cancelled_quantity"] == Decimal("0.5")
    entry = factories.journey(customer, order)[-1]
    assert (entry["line_no"], entry["current_status"], entry["reason"]) == (1, "pending", "too_slow")
    assert factories.outbox(app, order)[-1].type == "oms.order.items_changed.v1"


def test_a_line_named_without_a_quantity_is_cancelled_whole(customer: Caller) -> None:
    order = factories.place(customer, line(), line("CAKE"))
    cancel(customer, order, (1, 1))
    partly = exact(cancel(customer, order, (1, None)))
    assert [item["status"] for item in partly["items"]] == ["cancelled", "pending"]
    assert partly["status"] == "pending"


def test_the_last_live_line_takes_the_order_with_it(app: Flask, customer: Caller) -> None:
    order = factories.place(customer, line(), line("CAKE"))
    cancel(customer, order, (1, None))
    gone = exact(cancel(customer, order, (2, 2)))
    assert (gone["status"], gone["version"]) == ("cancelled", 4)
    entries = factories.journey(customer, order)
    assert [(entry["line_no"], entry["current_status"]) for entry in entries[1:]] == [
        (1, "cancelled"),
        (2, "cancelled"),
        (None, "cancelled"),
    ]
    assert [event.type for event in factories.outbox(app, order)].count("oms.order.cancelled.v1") == 1


def test_a_line_named_twice_is_cancelled_by_the_sum(customer: Caller) -> None:
    order = factories.place(customer, line(quantity=3))
    partly = exact(cancel(customer, order, (1, 1), (1, 1)))
    assert partly["items"][0]["cancelled_quantity"] == 2


def test_more_than_is_left_is_refused_and_nothing_is_cancelled(customer: Caller) -> None:
    order = factories.place(customer, line(), line("CAKE"))
    refused = cancel(customer, order, (1, 1), (2, "2.001"))
    assert code(refused) == (409, "quantity_exceeded")
    assert (refused.get_json()["line_no"], Decimal(refused.get_json()["available"])) == (2, Decimal(2))
    assert exact(customer.get(url(order))) == order


def test_a_cancelled_line_has_nothing_left_to_cancel(customer: Caller) -> None:
    order = factories.place(customer, line(), line("CAKE"))
    version = exact(cancel(customer, order, (1, None)))["version"]
    assert exact(cancel(customer, order, (1, None)))["version"] == version
    assert code(cancel(customer, order, (1, 1))) == (409, "quantity_exceeded")


def test_a_line_that_is_not_there_is_not_found(customer: Caller) -> None:
    assert code(cancel(customer, factories.place(customer), (2, 1))) == (404, "item_not_found")


def test_a_customer_does_not_cancel_a_line_that_is_packed(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer, line(), line("CAKE"))
    staff.patch(url(order, "items", 1), {"status": "packed"})
    assert code(cancel(customer, order, (1, None))) == (409, "not_cancellable")
    assert cancel(customer, order, (2, None)).status_code == 200
    assert cancel(staff, order, (1, None)).status_code == 200


def test_an_order_that_is_partly_on_its_way_is_cancelled_line_by_line(customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "confirmed", line(quantity=2), line("CAKE"))
    staff.patch(url(order, "items", 1), {"status": "shipped", "quantity": 1})
    assert code(cancel(customer, order)) == (409, "not_cancellable")
    assert code(staff.patch(url(order), {"status": "cancelled"})) == (409, "not_cancellable")
    rest = exact(cancel(customer, order, (1, None), (2, None)))
    assert [item["status"] for item in rest["items"]] == ["shipped", "cancelled"]
    assert (rest["status"], rest["items"][0]["shipped_quantity"]) == ("shipped", 1)


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{}]},
        {"items": [{"line_no": "1"}]},
        {"items": [{"line_no": True}]},
        {"items": [{"line_no": 0}]},
        {"items": [{"line_no": 1, "quantity": 0}]},
        {"items": {}},
        {"reason": "x" * 101},
        {"remarks": 5},
        {"status": "cancelled"},
        [],
    ],
)
def test_a_body_that_is_no_cancellation_is_refused(customer: Caller, body: Any) -> None:
    order = factories.place(customer)
    assert code(customer.post(url(order, "cancel"), body)) == (422, "invalid")
    assert exact(customer.get(url(order))) == order


def test_keys_do_not_cancel_here(warehouse: Caller, customer: Caller) -> None:
    assert code(cancel(warehouse, factories.place(customer))) == (403, "scope_missing")
