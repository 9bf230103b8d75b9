"""The corpus of hostile bodies against every route that reads one: named refusals, never a 500."""

import io
import json
from typing import Any

import pytest

from oms.ids import new_id
from oms.strict_json import MAX_BYTES
from tests import factories
from tests.callers import Caller

JSON = "application/json"
# Bodies no route can want: name, body, status, code.
UNREADABLE: list[tuple[str, bytes, int, str]] = [
    ("empty", b"", 400, "invalid_json"),
    ("white space", b" \n", 400, "invalid_json"),
    ("not JSON", b"status=confirmed", 400, "invalid_json"),
    ("cut short", b'{"status": "confirmed"', 400, "invalid_json"),
    ("two documents", b"{}{}", 400, "invalid_json"),
    ("byte order mark", b"\xef\xbb\xbf{}", 400, "invalid_json"),
    ("UTF-16", "{}".encode("utf-16-le"), 400, "invalid_json"),
    ("not UTF-8", b'{"status": "\xff"}', 400, "invalid_json"),
    ("NaN", b'{"status": NaN}', 400, "invalid_json"),
    ("Infinity", b'{"items": [{"quantity": Infinity}]}', 400, "invalid_json"),
    ("-Infinity", b"[-Infinity]", 400, "invalid_json"),
    ("same key twice", b'{"status": "confirmed", "status": "cancelled"}', 400, "duplicate_key"),
    ("same key twice, spelt apart", b'{"items": {"a": 1, "\\u0061": 2}}', 400, "duplicate_key"),
    ("nested a hundred thousand deep", b"[" * 100_000, 400, "too_deep"),
    ("nested 40 deep", b'{"items":' * 40 + b"1" + b"}" * 40, 400, "too_deep"),
    ("1e400", b'{"items": {"a": 1e400}}', 422, "out_of_range"),
    ("1e-400", b'{"items": {"a": 1e-400}}', 422, "out_of_range"),
    ("an exponent of twenty digits", b'{"items": {"a": 1e-99999999999999999999}}', 422, "out_of_range"),
    ("a zero of a hundred million places", b'{"items": {"a": 0e-99999999}}', 422, "out_of_range"),
    ("5000 digits", b'{"items": {"a": %b}}' % (b"9" * 5000), 422, "out_of_range"),
    ("NUL", b'{"status": "con\\u0000firmed"}', 422, "invalid_characters"),
    ("lone surrogate", b'{"status": "\\ud800"}', 422, "invalid_characters"),
    ("lone surrogate in a key", b'{"items": {"\\udfff": 1}}', 422, "invalid_characters"),
    ("escape sequence", b'{"status": "\\u001b[2J"}', 422, "invalid_characters"),
    ("ten thousand values", b'{"items": [%b1]}' % (b"1," * 10_000), 422, "too_large"),
    ("a key of 257 characters", b'{"items": {"%b": 1}}' % (b"k" * 257), 422, "too_large"),
]
# Bodies that can be read and break a rule everywhere.
WRONG: list[tuple[str, Any]] = [
    ("null", None),
    ("a number", 5),
    ("a text", "confirmed"),
    ("a list", []),
    ("an unknown field", {"hack": 1}),
    ("somebody else's role", {"status": "confirmed", "role": "admin", "items": []}),
    ("true for a status", {"status": True, "items": True}),
    ("a list for a status", {"status": ["confirmed"], "items": 1}),
    ("10 kB of a status", {"status": "x" * 10_000, "items": "x" * 10_000}),
    ("SQL", {"status": "'; DROP TABLE orders; --", "items": "' OR 1=1"}),
    ("HTML", {"status": "<script>alert(1)</script>", "items": "<b>"}),
    ("an integer of 29 digits", {"status": 10**28, "items": 10**28}),
]
TARGETS = [
    ("POST", "/orders"),
    ("POST", "/create_order"),
    ("PUT", "/orders/ORDER"),
    ("PATCH", "/orders/ORDER"),
    ("POST", "/orders/ORDER/cancel"),
    ("PATCH", "/orders/ORDER/items/1"),
    ("PATCH", "/update_order_status"),
    ("PUT", "/update_item_status"),
]


@pytest.fixture(params=TARGETS, ids=lambda target: f"{target[0]} {target[1]}")
def target(request: pytest.FixtureRequest, customer: Caller) -> tuple[str, str, Any]:
    """Method, path, and the order that must stay as it is."""
    method, path = request.param
    order = factories.place(customer)
    return method, path.replace("ORDER", order["order_id"]), order


def test_what_can_not_be_read_is_refused_by_name(staff: Caller, target: tuple[str, str, Any]) -> None:
    method, path, order = target
    for name, body, status, code in UNREADABLE:
        if not body and path.endswith("cancel"):
            continue  # there it means the whole order
        answer = staff.call(method, path, data=body, content_type=JSON)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code), name
        assert answer.content_type == "application/problem+json"
    assert staff.get(factories.url(order)).headers["ETag"] == '"1"'


def test_what_breaks_a_rule_is_refused_with_a_pointer(staff: Caller, target: tuple[str, str, Any]) -> None:
    method, path, order = target
    for name, body in WRONG:
        answer = staff.call(method, path, data=json.dumps(body), content_type=JSON)
        assert answer.status_code == 422, name
        assert all(error["pointer"] == "" or error["pointer"][0] == "/" for error in answer.get_json()["errors"]), name
        assert answer.get_json()["errors"], name
        assert b"<script>" not in answer.data
    assert staff.get(factories.url(order)).headers["ETag"] == '"1"'


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_another_media_type_is_unsupported(staff: Caller, target: tuple[str, str, Any], content_type: str) -> None:
    method, path, _ = target
    answer = staff.call(method, path, data=b'{"status": "confirmed"}', content_type=content_type)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


def test_a_body_over_one_mebibyte_is_refused_before_it_is_parsed(staff: Caller, target: tuple[str, str, Any]) -> None:
    method, path, _ = target
    answer = staff.call(method, path, data=b"[" * (MAX_BYTES + 1), content_type=JSON)
    assert answer.status_code == 413


def test_a_chunked_body_over_one_mebibyte_is_refused_too(staff: Caller, target: tuple[str, str, Any]) -> None:
    method, path, _ = target
    answer = staff.call(
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
