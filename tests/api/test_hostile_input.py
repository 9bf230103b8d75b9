"""The corpus of hostile bodies against every route that reads one: named refusals, never a 500."""

import io
import json
import re
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from oms.strict_json import MAX_BYTES
from tests import factories
from tests.api.hostile_bodies import UNREADABLE, WRONG
from tests.callers import Caller, person

JSON = "application/json"
TARGETS = [
    ("POST", "/orders"),
    ("POST", "/create_order"),
    ("PUT", "/orders/ORDER"),
    ("PATCH", "/orders/ORDER"),
    ("POST", "/orders/ORDER/cancel"),
    ("PATCH", "/orders/ORDER/items/1"),
    ("PATCH", "/update_order_status"),
    ("PUT", "/update_item_status"),
    ("POST", "/orders/ORDER/payments"),
    ("POST", "/orders/ORDER/payments/P/capture"),
    ("POST", "/orders/ORDER/payments/P/fail"),
    ("POST", "/orders/ORDER/payments/P/void"),
    ("POST", "/orders/ORDER/refunds"),
    ("POST", "/orders/ORDER/refunds/R/retry"),
    ("POST", "/orders/ORDER/returns"),
    ("POST", "/orders/ORDER/returns/R/accept"),
    ("POST", "/orders/ORDER/returns/R/receive"),
    ("POST", "/orders/ORDER/returns/R/reject"),
    ("POST", "/orders/ORDER/returns/R/cancel"),
    ("POST", "/register"),
    ("POST", "/auth/refresh"),
    ("POST", "/auth/firebase"),
    ("POST", "/auth/password"),
    ("POST", "/api-keys"),
    ("PATCH", "/users/U"),
    ("POST", "/webhooks"),
    ("PATCH", "/webhooks/W"),
    ("POST", "/webhooks/W/secret"),
    ("POST", "/webhooks/W/replay"),
]
# Where no body means something: the whole order, all units, the token in the header, a day of overlap.
BODY_OPTIONAL = re.compile(r".*/(cancel|capture|fail|void|retry|accept|receive|reject|refresh|firebase|secret)")
# These read a form, or let the provider's signature decide; they have tests of their own.
OTHERS = {
    ("POST", "/auth/token"),
    ("POST", "/auth/logout"),
    ("POST", "/payment-events/<provider>"),
    ("POST", "/orders/import"),
    ("POST", "/webhooks/<webhook_id>/test"),
    ("POST", "/webhooks/<webhook_id>/deliveries/<event_id>/replay"),
}


@pytest.fixture(params=TARGETS, ids=lambda target: f"{target[0]} {target[1]}")
def target(request: pytest.FixtureRequest, customer: Caller) -> tuple[str, str, Any]:
    """Method, path, and the order that must stay as it is."""
    method, path = request.param
    order = factories.place(customer)
    return method, path.replace("ORDER", order["order_id"]), order


def caller(admin: Caller, path: str) -> Caller:
    """An admin, for he may come in everywhere; a new one where attempts are counted."""
    return person(admin.app, "admin") if path == "/auth/password" else admin


def test_every_route_that_reads_json_is_among_them(app: Flask) -> None:
    """The routes of the older system stand for both of their verbs. The console reads forms."""

    def plain(path: str) -> str:
        return re.sub(r"<[^>]+>|\b(ORDER|P|R|U|W|1)\b", "*", path)

    reading = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in ("POST", "PUT", "PATCH")
        if method in (rule.methods or ()) and not rule.endpoint.startswith("console.")
    }
    wanted = {plain(path) for _, path in reading - OTHERS}
    assert wanted == {plain(path) for _, path in TARGETS}


def test_what_can_not_be_read_is_refused_by_name(admin: Caller, target: tuple[str, str, Any]) -> None:
    method, path, order = target
    for name, body, status, code in UNREADABLE:
        if not body and BODY_OPTIONAL.fullmatch(path):
            continue
        answer = caller(admin, path).call(method, path, data=body, content_type=JSON)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), name
        assert answer.content_type == "application/problem+json"
    assert admin.get(factories.url(order)).headers["ETag"] == '"1"'


