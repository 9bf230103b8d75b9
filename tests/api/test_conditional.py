"""ETag, If-None-Match and If-Match; the journey of an order; the vocabularies."""

import threading
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.callers import Caller, exact
from tests.factories import url

PATCH_STATUS = ("PATCH", "/orders/{}", {"status": "confirmed"})
CHANGES = [
    ("PUT", "/orders/{}", {"metadata": {"a": 1}}),
    PATCH_STATUS,
    ("POST", "/orders/{}/cancel", {}),
    ("PATCH", "/orders/{}/items/1", {"status": "packed"}),
    ("PUT", "/update_order_status", {"order_id": "{}", "status": "confirmed"}),
    ("PATCH", "/update_item_status", {"order_id": "{}", "sku": "TEA", "status": "packed"}),
]


def change(caller: Caller, route: tuple[str, str, Any], order: Any, **headers: str) -> Any:
    method, path, body = route
    if "order_id" in body:
        body = {**body, "order_id": order["order_id"]}
    return caller.call(method, path.format(order["order_id"]), body, headers=headers)


def test_an_order_carries_its_version_as_a_tag(customer: Caller, staff: Caller) -> None:
    order = factories.place(customer)
    assert customer.get(url(order)).headers["ETag"] == '"1"'
    staff.patch(url(order), {"status": "confirmed"})
    answer = customer.get(url(order))
    assert (answer.headers["ETag"], exact(answer)["version"]) == ('"2"', 2)
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == (
        "private, no-cache",
        "Authorization, X-API-Key",
    )


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', 'W/"9",W/"1"'])
@pytest.mark.parametrize("path", ["/orders/{}", "/get_order_details?order_id={}"])
def test_who_has_this_version_already_gets_304(customer: Caller, path: str, tag: str) -> None:
    order = factories.place(customer)
    answer = customer.get(path.format(order["order_id"]), headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", '"1"')


@pytest.mark.parametrize("tag", ['"2"', "1", '"01"', "", "garbage", '"1'])
def test_who_has_another_version_gets_the_order(customer: Caller, tag: str) -> None:
    order = factories.place(customer)
    answer = customer.get(url(order), headers={"If-None-Match": tag})
    assert (answer.status_code, exact(answer)) == (200, order)


@pytest.mark.parametrize("route", CHANGES, ids=lambda route: f"{route[0]} {route[1]}")
def test_a_change_of_another_version_is_refused_with_the_current_tag(
    customer: Caller, staff: Caller, route: tuple[str, str, Any]
) -> None:
    order = factories.place(customer)
    for tag in ('"2"', 'W/"1"', '"foreign"', '"2", "3"'):
        refused = change(staff, route, order, **{"If-Match": tag})
        assert (refused.status_code, refused.get_json()["code"]) == (412, "precondition_failed")
        assert (refused.headers["ETag"], refused.get_json()["etag"]) == ('"1"', '"1"')
    assert exact(customer.get(url(order))) == order


@pytest.mark.parametrize("route", CHANGES, ids=lambda route: f"{route[0]} {route[1]}")
@pytest.mark.parametrize("tag", ['"1"', "*", '"9", "1"'])
def test_a_change_of_the_named_version_is_made(
    customer: Caller, staff: Caller, route: tuple[str, str, Any], tag: str
) -> None:
    order = factories.place(customer)
    answer = change(staff, route, order, **{"If-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != '"1"'


@pytest.mark.parametrize("header", ["1", "", '"1', "version 1", '"1" "2"', "\\"])
def test_an_if_match_that_is_no_tag_is_refused(customer: Caller, header: str) -> None:
    order = factories.place(customer)
    refused = customer.put(url(order), {"metadata": {}}, headers={"If-Match": header})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "invalid_if_match")


@pytest.mark.parametrize("run", range(3))
def test_two_changes_of_the_same_version_at_once_have_one_winner(app: Flask, customer: Caller, run: int) -> None:
    order = factories.place(customer)
    barrier, answers = threading.Barrier(2), []

    def change_it(name: str) -> None:
        caller = Caller(app, customer.headers, customer.id)
        barrier.wait()
        answers.append(caller.put(url(order), {"metadata": {"by": name}}, headers={"If-Match": '"1"'}))

    threads = [threading.Thread(target=change_it, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 412)
    assert won.headers["ETag"] == lost.headers["ETag"] == '"2"'
    assert exact(customer.get(url(order))) == exact(won)


def test_the_journey_tells_every_step_oldest_first(customer: Caller, staff: Caller) -> None:
    order = factories.place_at(customer, staff, "returned")
    answer = exact(customer.get(url(order, "journey")))
    assert answer["order_id"] == order["order_id"]
    assert [(entry["seq"], entry["current_status"], entry["previous_status"]) for entry in answer["journey"]] == [
        (1, "pending", None),
        (2, "delivered", "pending"),
        (3, "delivered", "delivered"),
        (4, "return_requested", "delivered"),
        (5, "returned", "return_requested"),
    ]
    assert [entry["event"] for entry in answer["journey"]] == [None, None, "invoice.issued", None, None]
    assert [entry["actor"] for entry in answer["journey"]] == [customer.id, *[staff.id] * 4]


def test_the_statuses_are_published_for_screens(anonymous: Caller) -> None:
    answer = anonymous.get("/order-statuses")
    shown = {entry["status"]: entry for entry in answer.get_json()}
    assert len(shown) == 11
    assert shown["pending"] == {
        "status": "pending",
        "customer_status": "Payment Pending",
        "allowed_statuses": ["confirmed", "cancelled"],
        "customer_may_cancel": True,
    }
    assert not shown["packed"]["customer_may_cancel"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "/cancel-reasons",
            "changed_mind ordered_by_mistake found_cheaper too_slow out_of_stock payment_expired other",
        ),
        ("/return-reasons", "damaged wrong_item not_as_described changed_mind other"),
    ],
)
def test_the_reasons_are_published_for_screens(anonymous: Caller, path: str, expected: str) -> None:
    answer = anonymous.get(path).get_json()
    assert [entry["reason"] for entry in answer] == expected.split()
    assert all(entry["text"] for entry in answer)
