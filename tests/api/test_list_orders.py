"""GET /orders: keyset pages, filters and search."""

import base64
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.callers import Caller, exact
from tests.factories import line, url


def listed(caller: Caller, **query: Any) -> Any:
    answer = caller.get(f"/orders?{urlencode(query)}")
    assert answer.status_code == 200, answer.data
    return exact(answer)


def ids(caller: Caller, **query: Any) -> list[str]:
    return [order["order_id"] for order in listed(caller, **query)["orders"]]


def placed(caller: Caller, count: int) -> list[str]:
    """New orders, the newest first."""
    return [factories.place(caller)["order_id"] for _ in range(count)][::-1]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def test_a_customer_sees_his_own_orders_newest_first(customer: Caller, other_customer: Caller) -> None:
    factories.place(other_customer)
    mine = placed(customer, 3)
    assert ids(customer) == mine


def test_a_list_shows_what_a_single_order_shows(customer: Caller) -> None:
    order = factories.place(customer, line(quantity="1.250"), address={"phone": "+1"}, payment=[])
    assert listed(customer)["orders"] == [order]


def test_pages_follow_their_cursor_and_their_link(customer: Caller) -> None:
    mine = placed(customer, 5)
    seen, path = [], "/orders?limit=2"
    for size in (2, 2, 1):
        answer = customer.get(path)
        page = exact(answer)
        assert len(page["orders"]) == size
        seen += [order["order_id"] for order in page["orders"]]
        assert (page["next_cursor"] is None) == ("Link" not in answer.headers) == (size == 1)
        if page["next_cursor"]:
            target, relation = answer.headers["Link"].split("; ")
            assert relation == 'rel="next"'
            path = target.strip("<>")
            assert quote(page["next_cursor"]) in path
    assert seen == mine


def test_a_link_keeps_the_filters(customer: Caller) -> None:
    placed(customer, 2)
    answer = customer.get("/orders?limit=1&status=pending&created_from=2020-01-01T00%3A00%3A00%2B02%3A00")
    link = answer.headers["Link"]
    assert "limit=1" in link
    assert "status=pending" in link
    assert "created_from=2020-01-01T00%3A00%3A00%2B02%3A00" in link


def test_a_full_last_page_has_no_successor(customer: Caller) -> None:
    placed(customer, 2)
    assert listed(customer, limit=2)["next_cursor"] is None


