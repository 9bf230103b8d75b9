"""The published JSON Schemas against what orders really write into the outbox."""

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from sqlalchemy import text

from oms.accounts.actor import Kind
from oms.ids import new_id
from oms.orders import events, lifecycle, models
from oms.transactions import read, transaction
from tests.callers import Caller, exact

_NAMED = [kind for name, kind in vars(events).items() if name.isupper() and isinstance(kind, str)]
TYPES = sorted([*(kind for kind in _NAMED if kind.startswith("oms.")), *events.RETURN_CHANGED.values()])
LINE = {"sku": "ITEM-001", "quantity": 2, "unit_price": 45.00, "sale_price": 49.99}
FULL = {
    "customer_id": "CUST-001",
    "facility_id": "FAC-001",
    "currency": "KWD",
    "total_amount": "118.230",
    "order_datetime": "2024-01-01T10:00:00",
    "eta": "2024-01-01T15:00:00+05:30",
    "items": [
        {**LINE, "name": "Tea", "metadata": {"gift": True}},
        {"sku": "ITEM-002", "quantity": "1.250", "unit_price": "14.600", "sale_price": "14.600"},
    ],
    "address": {"phone": "+100", "lines": ["1 Road"]},
    "metadata": {"source": "kiosk", "nested": [1, 2.5, None]},
    "payment": [{"mode": "card", "amount": 100}, {"mode": "cod", "amount": "18.230"}],
}


def written(app: Flask, order_id: str) -> list[tuple[str, Any]]:
    """(type, payload) of every event of an order, in their order; numbers exact."""
    statement = text(
        "SELECT type, CAST(payload AS text) FROM outbox_events WHERE order_id = :order_id ORDER BY version, position"
    )
    with app.app_context():
        rows = read(lambda session: session.execute(statement, {"order_id": order_id}).all())
    return [(kind, json.loads(body, parse_float=Decimal)) for kind, body in rows]


def check(app: Flask, order_id: str) -> list[tuple[str, Any]]:
    """The same, each payload valid by the schema of its type."""
    found = written(app, order_id)
    for kind, payload in found:
        Draft202012Validator(events.schemas()[kind]).validate(payload)
    return found


