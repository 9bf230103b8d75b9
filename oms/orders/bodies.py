"""What may be sent: the bodies of orders and changes, the same for HTTP, Kafka and the command line."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from oms import strict_json
from oms.fields import FreeForm, Money, Percentage, Quantity, StrictBoolean, StrictInteger, Text, Timestamp
from oms.ids import ORDER_ID
from oms.orders.models import PAYMENT_MODES
from oms.sparse_schema import SparseSchema

MAX_LINES = 1000
MAX_TAX_LINES = 10
MAX_PHONE_BYTES = 100
RESERVED_IDS = frozenset({"user", "export", "import", "imports"})
A_EXAMPLE = {
    "order_id": "ORD-001",
    "customer_id": "CUST-001",
    "facility_id": "FAC-001",
    "status": "pending",
    "total_amount": 99.99,
    "order_datetime": "2024-01-01T10:00:00",
    "eta": "2024-01-01T15:00:00",
    "items": [{"sku": "ITEM-001", "quantity": 2, "unit_price": 45.00, "sale_price": 49.99}],
}
B_EXAMPLE = {"items": {"coffee": {"size": "large", "shots": 2}, "cake": 1}, "order_price": 11.50}


def _order_id(value: str) -> None:
    if not ORDER_ID.fullmatch(value):
        raise ValidationError("Use 1 to 50 letters, digits or . _ : -")
    if value in RESERVED_IDS:
        raise ValidationError("This id is reserved.")


class OrderIdField(Text):
    """An order's public id."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"pattern": "^[A-Za-z0-9._:-]{1,50}$", "minLength": 1, "maxLength": 50, **kwargs.pop("metadata", {})}
        super().__init__(validate=_order_id, metadata=metadata, **kwargs)


def _short(length: int, **kwargs: Any) -> Text:
    return Text(validate=validate.Length(1, length), **kwargs)


class AddressField(FreeForm):
    """Any JSON object; its `phone` is searchable and therefore short."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        address = super()._deserialize(value, attr, data, **kwargs)
        if len(strict_json.write(address.get("phone"))) > MAX_PHONE_BYTES:
            raise ValidationError({"phone": ["Longer than a phone number."]})
        return address


class TaxLineBody(Schema):
    """A tax by its rate in percent, or by its amount; `included` when the price has it in it already."""

    json_schema = {"oneOf": [{"required": ["rate"]}, {"required": ["amount"]}]}
    name = _short(50, required=True, metadata={"example": "GST"})
    rate = Percentage(metadata={"example": 18})
    amount = Money()
    included = StrictBoolean(load_default=False)

    @validates_schema
    def _one_of_them(self, data: dict[str, Any], **_: Any) -> None:
        if ("rate" in data) == ("amount" in data):
            raise ValidationError("Send a rate, or an amount where there is no rate.")


class AdjustedBody(SparseSchema):
    """What is added to or taken off a price."""

    discount = Money(metadata={"description": "Taken off, at most the price itself."})
    handling_charge = Money()
    delivery_charge = Money()
    packaging_charge = Money()
    surge_charge = Money()
    tax_lines = fields.List(fields.Nested(TaxLineBody), validate=validate.Length(0, MAX_TAX_LINES))


class LineBody(AdjustedBody):
    """One line of an order."""

    sku = _short(100, required=True, metadata={"example": "ITEM-001"})
    name = _short(300)
    quantity = Quantity(required=True, metadata={"example": 2})
    unit_price = Money(required=True, metadata={"example": 45.00})
    sale_price = Money(
        metadata={"description": "Price per unit charged; the unit price when absent.", "example": 49.99}
    )
    return_window_days = StrictInteger(
        low=0, high=3650, metadata={"description": "How long it can be returned; the shop's window when absent."}
    )
    metadata = FreeForm()


class PaymentPartBody(Schema):
    """One part of what is going to be paid; `mode` is another name of `payment_mode`."""

    payment_mode = Text(required=True, validate=validate.OneOf(PAYMENT_MODES), metadata={"example": "cod"})
    amount = Money(required=True, metadata={"example": 99.99})
    create_payment_order = StrictBoolean(
        load_default=False, metadata={"description": "Open it at the payment provider, for the customer to pay."}
    )

    @pre_load
    def _one_name(self, data: Any, **_: Any) -> Any:
        if isinstance(data, dict) and "mode" in data and "payment_mode" not in data:
            data = {**data, "payment_mode": data["mode"]}
            del data["mode"]
        if isinstance(data, dict) and isinstance(data.get("payment_mode"), str):
            data = {**data, "payment_mode": data["payment_mode"].strip().lower()}
        return data


class OrderBody(AdjustedBody):
    """An order of lines. Customers leave `customer_id` out or give their own id; staff name the customer."""

    order_id = OrderIdField(metadata={"example": "ORD-001", "description": "Made by the server when absent."})
    customer_id = _short(50, metadata={"example": "CUST-001"})
    facility_id = _short(50, metadata={"example": "FAC-001"})
    status = _short(30, metadata={"example": "pending", "description": "pending; staff may also say confirmed."})
    currency = Text(validate=validate.Regexp(r"[A-Z]{3}\Z"), metadata={"example": "USD"})
    total_amount = Money(metadata={"example": 99.99, "description": "May differ from the server's by 0.10 at most."})
    order_datetime = Timestamp(metadata={"example": "2024-01-01T10:00:00"})
    eta = Timestamp(allow_none=True, metadata={"example": "2024-01-01T15:00:00"})
    items = fields.List(
        fields.Nested(LineBody),
        required=True,
        validate=validate.Length(1, MAX_LINES),
        metadata={"example": A_EXAMPLE["items"]},
    )
    address = AddressField(allow_none=True, metadata={"description": "Any JSON object; `phone` in it is searchable."})
    metadata = FreeForm(allow_none=True)
    payment = fields.List(fields.Nested(PaymentPartBody), validate=validate.Length(0, 20))

    @post_load
    def _prices(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        for line in data["items"]:
            line.setdefault("sale_price", line["unit_price"])
        return data


class DocumentBody(Schema):
    """An order whose items are any JSON object. Its creator owns it and drives its status."""

    order_id = OrderIdField(metadata={"example": "ORD-002", "description": "Made by the server when absent."})
    items = FreeForm(required=True, metadata={"example": B_EXAMPLE["items"]})
    order_price = Money(allow_none=True, metadata={"example": 11.50})
    currency = Text(validate=validate.Regexp(r"[A-Z]{3}\Z"), metadata={"example": "USD"})
    metadata = FreeForm(allow_none=True)


class UpdateBody(Schema):
    """What to change. A field that can't change any more may be repeated with its value, not with another."""

    json_schema = {"minProperties": 1}
    order_id = OrderIdField()
    customer_id = _short(50)
    currency = Text(validate=validate.Regexp(r"[A-Z]{3}\Z"))
    order_datetime = Timestamp()
    order_price = Money(allow_none=True)
    status = _short(30, metadata={"example": "confirmed"})
    facility_id = _short(50, metadata={"example": "FAC-002"})
    total_amount = Money()
    eta = Timestamp(allow_none=True, metadata={"example": "2024-01-01T18:00:00Z"})
    items = fields.Raw(
        metadata={
            "oneOf": [
                {"type": "array", "items": {"$ref": "#/components/schemas/LineBody"}},
                {"type": "object", "additionalProperties": {}},
            ],
            "description": "The new lines (or the new free-form object), while cancellable.",
        }
    )
    address = AddressField(allow_none=True)
    metadata = FreeForm(allow_none=True)

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Nothing to change.")


