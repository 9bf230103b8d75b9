"""Idempotency-Key: one caller, one key, one effect, and the same answer for every repeat."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.callers import Caller, exact
from tests.factories import line, lines_body, url


def keyed(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def at_once(count: int, request: Callable[[], Any]) -> list[Any]:
    """The same request by so many threads, released together."""
    barrier, answers = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        answers.append(request())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def orders_of(app: Flask, customer: Caller) -> list[Any]:
    return factories.rows(app, "SELECT order_id FROM orders WHERE customer_id = :id", id=customer.id)


def test_a_repeat_gets_the_first_answer_and_places_nothing(app: Flask, customer: Caller) -> None:
    key, body = new_id(), {"items": [line()]}
    first = customer.post("/orders", body, headers=keyed(key))
    again = customer.post("/orders", body, headers=keyed(key))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "Content-Type"):
        assert first.headers[name] == again.headers[name]
    assert len(orders_of(app, customer)) == 1


def test_without_a_key_every_request_counts(app: Flask, customer: Caller) -> None:
    for _ in range(2):
        customer.post("/orders", {"items": [line()]})
    assert len(orders_of(app, customer)) == 2


def test_other_white_space_and_another_order_of_keys_are_the_same_request(customer: Caller) -> None:
    key = new_id()
    first = customer.post("/orders", b'{"items":{"a":1,"b":[1.50]},"order_price":"2"}', headers=keyed(key))
    again = customer.post("/orders", b'{ "order_price": "2",\n "items": {"b": [ 1.50 ], "a": 1} }', headers=keyed(key))
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/orders", {"items": {"a": 2}}),
        ("POST", "/orders", {"items": {"a": "1"}}),
        ("POST", "/orders?x=1", {"items": {"a": 1}}),
        ("POST", "/create_order", lines_body()),
        ("PATCH", "/orders/ORDER", {"status": "cancelled"}),
    ],
)
def test_a_key_is_not_used_for_another_request(app: Flask, customer: Caller, method: str, path: str, body: Any) -> None:
    key = new_id()
    order = exact(customer.post("/orders", {"items": {"a": 1}}, headers=keyed(key)))
    refused = customer.call(method, path.replace("ORDER", order["order_id"]), body, headers=keyed(key))
    assert (refused.status_code, refused.get_json()["code"]) == (422, "idempotency_key_reused")
    assert len(orders_of(app, customer)) == 1
    assert exact(customer.get(url(order))) == order


def test_another_users_key_is_another_key(customer: Caller, other_customer: Caller) -> None:
    key, body = new_id(), {"items": {"a": 1}}
    first = customer.post("/orders", body, headers=keyed(key))
    second = other_customer.post("/orders", body, headers=keyed(key))
    assert second.status_code == 201
    assert "Idempotency-Replayed" not in second.headers
    assert exact(first)["order_id"] != exact(second)["order_id"]


def test_a_failure_is_not_kept_and_may_be_corrected_under_the_same_key(app: Flask, customer: Caller) -> None:
    key = new_id()
    for wrong in ({"items": [line(quantity=0)]}, lines_body(total_amount=500)):
        assert customer.post("/orders", wrong, headers=keyed(key)).status_code == 422
    taken = factories.place(customer)["order_id"]
    assert customer.post("/orders", lines_body(order_id=taken), headers=keyed(key)).status_code == 409
    right = customer.post("/orders", lines_body(), headers=keyed(key))
    assert right.status_code == 201
    assert "Idempotency-Replayed" not in right.headers
    assert len(orders_of(app, customer)) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ä", "a\tb"])
def test_a_key_that_is_no_key_is_refused(app: Flask, customer: Caller, key: str) -> None:
    refused = customer.post("/orders", {"items": {}}, headers=keyed(key))
    assert (refused.status_code, refused.get_json()["code"]) == (422, "invalid_idempotency_key")
    assert orders_of(app, customer) == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"metadata": {"a": 1}}),
        ("PATCH", "", {"status": "confirmed"}),
        ("POST", "/cancel", None),
        ("PUT", "/cancel", {"items": [{"line_no": 1, "quantity": 1}]}),
        ("PATCH", "/items/1", {"status": "cancelled", "quantity": 1}),
    ],
)
def test_every_change_is_made_once_under_a_key(
    app: Flask, customer: Caller, staff: Caller, method: str, path: str, body: Any
) -> None:
    order, key = factories.place(customer), new_id()
    first = staff.call(method, url(order) + path, body, headers=keyed(key))
    told = factories.outbox(app, order)
    again = staff.call(method, url(order) + path, body, headers=keyed(key))
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert (again.headers["Idempotency-Replayed"], again.headers["ETag"]) == ("true", '"2"')
    assert factories.outbox(app, order) == told


def test_a_repeat_gets_its_answer_although_the_order_has_gone_on(customer: Caller, staff: Caller) -> None:
    order, key = factories.place(customer), new_id()
    first = staff.patch(url(order), {"status": "confirmed"}, headers={**keyed(key), "If-Match": '"1"'})
    staff.patch(url(order), {"status": "packed"})
    again = staff.patch(url(order), {"status": "confirmed"}, headers={**keyed(key), "If-Match": '"1"'})
    assert (again.status_code, again.data) == (200, first.data)
    assert exact(staff.get(url(order)))["status"] == "packed"


@pytest.mark.parametrize("run", range(2))
def test_twenty_parallel_posts_with_one_key_place_one_order(app: Flask, customer: Caller, run: int) -> None:
    key, body = new_id(), {"items": [line()]}
    answers = at_once(20, lambda: Caller(app, customer.headers, customer.id).post("/orders", body, headers=keyed(key)))
    fresh, replayed, waiting = [], [], []
    for answer in answers:
        if answer.status_code == 409:
            waiting.append(answer)
        elif "Idempotency-Replayed" in answer.headers:
            replayed.append(answer)
        else:
            fresh.append(answer)
    assert [answer.status_code for answer in fresh] == [201]
    assert {answer.status_code for answer in replayed} <= {201}
    assert {answer.data for answer in replayed} <= {fresh[0].data}
    assert {answer.get_json()["code"] for answer in waiting} <= {"idempotency_in_progress"}
    assert all(answer.headers["Retry-After"] == "1" for answer in waiting)
    assert len(orders_of(app, customer)) == 1


def test_twenty_parallel_posts_of_one_order_id_place_one_order(app: Flask, customer: Caller) -> None:
    body = lines_body()
    answers = at_once(20, lambda: Caller(app, customer.headers, customer.id).post("/orders", body))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert len(orders_of(app, customer)) == 1


@pytest.mark.parametrize("run", range(3))
def test_two_parallel_cancels_both_succeed_and_cancel_once(app: Flask, customer: Caller, run: int) -> None:
    order = factories.place(customer)
    answers = at_once(2, lambda: Caller(app, customer.headers, customer.id).post(url(order, "cancel")))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].data == answers[1].data
    assert [entry["current_status"] for entry in factories.journey(customer, order)] == ["pending", "cancelled"]
    assert [event.type for event in factories.outbox(app, order)].count("oms.order.cancelled.v1") == 1


@pytest.mark.parametrize("run", range(3))
def test_a_cancel_against_packing_is_decided_by_the_row_lock(
    app: Flask, customer: Caller, staff: Caller, run: int
) -> None:
    order = factories.place_at(customer, staff, "confirmed")
    doings = iter(
        [
            lambda: Caller(app, customer.headers, customer.id).post(url(order, "cancel")),
            lambda: Caller(app, staff.headers, staff.id).patch(url(order), {"status": "packed"}),
        ]
    )
    answers = at_once(2, lambda: next(doings)())
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    end = exact(customer.get(url(order)))
    assert end["status"] in ("cancelled", "packed")
    assert len(factories.journey(customer, order)) == 3
    assert (end["items"][0]["cancelled_quantity"] == 0) == (end["status"] == "packed")
