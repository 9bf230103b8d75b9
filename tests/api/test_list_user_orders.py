"""GET /orders/user/{user_id}: B's listing by numbered pages."""

from typing import Any

import pytest

from oms.ids import new_id
from tests import factories
from tests.callers import Caller, exact


def page(caller: Caller, user_id: str, query: str = "") -> Any:
    answer = caller.get(f"/orders/user/{user_id}{query}")
    assert answer.status_code == 200, answer.data
    return exact(answer)


def ids(found: Any) -> list[str]:
    return [order["order_id"] for order in found["items"]]


def test_the_first_page_has_ten_of_the_newest(customer: Caller) -> None:
    placed = [factories.place_free_form(customer) for _ in range(11)][::-1]
    first, second = page(customer, customer.id), page(customer, customer.id, "?page=2")
    assert first["items"] == placed[:10]
    assert {name: first[name] for name in ("page", "page_size", "total_items", "total_pages")} == {
        "page": 1,
        "page_size": 10,
        "total_items": 11,
        "total_pages": 2,
    }
    assert second["items"] == placed[10:]
    assert second["page"] == 2


@pytest.mark.parametrize(("size", "pages"), [(1, 3), (2, 2), (3, 1), (100, 1)])
def test_pages_of_any_size_show_every_order_once(customer: Caller, size: int, pages: int) -> None:
    placed = [factories.place(customer)["order_id"] for _ in range(3)][::-1]
    found = [page(customer, customer.id, f"?page={number}&page_size={size}") for number in range(1, pages + 1)]
    assert [order_id for one in found for order_id in ids(one)] == placed
    assert {one["total_pages"] for one in found} == {pages}


@pytest.mark.parametrize("number", [2, 3, 1_000_000])
def test_past_the_end_is_an_empty_list(customer: Caller, number: int) -> None:
    factories.place(customer)
    found = page(customer, customer.id, f"?page={number}")
    assert (found["items"], found["page"], found["total_items"], found["total_pages"]) == ([], number, 1, 1)


def test_somebody_without_orders_has_no_pages(customer: Caller) -> None:
    assert page(customer, customer.id) == {
        "items": [],
        "page": 1,
        "page_size": 10,
        "total_items": 0,
        "total_pages": 0,
    }


def test_staff_see_anybodys(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    assert ids(page(staff, customer.id)) == [order["order_id"]]
    assert page(staff, new_id())["total_items"] == 0


def test_somebody_elses_listing_is_forbidden_whether_he_exists_or_not(customer: Caller, other_customer: Caller) -> None:
    for user_id in (other_customer.id, new_id(), "'--"):
        answer = customer.get(f"/orders/user/{user_id}")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not_your_orders")


def test_it_is_not_public_whatever_bs_document_says(anonymous: Caller, customer: Caller) -> None:
    assert anonymous.get(f"/orders/user/{customer.id}").status_code == 401


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=abc", "page=1e9", "page=1000000001", "page=", "page=1.5", "page=%D9%A3", "limit=5"],
)
@pytest.mark.parametrize("caller", ["customer", "staff"])
def test_a_page_that_is_no_page_is_refused_by_name(
    request: pytest.FixtureRequest, customer: Caller, caller: str, query: str
) -> None:
    answer = request.getfixturevalue(caller).get(f"/orders/user/{customer.id}?{query}")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert answer.get_json()["errors"][0]["pointer"] == "/" + query.split("=")[0]


@pytest.mark.parametrize("size", ["0", "101", "1e9", "-5", "x", "", "1000000000"])
def test_a_page_size_that_is_none_is_refused_by_name(customer: Caller, size: str) -> None:
    answer = customer.get(f"/orders/user/{customer.id}?page_size={size}")
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/page_size")