class LinesBody(Schema):
    """New lines of an order."""

    items = fields.List(fields.Nested(LineBody), required=True, validate=validate.Length(1, MAX_LINES))

    @post_load
    def _prices(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        for line in data["items"]:
            line.setdefault("sale_price", line["unit_price"])
        return data


class StatusBody(Schema):
    """The wanted status, as any of the known words."""

    status = _short(30, required=True, metadata={"example": "PAID"})
    reason = _short(100)
    remarks = _short(1000)


class CancelLineBody(Schema):
    """How much of which line is not wanted any more; all that is left of it when `quantity` is absent."""

    line_no = StrictInteger(required=True, low=1, high=MAX_LINES)
    quantity = Quantity()


class CancelBody(Schema):
    """Nothing for the whole order, or the lines to cancel."""

    body_optional = True

    reason = _short(100, metadata={"example": "changed_mind"})
    remarks = _short(1000)
    items = fields.List(fields.Nested(CancelLineBody), validate=validate.Length(1, MAX_LINES))


class ItemBody(Schema):
    """A line's new status (for `quantity` of its units, or all), or without a status its new ordered quantity."""

    status = _short(30, metadata={"example": "packed"})
    quantity = Quantity(metadata={"example": 1})
    reason = _short(100)
    remarks = _short(1000)

    @validates_schema
    def _something(self, data: dict[str, Any], **_: Any) -> None:
        if "status" not in data and "quantity" not in data:
            raise ValidationError("Send a status, a quantity, or both.")


class LegacyStatusBody(Schema):
    """A's body of /update_order_status."""

    order_id = OrderIdField(required=True, metadata={"example": "ORD-001"})
    status = _short(30, required=True, metadata={"example": "confirmed"})


class LegacyItemStatusBody(Schema):
    """A's body of /update_item_status."""

    order_id = OrderIdField(required=True, metadata={"example": "ORD-001"})
    sku = _short(100, required=True, metadata={"example": "ITEM-001"})
    status = _short(30, required=True, metadata={"example": "packed"})


ORDER, DOCUMENT, LINES = OrderBody(), DocumentBody(), LinesBody()


def read_order(body: Any) -> dict[str, Any]:
    """A create body of either shape, loaded. Raises `ValidationError` that names both shapes when it is neither."""
    items = body.get("items") if isinstance(body, dict) else None
    schema: Schema | None = ORDER if isinstance(items, list) else DOCUMENT if isinstance(items, dict) else None
    if schema is not None:
        loaded: dict[str, Any] = schema.load(body)
        return loaded
    raise ValidationError({"items": ["Send an array of lines, or an object of your own making."]})
