"""Bodies about money: payment parts, captures and refunds."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate, validates_schema

from oms.fields import Money, Quantity, StrictBoolean, StrictInteger, Text
from oms.orders.bodies import MAX_LINES
from oms.orders.models import PAYMENT_MODES


class PaymentBody(Schema):
    """One more part of what an order is paid with; `payment_mode` is another name of `mode`."""

    mode = Text(required=True, validate=validate.OneOf(PAYMENT_MODES), metadata={"example": "card"})
    amount = Money(above=0, metadata={"example": 60.00, "description": "What is due when absent."})

    @pre_load
    def _one_name(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict) and "payment_mode" in data and "mode" not in data:
            data = {**data, "mode": data["payment_mode"]}
            del data["payment_mode"]
        if isinstance(data, dict) and isinstance(data.get("mode"), str):
            data = {**data, "mode": data["mode"].strip().lower()}
        return data


class CaptureBody(Schema):
    """How much was received; the whole part when absent. A provider captures the whole part."""

    body_optional = True

    amount = Money(above=0, metadata={"example": 60.00})


class PaymentEndBody(Schema):
    """Why a part comes to nothing."""

    body_optional = True

    reason = Text(validate=validate.Length(1, 100), metadata={"example": "card_declined"})


class RefundItemBody(Schema):
    """How much of which line is given back in money."""

    line_no = StrictInteger(required=True, low=1, high=MAX_LINES)
    quantity = Quantity(required=True, metadata={"example": 1})


class RefundBody(Schema):
    """An amount, or the lines whose price goes back."""

    json_schema = {"oneOf": [{"required": ["amount"]}, {"required": ["items"]}]}
    amount = Money(above=0, metadata={"example": 10.00})
    items = fields.List(fields.Nested(RefundItemBody), validate=validate.Length(1, MAX_LINES))
    reason = Text(validate=validate.Length(1, 100), metadata={"example": "damaged"})
    remarks = Text(validate=validate.Length(1, 1000))

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if ("amount" in data) == ("items" in data):
            raise ValidationError("Send an amount, or the items to refund.")


class RetryBody(Schema):
    """`by_hand`: the money was given back without the provider, and is only to be recorded."""

    body_optional = True

    by_hand = StrictBoolean(load_default=False)
