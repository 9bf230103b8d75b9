"""What the consumed topics may carry. Reports are read leniently, since other systems add members of their own; a
command is an order to us and is read as strictly as its HTTP twin.

The JSON Schemas beside this module say the same to the outside; `tests/consumer` holds the two together.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from oms import broken_rules
from oms.errors import Invalid
from oms.fields import FreeForm, Quantity, StrictInteger, Text, Timestamp
from oms.orders import bodies

SCHEMAS = Path(__file__).parent / "message_schemas"


class OrderIdOfOthers(Text):
    """An id other producers gave: text, or a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(str(value) if type(value) is int else value, attr, data, **kwargs)


class NewOrder(Schema):
    """B's message about a new order: `{id, items, status, created_at, creator_id, order_price}`."""

    class Meta:
        unknown = EXCLUDE

    id = OrderIdOfOthers(required=True, validate=validate.Length(1, 50))


class FulfilmentUpdate(Schema):
    """A warehouse or a carrier reports on an order, or on one of its lines (by `line_no`, or a `sku` on one line)."""

    class Meta:
        unknown = EXCLUDE

    order_id = bodies.OrderIdField(required=True)
    status = Text(required=True, validate=validate.Length(1, 30))
    line_no = StrictInteger(low=1, high=bodies.MAX_LINES)
    sku = Text(validate=validate.Length(1, 100))
    quantity = Quantity()
    reason = Text(validate=validate.Length(1, 100))
    remarks = Text(validate=validate.Length(1, 1000))
    occurred_at = Timestamp()

    @validates_schema
    def _one_line(self, data: dict[str, Any], **_: Any) -> None:
        if "line_no" in data and "sku" in data:
            raise ValidationError("Name the line by its number or by its SKU, not both.")
        if "quantity" in data and "line_no" not in data and "sku" not in data:
            raise ValidationError("Say of which line.", "quantity")


class _Command(Schema):
    command = Text(required=True)


class CreateCommand(_Command):
    """`order` is a create body of either shape; with a `customer_id` beside it, that customer places it himself."""

    order = FreeForm(required=True)
    customer_id = Text(validate=validate.Length(1, 50))


class UpdateCommand(_Command):
    """`changes` is the body of PUT /orders/{order_id}."""

    order_id = bodies.OrderIdField(required=True)
    changes = fields.Nested(bodies.UpdateBody, required=True)


class CancelCommand(_Command, bodies.CancelBody):
    """The whole order, or `items`, as in the body of PUT /orders/{order_id}/cancel."""

    order_id = bodies.OrderIdField(required=True)


def load(schema: Schema, document: Any) -> dict[str, Any]:
    """A checked message; raises `Invalid` with a pointer to each wrong place."""
    try:
        loaded: dict[str, Any] = schema.load(document)
    except ValidationError as error:
        raise refused(error) from error
    return loaded


def refused(error: ValidationError) -> Invalid:
    """What a schema found wrong, in the terms of `oms.errors`."""
    return Invalid("The message breaks its schema.", errors=broken_rules.places(error.messages))


@cache
def json_schemas() -> Mapping[str, dict[str, Any]]:
    """The JSON Schema of each kind of message, by its name: new_order, fulfilment_update, order_command."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}