def test_reading_all_pages_while_orders_arrive_and_change_shows_none_twice_and_misses_none(
    customer: Caller, staff: Caller
) -> None:
    at_the_start = placed(customer, 12)
    seen: list[str] = []
    cursor = None
    while True:
        page = listed(customer, limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [order["order_id"] for order in page["orders"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        placed(customer, 2)
        for order_id in (seen[0], seen[-1], at_the_start[-1]):
            staff.put(f"/orders/{order_id}", {"metadata": {"page": len(seen)}})
        staff.patch(f"/orders/{seen[-1]}", {"status": "cancelled"})
    assert len(seen) == len(set(seen))
    assert seen == at_the_start


def test_orders_of_the_same_moment_are_told_apart_by_their_id(app: Flask, customer: Caller) -> None:
    made = sorted(placed(customer, 6), reverse=True)
    factories.execute(app, "UPDATE orders SET created_at = '2024-01-01' WHERE customer_id = :id", id=customer.id)
    seen: list[str] = []
    cursor = None
    while cursor or not seen:
        page = listed(customer, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += [order["order_id"] for order in page["orders"]]
        cursor = page["next_cursor"]
    assert seen == made


def test_orders_are_filtered_by_status(customer: Caller, staff: Caller) -> None:
    pending = placed(customer, 1)
    cancelled = factories.place_at(customer, staff, "cancelled")
    assert ids(customer, status="pending") == pending
    assert ids(customer, status="CANCELED") == [cancelled["order_id"]]
    assert ids(customer, status="shipped") == []


def test_orders_are_filtered_by_facility_and_customer(customer: Caller, staff: Caller) -> None:
    facility = f"FAC-{new_id()}"
    order = factories.place(customer, facility_id=facility)
    factories.place(customer, facility_id="elsewhere")
    assert ids(staff, facility_id=facility) == [order["order_id"]]
    assert ids(staff, facility_id=facility, customer_id=customer.id) == [order["order_id"]]
    assert ids(staff, facility_id=facility, customer_id="nobody") == []
    assert ids(customer, customer_id=customer.id, facility_id=facility) == [order["order_id"]]


def test_a_customer_does_not_list_somebody_else(customer: Caller, other_customer: Caller) -> None:
    answer = customer.get(f"/orders?customer_id={other_customer.id}")
    assert code(answer) == (403, "customer_id_not_yours")


def test_a_range_of_time_takes_its_beginning_and_leaves_its_end(customer: Caller) -> None:
    newer, older = placed(customer, 2)
    moments = {order["order_id"]: order["created_at"] for order in listed(customer)["orders"]}
    assert ids(customer, created_from=moments[older]) == [newer, older]
    assert ids(customer, created_from=moments[newer]) == [newer]
    assert ids(customer, created_to=moments[newer]) == [older]
    assert ids(customer, created_from=moments[older], created_to=moments[newer]) == [older]
    there = datetime.fromisoformat(moments[newer]) + timedelta(hours=5)
    assert ids(customer, created_from=there.replace(tzinfo=None).isoformat() + "+05:00") == [newer]


@pytest.mark.parametrize("part", ["", "-1", "-12"])
def test_a_search_finds_an_order_by_the_beginning_of_its_id(customer: Caller, staff: Caller, part: str) -> None:
    stem = new_id()
    order = factories.place(customer, order_id=f"{stem}-12")
    assert ids(staff, q=stem + part) == [order["order_id"]]
    assert ids(staff, q=stem[1:] + "-12") == []


def test_a_search_finds_an_order_by_its_customer_facility_phone_and_sku(customer: Caller, staff: Caller) -> None:
    facility, phone, sku = f"F {new_id()}", f"+{new_id()}", f"SKU%_\\{new_id()}"
    order = factories.place(customer, line(sku), facility_id=facility, address={"phone": phone})
    for wanted in (customer.id, facility, phone, sku):
        assert ids(staff, q=wanted) == [order["order_id"]]


@pytest.mark.parametrize("wild", ["%", "_", "\\", "%%", "\\%", "'", '"', "' OR 1=1 --", "<b>", "*"])
def test_nothing_in_a_search_is_a_pattern(customer: Caller, staff: Caller, wild: str) -> None:
    stem = new_id()
    factories.place(customer, order_id=f"{stem}-12", facility_id="F", address={"phone": "P"})
    assert ids(customer, q=wild) == []
    assert ids(staff, q=f"{stem}{wild}") == []
    assert ids(staff, q=f"{stem[:10]}{wild}{stem[11:]}") == []


def test_a_search_stays_within_the_callers_own_orders(customer: Caller, other_customer: Caller) -> None:
    order = factories.place(customer)
    assert ids(customer, q=order["order_id"]) == [order["order_id"]]
    assert ids(other_customer, q=order["order_id"]) == []
    assert ids(other_customer, q=customer.id) == []


@pytest.mark.parametrize(
    "query",
    (
        f"limit=0 limit=101 limit=-1 limit=abc limit=1e2 limit=1e9 limit= limit=1.0 cursor= q= q={'x' * 101} q=%00"
        f" status= facility_id={'x' * 51} customer_id=%00 created_from=yesterday created_to=2024-13-01T00:00:00Z"
        " unknown=1 page=1 order_by=id"
    ).split(),
)
def test_a_query_that_breaks_a_rule_is_refused_by_name(customer: Caller, query: str) -> None:
    answer = customer.get(f"/orders?{query}")
    assert code(answer) == (422, "invalid")
    assert answer.get_json()["errors"][0]["pointer"] == "/" + query.split("=")[0]
    assert answer.get_json()["errors"][0]["in"] == "query"


def test_an_unknown_status_is_refused_with_the_words(customer: Caller) -> None:
    assert code(customer.get("/orders?status=eaten")) == (422, "unknown_status")


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "garbage",
        "!!!",
        "ä",
        "=",
        "AAAA",
        cursor_of("2024-01-01T00:00:00|X"),
        cursor_of("2024-01-01T00:00:00+00:00"),
        cursor_of("2024-01-01T00:00:00+00:00|"),
        cursor_of("2024-01-01T00:00:00+00:00|a'b"),
        cursor_of("2024-99-01T00:00:00+00:00|X"),
        cursor_of("0001-01-01T00:00:00+14:00|X"),
        cursor_of("|X"),
        cursor_of("\x00|X"),
    ],
)
def test_a_cursor_that_is_not_ours_is_refused(customer: Caller, cursor: str) -> None:
    answer = customer.get(f"/orders?cursor={quote(cursor)}")
    assert code(answer) == (422, "bad_cursor")


def test_a_cursor_with_an_offset_no_database_knows_is_read_all_the_same(customer: Caller) -> None:
    assert ids(customer, cursor=cursor_of("2024-01-01T00:00:00+23:00|X")) == []


def test_a_changed_order_keeps_its_place(customer: Caller, staff: Caller) -> None:
    mine = placed(customer, 3)
    staff.patch(url({"order_id": mine[-1]}), {"status": "confirmed"})
    assert ids(customer) == mine