def test_what_breaks_a_rule_is_refused_with_a_pointer(admin: Caller, target: tuple[str, str, Any]) -> None:
    method, path, order = target
    for name, body in WRONG:
        answer = caller(admin, path).call(method, path, data=json.dumps(body), content_type=JSON)
        assert answer.status_code == 422, name
        assert all(error["pointer"] == "" or error["pointer"][0] == "/" for error in answer.get_json()["errors"]), name
        assert answer.get_json()["errors"], name
        assert b"<script>" not in answer.data
    assert admin.get(factories.url(order)).headers["ETag"] == '"1"'


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_unsupported(admin: Caller, target: tuple[str, str, Any], content_type: str) -> None:
    method, path, _ = target
    answer = caller(admin, path).call(method, path, data=b'{"status": "confirmed"}', content_type=content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


def test_a_body_over_one_mebibyte_is_refused_before_it_is_parsed(admin: Caller, target: tuple[str, str, Any]) -> None:
    method, path, _ = target
    answer = caller(admin, path).call(method, path, data=b"[" * (MAX_BYTES + 1), content_type=JSON)
    assert answer.status_code == 413


def test_a_chunked_body_over_one_mebibyte_is_refused_too(admin: Caller, target: tuple[str, str, Any]) -> None:
    method, path, _ = target
    answer = caller(admin, path).call(
        method,
        path,
        input_stream=io.BytesIO(b"[" * (MAX_BYTES + 1)),
        content_type=JSON,
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413


def test_a_declared_length_over_one_mebibyte_is_refused_without_reading(staff: Caller) -> None:
    class Unread(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            raise AssertionError("the body was read")

    environ = {"wsgi.input": Unread(), "CONTENT_LENGTH": "99999999"}
    answer = staff.call("POST", "/orders", content_type=JSON, environ_overrides=environ)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "items",
    [
        {"a": "'; DROP TABLE orders; --", "b": "<script>alert(1)</script>", "c": "../../etc/passwd", "d": "%00"},
        {"__proto__": {"x": 1}, "$where": "1", "": "", "k" * 256: None},
        {"deep": {"a": {"b": {"c": [[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}}}},
        {"text": "\u202e\u2028\ufeff\uffff\U0010ffff", "long": "x" * 100_000},
        {"integer": 10**29, "negative": -(2**63) - 1},
    ],
)
def test_strange_but_valid_free_form_items_come_back_unharmed(customer: Caller, items: Any) -> None:
    order = factories.place_free_form(customer, items)
    assert order["items"] == items
    assert customer.get(factories.url(order)).get_json()["items"] == items


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"username": "a\x00b", "password": "x" * 12}, 422),
        ({"username": "x" * 300, "password": "x" * 12}, 422),
        ({"username": "a@example.com", "password": "x" * 129}, 422),
        ({"username": "a@example.com", "password": "a\x00b" * 4}, 422),
        ({"username": "' OR 1=1 --", "password": "' OR 1=1 --"}, 401),
        ({"grant_type": "nonsense", "username": "a", "password": "b"}, 400),
        ({"username": ["a@example.com", "b@example.com"], "password": "x" * 12}, 401),
    ],
)
def test_a_hostile_form_is_refused(anonymous: Caller, form: dict[str, Any], status: int) -> None:
    assert anonymous.call("POST", "/auth/token", data=form).status_code == status


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"x" * (MAX_BYTES + 1), "application/x-www-form-urlencoded", 413),
        (b"a=" + b"x" * (70 * 1024), "application/x-www-form-urlencoded", 422),
        (b"username=%ff%fe&password=%ed%a0%80aaaaaaaaaaaa", "application/x-www-form-urlencoded", 401),
        (b"&" * 50_000, "application/x-www-form-urlencoded", 422),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 415),
        (b"{}", JSON, 415),
    ],
)
def test_a_hostile_form_body_is_refused(anonymous: Caller, body: bytes, content_type: str, status: int) -> None:
    assert anonymous.call("POST", "/auth/token", data=body, content_type=content_type).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Idempotency-Key": "x" * 100_000},
        {"If-Match": '"' + "9" * 10_000 + '"'},
        {"If-None-Match": "," * 10_000},
        {"X-Request-ID": "<script>" + "x" * 1000},
        {"traceparent": "00-zz"},
        {"Content-Type": "application/json; charset=utf-7"},
    ],
)
def test_a_hostile_header_is_refused_or_ignored(customer: Caller, headers: dict[str, str]) -> None:
    order = factories.place(customer)
    answer = customer.put(factories.url(order), {"metadata": {"id": new_id()}}, headers=headers)
    assert answer.status_code in (200, 412, 422)
    assert "<script>" not in answer.headers["X-Request-ID"]
