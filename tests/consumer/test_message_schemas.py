"""The published JSON Schemas of what we consume, against what the handlers' own schemas take."""

import json
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from marshmallow import Schema, ValidationError

from oms import strict_json
from oms.consumer import messages
from oms.errors import Invalid
from oms.orders import bodies, events
from tests.callers import Caller
from tests.factories import place_free_form, rows

NAMES = ("fulfilment_update", "new_order", "order_command")
EXAMPLES = [(name, example) for name in NAMES for example in messages.json_schemas()[name]["examples"]]
COMMANDS = {"create": messages.CreateCommand, "update": messages.UpdateCommand, "cancel": messages.CancelCommand}
WRONG: list[tuple[str, Any]] = [
    ("new_order", {}),
    ("new_order", {"id": "x" * 51}),
    ("new_order", {"id": None}),
    ("fulfilment_update", {"order_id": "O-1"}),
    ("fulfilment_update", {"order_id": "a b", "status": "shipped"}),
    ("fulfilment_update", {"order_id": "O-1", "status": "shipped", "line_no": 0}),
    ("fulfilment_update", {"order_id": "O-1", "status": "shipped", "line_no": 1, "sku": "TEA"}),
    ("fulfilment_update", {"order_id": "O-1", "status": "shipped", "quantity": 1}),
    ("fulfilment_update", {"order_id": "O-1", "status": "shipped", "line_no": 1, "quantity": 0}),
    ("fulfilment_update", {"order_id": "O-1", "status": "shipped", "line_no": 1, "quantity": "many"}),
    ("order_command", {"command": "create"}),
    ("order_command", {"command": "create", "order": {}}),
    ("order_command", {"command": "create", "order": {"items": []}}),
    ("order_command", {"command": "create", "order": {"items": [{"sku": "TEA"}]}}),
    ("order_command", {"command": "update", "order_id": "O-1", "changes": {}}),
    ("order_command", {"command": "cancel", "order_id": "O-1", "items": [{"quantity": 1}]}),
    ("order_command", {"command": "cancel", "order_id": "O-1", "surprise": True}),
]


def load(name: str, document: Any) -> None:
    exact = strict_json.read(json.dumps(document).encode())
    schemas: dict[str, type[Schema]] = {"new_order": messages.NewOrder, "fulfilment_update": messages.FulfilmentUpdate}
    schema = schemas.get(name) or COMMANDS[exact["command"]]
    loaded = messages.load(schema(), exact)
    if "order" in loaded:
        bodies.read_order(loaded["order"])


def test_every_schema_is_one() -> None:
    assert tuple(messages.json_schemas()) == NAMES
    for schema in messages.json_schemas().values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
@pytest.mark.usefixtures("context")
def test_examples_pass_both(name: str, example: Any) -> None:
    Draft202012Validator(messages.json_schemas()[name]).validate(example)
    load(name, example)


@pytest.mark.parametrize(("name", "document"), WRONG)
@pytest.mark.usefixtures("context")
def test_what_the_schema_refuses_is_refused(name: str, document: Any) -> None:
    assert not Draft202012Validator(messages.json_schemas()[name]).is_valid(document)
    with pytest.raises((Invalid, ValidationError)):
        load(name, document)


def test_our_own_new_order_message_is_one(app: Flask, customer: Caller) -> None:
    order = place_free_form(customer)
    payload = rows(
        app,
        "SELECT payload FROM outbox_events WHERE order_id = :id AND type = :type",
        id=order["order_id"],
        type=events.NEW_ORDER,
    )[0].payload
    Draft202012Validator(messages.json_schemas()["new_order"]).validate(payload)
