"""Who may use which order route; somebody else's order is not there; methods and slashes."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.api.test_order_costs import counted
from tests.callers import Caller, api_key_caller
from tests.factories import lines_body, url

# Every way to name an order: method, path, body. ORDER stands for its id.
NAMED: list[tuple[str, str, Any]] = [
    ("GET", "/orders/ORDER", None),
    ("HEAD", "/orders/ORDER", None),
    ("PUT", "/orders/ORDER", {"metadata": {}}),
    ("PATCH", "/orders/ORDER", {"status": "cancelled"}),
    ("PUT", "/orders/ORDER/cancel", None),
    ("POST", "/orders/ORDER/cancel", {}),
    ("GET", "/orders/ORDER/journey", None),
    ("PATCH", "/orders/ORDER/items/1", {"status": "packed"}),
    ("GET", "/get_order_details?order_id=ORDER", None),
    ("PUT", "/update_order_status", {"order_id": "ORDER", "status": "confirmed"}),
    ("PATCH", "/update_order_status", {"order_id": "ORDER", "status": "confirmed"}),
    ("PUT", "/update_item_status", {"order_id": "ORDER", "sku": "TEA", "status": "packed"}),
    ("PATCH", "/update_item_status", {"order_id": "ORDER", "sku": "TEA", "status": "packed"}),
]
UNNAMED: list[tuple[str, str, Any]] = [
    ("POST", "/orders", {"items": {}}),
    ("GET", "/orders", None),
    ("GET", "/orders/user/SOMEBODY", None),
    ("POST", "/create_order", lines_body()),
]
STAFF_ONLY = {"/orders/ORDER/items/1", "/update_order_status", "/update_item_status"}
SCOPES = {
    "GET": "orders:read",
    "HEAD": "orders:read",
    ("POST", "/orders"): "orders:write",
    ("POST", "/create_order"): "orders:write",
    ("PUT", "/orders/ORDER"): "orders:write",
    ("PATCH", "/orders/ORDER"): "fulfilment",
    **{("PATCH", path): "fulfilment" for path in STAFF_ONLY},
    **{("PUT", path): "fulfilment" for path in STAFF_ONLY},
}


def naming(order_id: str, route: tuple[str, str, Any]) -> tuple[str, str, Any]:
    method, path, body = route
    named = {**body, "order_id": order_id} if isinstance(body, dict) and "order_id" in body else body
    return method, path.replace("ORDER", order_id), named


def same_request_id(caller: Caller, method: str, path: str, body: Any) -> Any:
    return caller.call(method, path, body, headers={"X-Request-ID": "the-same"})


@pytest.mark.parametrize("route", NAMED, ids=lambda route: f"{route[0]} {route[1]}")
def test_somebody_elses_order_looks_like_one_that_is_not_there(
    customer: Caller, other_customer: Caller, route: tuple[str, str, Any]
) -> None:
    order = factories.place(customer)
    foreign = same_request_id(other_customer, *naming(order["order_id"], route))
    absent = same_request_id(other_customer, *naming(new_id(), route))
    assert foreign.status_code == absent.status_code == (403 if route[1] in STAFF_ONLY else 404)
    assert foreign.data == absent.data
    assert _plain(foreign) == _plain(absent)
    assert customer.get(url(order)).headers["ETag"] == '"1"'


@pytest.mark.parametrize("route", NAMED, ids=lambda route: f"{route[0]} {route[1]}")
def test_somebody_elses_order_costs_the_same_statements_as_one_that_is_not_there(
    app: Flask, customer: Caller, other_customer: Caller, route: tuple[str, str, Any]
) -> None:
    """So the time of the answer says nothing either."""
    order = factories.place(customer)
    other_customer.get("/auth/me")
    with counted(app) as foreign:
        other_customer.call(*naming(order["order_id"], route))
    with counted(app) as absent:
        other_customer.call(*naming(new_id(), route))
    assert foreign.statements == absent.statements


def test_a_foreign_order_is_not_there_even_when_it_is_in_the_cache(
    app: Flask, customer: Caller, other_customer: Caller
) -> None:
    order = factories.place(customer)
    assert factories.cached_body(app, order)
    warm = other_customer.get(url(order))
    factories.forget_cached(app, order)
    assert warm.status_code == other_customer.get(url(order)).status_code == 404
    assert factories.cached_body(app, order) is None


@pytest.mark.parametrize("route", NAMED, ids=lambda route: f"{route[0]} {route[1]}")
def test_an_order_that_is_not_there_is_not_found_by_staff_either(staff: Caller, route: tuple[str, str, Any]) -> None:
    answer = staff.call(*naming(new_id(), route))
    assert answer.status_code == 404
    if route[0] != "HEAD":
        assert answer.get_json()["code"] == "order_not_found"


@pytest.mark.parametrize("route", NAMED + UNNAMED, ids=lambda route: f"{route[0]} {route[1]}")
def test_nobody_gets_in_without_credentials(anonymous: Caller, route: tuple[str, str, Any]) -> None:
    answer = anonymous.call(*naming(new_id(), route))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", NAMED + UNNAMED, ids=lambda route: f"{route[0]} {route[1]}")
def test_a_key_gets_in_with_the_scope_of_the_route_and_with_no_other(app: Flask, route: tuple[str, str, Any]) -> None:
    method, path, _ = route
    needed = SCOPES.get((method, path)) or SCOPES.get(method)
    others = {"orders:read", "orders:write", "fulfilment", "payments"} - {needed}
    refused = api_key_caller(app, *sorted(others)).call(*naming(new_id(), route))
    assert refused.status_code == 403
    if needed:
        let_in = api_key_caller(app, needed).call(*naming(new_id(), route))
        assert let_in.status_code in (200, 201, 404, 422)
        assert method == "HEAD" or refused.get_json()["code"] == "scope_missing"


@pytest.mark.parametrize("route", [route for route in NAMED if route[1] in STAFF_ONLY], ids=lambda route: route[1])
def test_the_shops_routes_are_not_for_customers(customer: Caller, route: tuple[str, str, Any]) -> None:
    order = factories.place(customer)
    answer = customer.call(*naming(order["order_id"], route))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "role_missing")


@pytest.mark.parametrize(
    "route",
    [*(route for route in NAMED if route[0] == "GET"), ("GET", "/orders", None), ("GET", "/order-statuses", None)],
    ids=lambda route: route[1],
)
def test_head_answers_as_get_does_without_the_body(customer: Caller, route: tuple[str, str, Any]) -> None:
    _, path, _ = naming(factories.place(customer)["order_id"], route)
    got, head = customer.get(path), customer.call("HEAD", path)
    assert (got.status_code, head.status_code, head.data) == (200, 200, b"")
    assert _plain(head) == _plain(got)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/orders", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("PATCH", "/orders", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("DELETE", "/orders/X", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH"}),
        ("POST", "/orders/X", {"GET", "HEAD", "OPTIONS", "PUT", "PATCH"}),
        ("GET", "/orders/X/cancel", {"OPTIONS", "PUT", "POST"}),
        ("POST", "/orders/X/journey", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/orders/X/items/1", {"OPTIONS", "PATCH"}),
        ("POST", "/orders/user/X", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/create_order", {"OPTIONS", "POST"}),
        ("POST", "/get_order_details", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/update_order_status", {"OPTIONS", "PATCH", "PUT"}),
        ("GET", "/update_item_status", {"OPTIONS", "PATCH", "PUT"}),
        ("DELETE", "/order-statuses", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_which_are_right(customer: Caller, method: str, path: str, allowed: set[str]) -> None:
    answer = customer.call(method, path)
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed


@pytest.mark.parametrize("route", NAMED + UNNAMED, ids=lambda route: f"{route[0]} {route[1]}")
def test_a_trailing_slash_makes_no_difference(staff: Caller, customer: Caller, route: tuple[str, str, Any]) -> None:
    def status(path_of: Callable[[str], str]) -> int:
        order = factories.place_at(customer, staff, "confirmed")
        method, path, body = naming(order["order_id"], route)
        if path == "/create_order":
            body = lines_body()
        customers = customer if path in ("/orders", "/create_order") else staff
        return customers.call(method, path_of(path), body).status_code

    def slashed(path: str) -> str:
        head, mark, query = path.partition("?")
        return f"{head}/{mark}{query}"

    plain = status(lambda path: path)
    assert plain in (200, 201)
    assert status(slashed) == plain


@pytest.mark.parametrize(
    ("method", "order_id"),
    itertools.product(
        ["GET", "PUT", "PATCH"],
        ["%00", "a%00b", "..%2f..", "%2e%2e", "x" * 10_000, "%ff", "'--", "<b>", "%F0%9F%98%80"],
    ),
)
def test_an_id_that_can_not_be_one_is_not_found(staff: Caller, method: str, order_id: str) -> None:
    for path in (f"/orders/{order_id}", f"/orders/{order_id}/journey", f"/orders/{order_id}/cancel"):
        body = {} if path.endswith("cancel") else {"status": "confirmed"}
        answer = staff.call(method, path, None if method == "GET" else body)
        assert answer.status_code in (404, 405)
        assert b"<b>" not in answer.data


def _plain(answer: Any) -> dict[str, str]:
    changing = ("X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset", "Date")
    return {name: value for name, value in answer.headers.items() if name not in changing}
