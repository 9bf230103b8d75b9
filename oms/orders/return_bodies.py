"""Bodies about goods that come back."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from oms.fields import Quantity, StrictInteger, Text
from oms.orders.bodies import MAX_LINES
from oms.orders.models import RESOLUTIONS, RETURN_REASONS

OTHER = "other"


class ReturnItemBody(Schema):
    """How much of which line comes back."""

    line_no = StrictInteger(required=True, low=1, high=MAX_LINES)
    quantity = Quantity(required=True, metadata={"example": 1})


class ReturnBody(Schema):
    """What comes back and why; `exchange` sends the same goods once more instead of the money."""

    items = fields.List(fields.Nested(ReturnItemBody), required=True, validate=validate.Length(1, MAX_LINES))
    reason = Text(required=True, validate=validate.OneOf(RETURN_REASONS), metadata={"example": "damaged"})
    remarks = Text(validate=validate.Length(1, 1000))
    resolution = Text(validate=validate.OneOf(RESOLUTIONS), load_default="refund")

    @validates_schema
    def _other_says_more(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("reason") == OTHER and "remarks" not in data:
            raise ValidationError({"remarks": ["Say what it is."]})


class ReceivedItemBody(Schema):
    """How much of a line was taken back, and in which condition it came."""

    line_no = StrictInteger(required=True, low=1, high=MAX_LINES)
    accepted_quantity = Quantity(required=True, above=None, metadata={"example": 1})
    condition = Text(validate=validate.Length(1, 50), metadata={"example": "as new"})


class ReceiveBody(Schema):
    """What arrived; a line that is left out was accepted as announced."""

    body_optional = True

    items = fields.List(fields.Nested(ReceivedItemBody), validate=validate.Length(1, MAX_LINES))
    remarks = Text(validate=validate.Length(1, 1000))


class ReturnStepBody(Schema):
    """A word about a step of a return request."""

    body_optional = True

    reason = Text(validate=validate.Length(1, 100))
    remarks = Text(validate=validate.Length(1, 1000))
