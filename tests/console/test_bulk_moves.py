"""Many orders at once: a preview of each, then a result for each."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.callers import Caller
from tests.console.visitors import Visitor, form, forms
from tests.factories import journey, place, place_at, rows, url


def preview(visitor: Visitor, status: str, *orders: Any) -> TestResponse:
    return visitor.get(
        "/console/bulk", query_string={"status": status, "order": [order["order_id"] for order in orders]}
    )


def said(answer: TestResponse, order: Any) -> str:
    row = next(row for row in re.findall(r"<tr>.*?</tr>", answer.text, re.DOTALL) if order["order_id"] in row)
    return " ".join(re.sub(r"<[^>]+>", " ", row).split()).removeprefix(order["order_id"]).strip()


def send(visitor: Visitor, page: TestResponse, *orders: Any, **fields: str) -> TestResponse:
    """The form of the preview, which has a field `order` for each of them."""
    found = form(page, "/bulk").fields
    return visitor.client.post("/console/bulk", data={**found, "order": [o["order_id"] for o in orders], **fields})


def status(app: Flask, order: Any) -> str:
    found = rows(app, "SELECT status FROM orders WHERE order_id = :order_id", order_id=order["order_id"])
    return str(found[0].status)


def test_the_preview_says_which_may_move_and_why_others_may_not(
    app: Flask, support: Visitor, staff: Caller, customer: Caller
) -> None:
    fresh, packed, shipped = place(customer), place_at(customer, staff, "packed"), place_at(customer, staff, "shipped")
    page = preview(support, "packed", fresh, packed, shipped)
    assert "Mark 1 of 3 orders as packed" in page.text
    assert said(page, fresh) == "Pending Packed"
    assert said(page, packed) == "Packed It is that already."
    assert said(page, shipped) == "Shipped Stays: An order that is shipped can&#39;t become packed."
    assert [status(app, order) for order in (fresh, packed, shipped)] == ["pending", "packed", "shipped"]


def test_a_preview_foresees_what_the_change_would_refuse(support: Visitor, staff: Caller, customer: Caller) -> None:
    delivered = place_at(customer, staff, "delivered")
    items = [{"line_no": 1, "quantity": 1}]
    assert staff.post(url(delivered, "returns"), {"items": items, "reason": "damaged"}).status_code == 201
    assert "A return request is open" in said(preview(support, "returned", delivered), delivered)
    partly = place(customer)
    staff.patch(url(partly, "items", 1), {"status": "shipped", "quantity": 1})
    assert said(preview(support, "cancelled", partly), partly).endswith("cancel the lines that are not.")


def test_each_order_has_its_own_result_and_the_staffs_name(
    app: Flask, support: Visitor, staff: Caller, customer: Caller
) -> None:
    first, second, third = place(customer), place(customer), place(customer)
    page = preview(support, "packed", first, second, third)
    staff.patch(url(second), {"status": "shipped"})
    fields = {name: value for found in forms(page) for name, value in found.fields.items()}
    assert f"version-{first['order_id']}" in fields
    answer = send(support, page, first, second, third, remarks="the morning round")
    assert "2 of 3 orders are packed now" in answer.text
    assert said(answer, first) == "Packed"
    assert said(answer, second) == "Not moved: It has changed since the preview; look at it again."
    assert [status(app, order) for order in (first, second, third)] == ["packed", "shipped", "packed"]
    last = journey(staff, third)[-1]
    assert (last["actor"], last["remarks"]) == (support.id, "the morning round")


def test_sent_again_it_tells_the_same_and_moves_none_twice(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer)
    page = preview(support, "packed", order)
    first, again = send(support, page, order), send(support, page, order)
    assert said(first, order) == said(again, order) == "Packed"
    assert [entry["current_status"] for entry in journey(staff, order)] == ["pending", "packed"]


def test_there_is_something_to_choose_and_an_end_to_it(support: Visitor) -> None:
    assert "Choose some orders first." in support.get("/console/bulk?status=packed").text
    many = [{"order_id": f"O-{number}"} for number in range(101)]
    assert "Choose 100 orders at most." in preview(support, "packed", *many).text
    assert preview(support, "lost", {"order_id": "O-1"}).status_code == 422
