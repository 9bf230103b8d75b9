"""Moves that are worked out without a lock: what they cost, and that nobody's change is lost by it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.api.test_order_costs import counted
from tests.callers import Caller, exact
from tests.conftest import Servers
from tests.factories import url
from tests.row_queue import in_turn


@pytest.fixture(scope="module")
def app(app: Flask, servers: Servers) -> Flask:
    return factories.patient(app, servers)


def move(staff: Caller, order: Any, status: str, key: str | None = None, **more: Any) -> Callable[[], Any]:
    headers = {"Idempotency-Key": key} if key else {}
    return lambda: staff.patch(url(order), {"status": status, **more}, headers=headers)


def steps(customer: Caller, order: Any) -> list[tuple[Any, Any, Any]]:
    return [
        (entry["seq"], entry["previous_status"], entry["current_status"])
        for entry in factories.journey(customer, order)
    ]


def versions(app: Flask, order: Any) -> list[tuple[int, str]]:
    return [(event.version, event.type) for event in factories.outbox(app, order) if event.version > 1]


TOLD = "oms.order.status_changed.v1"


@pytest.mark.parametrize("key", [None, "K"])
@pytest.mark.parametrize("path", ["/orders/{order_id}", "/update_order_status"])
def test_a_plain_move_is_a_look_and_a_write(
    app: Flask, customer: Caller, staff: Caller, key: str | None, path: str
) -> None:
    order = factories.place(customer)
    body = {"status": "packed"} if "{" in path else {"status": "packed", "order_id": order["order_id"]}
    headers = {"Idempotency-Key": new_id()} if key else {}
    staff.get(url(order))
    with counted(app) as cost:
        assert staff.patch(path.format(**order), body, headers=headers).status_code == 200
    assert len(cost.statements) == 2
    assert not any("FOR UPDATE" in statement for statement in cost.statements)
    assert exact(customer.get(url(order)))["status"] == "packed"


def test_who_was_overtaken_begins_again_with_the_order_as_it_is_now(
    app: Flask, customer: Caller, staff: Caller
) -> None:
    order = factories.place(customer)
    first, second = in_turn(
        app, order, move(staff, order, "confirmed"), move(staff, order, "packed", reason="quick", remarks="on shelf 3")
    )
    assert (first.status_code, second.status_code) == (200, 200)
    assert (exact(first)["version"], exact(second)["version"]) == (2, 3)
    assert steps(customer, order) == [(1, None, "pending"), (2, "pending", "confirmed"), (3, "confirmed", "packed")]
    assert versions(app, order) == [(2, TOLD), (3, TOLD)]
    assert factories.cached_body(app, order) == second.data


def test_a_move_that_was_overtaken_by_a_cancellation_is_refused(app: Flask, customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    cancelled, moved = in_turn(app, order, lambda: customer.post(url(order, "cancel")), move(staff, order, "packed"))
    assert (cancelled.status_code, moved.status_code) == (200, 409)
    assert moved.get_json()["code"] == "invalid_transition"
    assert steps(customer, order) == [(1, None, "pending"), (2, "pending", "cancelled")]


def test_a_change_of_the_fields_survives_a_move_that_had_read_the_order_before(
    app: Flask, customer: Caller, staff: Caller
) -> None:
    order = factories.place(customer)
    changed, moved = in_turn(
        app, order, lambda: staff.put(url(order), {"metadata": {"gift": True}}), move(staff, order, "packed")
    )
    assert (changed.status_code, moved.status_code) == (200, 200)
    assert exact(moved)["metadata"] == {"gift": True}
    assert exact(customer.get(url(order)))["status"] == "packed"


def test_one_key_at_the_same_time_moves_once_and_answers_twice(app: Flask, customer: Caller, staff: Caller) -> None:
    order, key = factories.place(customer), new_id()
    first, second = in_turn(app, order, move(staff, order, "packed", key), move(staff, order, "packed", key))
    assert [answer.status_code for answer in (first, second)] == [200, 200]
    assert first.data == second.data
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(steps(customer, order)) == 2


def test_a_key_that_was_used_answers_as_before_though_the_order_has_gone_on(customer: Caller, staff: Caller) -> None:
    order, key = factories.place(customer), new_id()
    first = move(staff, order, "confirmed", key)()
    assert move(staff, order, "delivered")().status_code == 200
    again = move(staff, order, "confirmed", key)()
    assert (again.data, again.headers["Idempotency-Replayed"]) == (first.data, "true")


def test_a_key_of_another_move_is_refused_and_moves_nothing(customer: Caller, staff: Caller) -> None:
    order, key = factories.place(customer), new_id()
    assert move(staff, order, "confirmed", key)().status_code == 200
    refused = move(staff, order, "packed", key)()
    assert (refused.status_code, refused.get_json()["code"]) == (422, "idempotency_key_reused")
    assert exact(customer.get(url(order)))["status"] == "confirmed"
