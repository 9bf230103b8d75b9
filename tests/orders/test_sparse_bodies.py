"""A body loads the same by the few fields it has as by all the fields there are."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from oms.orders.bodies import LINES, LineBody, OrderBody
from oms.sparse_schema import _of_fields

VALUES = st.sampled_from([None, "", "A", "USD", 1, 0, -1, "2.50", True, [], {}, {"phone": "+1"}, "2024-01-01T10:00:00"])
NAMES = st.sampled_from([*LineBody._declared_fields, *OrderBody._declared_fields, "unknown"])
BODIES = st.dictionaries(NAMES, VALUES, max_size=6)
LINE = {"sku": "A", "quantity": 1, "unit_price": "2.50"}


@pytest.fixture(autouse=True, scope="module")
def _context(app: Flask) -> Iterator[None]:
    """A time without a zone is in that of the settings."""
    with app.app_context():
        yield


def outcome(load: Any, body: Any) -> Any:
    try:
        return "loaded", load(body)
    except ValidationError as error:
        return "refused", error.messages


def in_full(kind: type[Schema], body: Any) -> Any:
    """What marshmallow itself makes of it."""
    return Schema.load(kind(), body)


@given(BODIES)
def test_a_line(body: dict[str, Any]) -> None:
    for line in (body, {**LINE, **body}):
        assert outcome(LineBody().load, line) == outcome(lambda sent: in_full(LineBody, sent), line)


@given(BODIES, st.lists(BODIES, max_size=2))
def test_an_order(body: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    order = {**body, "items": [{**LINE, **line} for line in lines] or [LINE]}
    assert outcome(OrderBody().load, order) == outcome(lambda sent: in_full(OrderBody, sent), order)


def test_what_is_no_object_is_refused() -> None:
    assert outcome(LineBody().load, ["A"]) == outcome(lambda sent: in_full(LineBody, sent), ["A"])


def test_only_what_was_sent_is_asked() -> None:
    small = _of_fields(LineBody, frozenset(LINE))
    assert small is not None
    assert list(small.fields) == ["sku", "quantity", "unit_price"]
    assert LINES.load({"items": [LINE]})["items"][0]["sku"] == "A"