def placed(caller: Caller, body: Any) -> str:
    answer = caller.post("/orders", {"order_id": new_id(), **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json["order_id"])


def of_lines(caller: Caller, *lines: Any, **fields: Any) -> str:
    return placed(caller, {"customer_id": "CUST-001", "items": list(lines or [LINE]), **fields})


def done(answer: Any) -> None:
    assert answer.status_code == 200, answer.text


def test_every_type_in_the_code_has_a_schema_and_every_schema_a_type() -> None:
    assert sorted(events.schemas()) == TYPES


@pytest.mark.parametrize("kind", TYPES)
def test_a_schema_is_valid_and_names_itself(kind: str) -> None:
    schema = events.schemas()[kind]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"/events/{kind}"
    assert schema["title"]
    assert schema["description"].endswith(".")


@pytest.mark.parametrize("kind", TYPES)
def test_the_example_of_a_schema_is_valid(kind: str) -> None:
    schema = events.schemas()[kind]
    (example,) = schema["examples"]
    Draft202012Validator(schema).validate(example)


@pytest.mark.parametrize("kind", TYPES)
def test_a_schema_accepts_no_unknown_field_and_misses_none(kind: str) -> None:
    schema = events.schemas()[kind]
    validator = Draft202012Validator(schema)
    for path, part in _closed_objects(schema["examples"][0]):
        assert not validator.is_valid(_changed(schema["examples"][0], path, {**part, "surprise": 1})), path
        for name in part:
            less = {key: value for key, value in part.items() if key != name}
            assert not validator.is_valid(_changed(schema["examples"][0], path, less)), (path, name)


def _closed_objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Every object of a document but the free-form ones."""
    if isinstance(value, dict) and path[-1:] not in (("items",), ("address",), ("metadata",)):
        yield path, value
        for name, member in value.items():
            yield from _closed_objects(member, (*path, name))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _closed_objects(member, (*path, position))


def _changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.deepcopy(document)
    target = result
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return result


@pytest.mark.parametrize("kind", TYPES)
def test_the_words_of_a_schema_are_the_words_of_the_code(kind: str) -> None:
    known = {
        "status": list(lifecycle.STATUSES),
        "actor": list(Kind.__args__),
        "payment": [list(models.PAYMENT_MODES), list(models.PAYMENT_STATUSES)],
        "refund": list(models.REFUND_STATUSES),
        "return_request": [list(models.RETURN_STATUSES), list(models.RETURN_REASONS)],
    }
    definitions = events.schemas()[kind]["$defs"]
    inside = {
        "status": lambda found: found["enum"],
        "actor": lambda found: found["properties"]["type"]["enum"],
        "payment": lambda found: [found["properties"][name]["enum"] for name in ("mode", "status")],
        "refund": lambda found: found["properties"]["status"]["enum"],
        "return_request": lambda found: [found["properties"][name]["enum"] for name in ("status", "reason")],
    }
    shown = {name: inside[name](definitions[name]) for name in known if name in definitions}
    assert shown == {name: known[name] for name in shown}
    assert "status" in shown


def test_what_two_schemas_both_define_is_the_same_in_both() -> None:
    seen: dict[str, Any] = {}
    for schema in events.schemas().values():
        for name, definition in schema["$defs"].items():
            assert seen.setdefault(name, definition) == definition, name


def test_a_new_order_of_lines_is_told_to_both_topics(app: Flask, staff: Caller) -> None:
    (created, order), (new_order, flat) = check(app, placed(staff, FULL))
    assert (created, new_order) == (events.CREATED, events.NEW_ORDER)
    assert order["order"]["total_amount"] == Decimal("118.230")
    assert order["order"]["address"] == FULL["address"]
    assert [payment["mode"] for payment in order["order"]["payments"]] == ["card", "cod"]
    assert flat["order_price"] == Decimal("118.230")
    assert [line["sku"] for line in flat["items"]] == ["ITEM-001", "ITEM-002"]


def test_a_new_free_form_order_is_told_to_both_topics(app: Flask, customer: Caller) -> None:
    items = {"coffee": {"size": "large", "shots": 2}, "empty": {}, "list": [1, "two", None]}
    (_, order), (_, flat) = check(app, placed(customer, {"items": items, "order_price": 11.5}))
    assert order["order"]["items"] == flat["items"] == items
    assert order["actor"] == {"id": customer.id, "type": "customer"}
    assert flat["order_price"] == Decimal("11.50")


def test_a_free_form_order_without_a_price_is_told_without_one(app: Flask, customer: Caller) -> None:
    _, (_, flat) = check(app, placed(customer, {"items": {}}))
    assert flat["order_price"] is None


def test_a_jump_along_the_main_path_is_told_with_what_it_skipped(app: Flask, staff: Caller) -> None:
    order_id = of_lines(staff)
    done(staff.patch(f"/orders/{order_id}", {"status": "delivered", "reason": "all at once"}))
    (kind, payload), (invoiced, _) = check(app, order_id)[-2:]
    assert (kind, invoiced) == (events.STATUS_CHANGED, events.INVOICE_ISSUED)
    assert payload["skipped"] == ["confirmed", "processing", "packed", "shipped"]
    assert (payload["previous_status"], payload["reason"]) == ("pending", "all at once")


def test_an_attested_payment_is_told(app: Flask, customer: Caller) -> None:
    order_id = placed(customer, {"items": {"cake": 1}, "order_price": 5})
    done(customer.patch(f"/orders/{order_id}", {"status": "PAID"}))
    done(customer.put(f"/orders/{order_id}", {"metadata": {"seen": True}}))
    *_, (moved, _), (updated, payload) = check(app, order_id)
    assert (moved, updated) == (events.STATUS_CHANGED, events.UPDATED)
    assert payload["order"]["payments"][0]["attested"] is True
    assert payload["changed"] == ["metadata"]


def test_changed_fields_are_told_by_name(app: Flask, staff: Caller) -> None:
    order_id = of_lines(staff)
    change = {
        "facility_id": "FAC-002",
        "eta": "2024-01-01T18:00:00Z",
        "address": {"phone": "1"},
        "metadata": {"a": 1},
        "items": [{**LINE, "quantity": 3}],
    }
    done(staff.put(f"/orders/{order_id}", change))
    kind, payload = check(app, order_id)[-1]
    assert kind == events.UPDATED
    assert payload["changed"] == ["address", "eta", "facility_id", "items", "metadata"]


def test_a_line_that_moves_with_its_order_is_told_before_the_order(
    app: Flask, staff: Caller, warehouse: Caller
) -> None:
    order_id = of_lines(staff, status="confirmed")
    done(warehouse.patch(f"/orders/{order_id}/items/1", {"status": "packed"}))
    *_, (lines, moved), (order, _) = check(app, order_id)
    assert (lines, order) == (events.ITEMS_CHANGED, events.STATUS_CHANGED)
    assert moved["actor"] == {"id": warehouse.id, "type": "api_key"}


def test_a_partial_cancel_is_told_as_changed_lines(app: Flask, staff: Caller) -> None:
    order_id = of_lines(staff, LINE, {**LINE, "quantity": "1.250"})
    done(staff.put(f"/orders/{order_id}/cancel", {"items": [{"line_no": 2, "quantity": "0.5"}]}))
    kind, payload = check(app, order_id)[-1]
    assert kind == events.ITEMS_CHANGED
    assert [line["cancelled_quantity"] for line in payload["items"]] == [Decimal("0.5")]


def test_a_changed_quantity_is_told_as_changed_lines(app: Flask, staff: Caller) -> None:
    order_id = of_lines(staff)
    done(staff.patch(f"/orders/{order_id}/items/1", {"quantity": 5}))
    kind, payload = check(app, order_id)[-1]
    assert (kind, payload["items"][0]["quantity"]) == (events.ITEMS_CHANGED, 5)


@pytest.mark.parametrize("body", [{"reason": "changed_mind"}, {"items": [{"line_no": 1}]}, {}])
def test_a_cancel_of_everything_is_told_as_cancelled(app: Flask, staff: Caller, body: Any) -> None:
    order_id = of_lines(staff)
    done(staff.put(f"/orders/{order_id}/cancel", body))
    kind, payload = check(app, order_id)[-1]
    assert kind == events.CANCELLED
    assert payload["reason"] == body.get("reason")
    assert [line["status"] for line in payload["items"]] == ["cancelled"]


def test_a_cancelled_free_form_order_is_told_without_lines(app: Flask, customer: Caller) -> None:
    order_id = placed(customer, {"items": {"cake": 1}})
    done(customer.patch(f"/orders/{order_id}", {"status": "CANCELED"}))
    kind, payload = check(app, order_id)[-1]
    assert (kind, payload["items"]) == (events.CANCELLED, [])


def test_refunds_and_returns_of_an_order_are_told_with_it(app: Flask, staff: Caller) -> None:
    order_id = of_lines(staff, payment=[{"mode": "card", "amount": 99.98}])
    payment_id = staff.get(f"/orders/{order_id}").json["payments"][0]["payment_id"]
    row = {"order_id": order_id, "payment_id": payment_id, "refund_id": new_id(), "return_id": new_id()}
    with app.app_context():
        transaction(lambda session: [session.execute(text(statement), row) for statement in _MONEY_AND_GOODS_BACK])
    done(staff.put(f"/orders/{order_id}", {"facility_id": "FAC-009"}))
    order = check(app, order_id)[-1][1]["order"]
    assert [refund["amount"] for refund in order["payments"][0]["refunds"]] == [Decimal("10.00")]
    assert [item["accepted_quantity"] for item in order["returns"][0]["items"]] == [None]


_MONEY_AND_GOODS_BACK = (
    """INSERT INTO refunds (order_id, refund_id, payment_id, cause, reason, status, amount)
       VALUES (:order_id, :refund_id, :payment_id, 'amount:test', 'damaged', 'processed', 10)""",
    """INSERT INTO return_requests (order_id, return_id, status, reason)
       VALUES (:order_id, :return_id, 'requested', 'damaged')""",
    """INSERT INTO return_items (order_id, return_id, line_no, quantity)
       VALUES (:order_id, :return_id, 1, 1)""",
)


def test_the_api_serves_every_schema(anonymous: Caller) -> None:
    assert anonymous.get("/events").json == events.schemas()
    for kind in TYPES:
        served = anonymous.get(f"/events/{kind}")
        assert (served.status_code, served.json) == (200, events.schemas()[kind])


def test_the_api_does_not_know_a_schema_that_is_not_there(anonymous: Caller) -> None:
    answer = anonymous.get("/events/oms.order.created.v2")
    assert (answer.status_code, exact(answer)["code"]) == (404, "event_type_not_found")
