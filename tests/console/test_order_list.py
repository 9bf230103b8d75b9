"""The orders list: filters, search, pages, what is kept under a name."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from oms.accounts import saved_filters
from oms.ids import new_id
from tests.callers import Caller
from tests.console.visitors import Visitor, form
from tests.factories import execute, line, place, place_at


def shown(answer: TestResponse) -> list[str]:
    return re.findall(r'class="whole" href="/console/orders/([^"]+)"', answer.text)


def test_orders_are_shown_newest_first_with_what_one_asks_for(support: Visitor, customer: Caller) -> None:
    first, second = place(customer, line("TEA", 2, "10.00")), place(customer, facility_id="FAC-9")
    answer = support.get(f"/console/orders?customer={customer.id}")
    assert shown(answer) == [second["order_id"], first["order_id"]]
    assert "20.00\u00a0USD" in answer.text
    assert "FAC-9" in answer.text
    assert "2 orders" in answer.text


def test_the_search_finds_by_id_customer_phone_and_sku(support: Visitor, customer: Caller) -> None:
    phone, sku = f"+49{new_id()}", new_id()
    order = place(customer, line(sku), address={"phone": phone})
    for asked in (order["order_id"], order["order_id"][:24], customer.id, phone, sku):
        assert shown(support.part("/console/orders", query_string={"q": asked})) == [order["order_id"]]


def test_filters_narrow_together(support: Visitor, staff: Caller, customer: Caller) -> None:
    packed = place_at(customer, staff, "packed")
    place(customer)
    for query in (
        "status=packed",
        f"status=packed&since={packed['created_at'][:10]}&until={packed['created_at'][:10]}",
    ):
        assert shown(support.get(f"/console/orders?customer={customer.id}&{query}")) == [packed["order_id"]]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert shown(support.get(f"/console/orders?customer={customer.id}&since={tomorrow}")) == []


def test_the_address_holds_the_filters_and_nothing_that_is_empty(support: Visitor) -> None:
    answer = support.part("/console/orders?q=&status=packed&facility=&customer=A+B&since=&until=")
    assert answer.headers["HX-Push-Url"] == "/console/orders?status=packed&customer=A+B"
    fields = form(support.get(answer.headers["HX-Push-Url"]), "/orders").fields
    assert (fields["status"], fields["customer"], fields["q"]) == ("packed", "A B", "")


def test_a_part_is_the_rows_alone_and_going_back_brings_the_page(support: Visitor) -> None:
    assert "<html" not in support.part("/console/orders").text
    assert "<html" in support.part("/console/orders", headers={"HX-History-Restore-Request": "true"}).text


def test_pages_lead_on_to_older_orders_and_keep_the_filters(
    support: Visitor, customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms.console.order_list.PAGE", 2)
    orders = [place(customer)["order_id"] for _ in range(5)]
    address, seen = f"/console/orders?customer={customer.id}", []
    while address:
        answer = support.get(address)
        seen.append(shown(answer))
        older = re.search(r'rel="next" href="([^"]+)"', answer.text)
        address = older[1].replace("&amp;", "&") if older else ""
        assert not address or f"customer={customer.id}" in address
    assert seen == [orders[:2:-1], orders[2:0:-1], orders[:1]]


def test_nothing_found_says_what_can_be_searched_for(support: Visitor) -> None:
    answer = support.get("/console/orders?q=no-such-thing")
    assert "No orders found" in answer.text
    assert "each as it is written" in answer.text


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-02-30", "until=9999-12-31", "status=lost", "cursor=junk"]
)
def test_a_filter_that_makes_no_sense_is_said_in_the_page(support: Visitor, query: str) -> None:
    answer = support.get(f"/console/orders?{query}")
    assert answer.status_code == 422
    assert 'class="empty"' in answer.text
    assert "<h1>Orders</h1>" in answer.text


def test_an_order_that_should_have_arrived_is_marked(app: Flask, support: Visitor, customer: Caller) -> None:
    order = place(customer)
    execute(
        app, "UPDATE orders SET eta = now() - interval '3 hours' WHERE order_id = :order_id", order_id=order["order_id"]
    )
    assert "3\u00a0h late" in support.get(f"/console/orders?customer={customer.id}").text


def test_a_filter_is_kept_under_a_name_replaced_and_removed(support: Visitor, chief: Visitor) -> None:
    page = support.get("/console/orders?status=packed")
    assert support.send(form(page, "/filters"), name=" To  ship ").location == "/console/orders?status=packed"
    page = support.get("/console/orders?status=packed&facility=F1")
    support.send(form(page, "/filters"), name="To ship")
    page = support.get("/console/orders")
    chips = re.findall(r'class="chip" href="([^"]+)"[^>]*>([^<]+)', page.text)
    assert chips == [("/console/orders", "All orders"), ("/console/orders?status=packed&amp;facility=F1", "To ship")]
    assert "To ship" not in chief.get("/console/orders").text
    remove = form(page, "/remove")
    foreign = form(chief.get("/console/orders"), "/sign-out").fields
    chief.client.post(remove.action, data=foreign)
    assert "To ship" in support.get("/console/orders").text
    support.send(remove)
    assert "To ship" not in support.get("/console/orders").text


def test_a_filter_needs_a_name_and_there_is_an_end_to_them(support: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_filters, "MOST", 1)
    save = form(support.get("/console/orders?status=packed"), "/filters")
    for name, said in (
        ("  ", "give them a name"),
        ("One", "Saved as One."),
        ("Two", "remove one"),
        ("One", "Saved as One."),
    ):
        assert said in support.get(support.send(save, name=name).location).text
