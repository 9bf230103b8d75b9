"""What is answered, for the OpenAPI document; the bytes themselves are written by `orders.representation`.

`tests/api` holds both equal.
"""

from marshmallow import Schema, fields, validate

from oms.fields import Money, Quantity, QueryInteger, Text, Timestamp
from oms.orders import lifecycle
from oms.orders.bodies import A_EXAMPLE, OrderIdField
from oms.orders.models import (
    PAYMENT_MODES,
    PAYMENT_STATUSES,
    REFUND_STATUSES,
    RESOLUTIONS,
    RETURN_REASONS,
    RETURN_STATUSES,
)

_STATUS = validate.OneOf(list(lifecycle.STATUSES))


class TaxLineView(Schema):
    """A tax: what was asked for, and what it comes to."""

    name = fields.String(metadata={"example": "GST"})
    rate = Quantity(allow_none=True, above=None, metadata={"description": "In percent."})
    amount = Money()
    included = fields.Boolean(metadata={"description": "In the price already; not added to it."})


class AdjustedView(Schema):
    """What is added to or taken off a price."""

    discount = Money()
    handling_charge = Money()
    delivery_charge = Money()
    packaging_charge = Money()
    surge_charge = Money()
    tax_lines = fields.List(fields.Nested(TaxLineView))


class ItemView(AdjustedView):
    """A line."""

    line_no = fields.Integer(metadata={"example": 1})
    sku = fields.String(metadata={"example": "ITEM-001"})
    name = fields.String(allow_none=True)
    quantity = Quantity(metadata={"example": 2})
    unit_price = Money(metadata={"example": 45.00})
    sale_price = Money(metadata={"example": 49.99})
    status = fields.String(validate=_STATUS)
    cancelled_quantity = Quantity(above=None)
    shipped_quantity = Quantity(above=None)
    delivered_quantity = Quantity(above=None)
    returned_quantity = Quantity(above=None)
    refunded_quantity = Quantity(
        above=None, metadata={"description": "Units paid back that were not cancelled: returned, or refunded by line."}
    )
    return_window_days = fields.Integer(allow_none=True)
    delivered_at = Timestamp(allow_none=True)
    metadata = fields.Dict(allow_none=True)


class PaymentRefundView(Schema):
    """What one payment gives back in a refund."""

    refund_id = fields.String()
    status = fields.String(validate=validate.OneOf(REFUND_STATUSES))
    amount = Money()
    cause = fields.String(metadata={"description": "amount, items, cancel, return, capture or excess."})
    reason = fields.String(allow_none=True)
    credit_note_number = fields.String(allow_none=True)
    provider_refund_id = fields.String(allow_none=True)
    error = fields.String(allow_none=True, metadata={"description": "Why it failed."})
    created_at = Timestamp()


class PaymentView(Schema):
    """One part of what is paid, with its refund history."""

    payment_id = fields.String()
    mode = fields.String(validate=validate.OneOf(PAYMENT_MODES))
    status = fields.String(validate=validate.OneOf(PAYMENT_STATUSES))
    amount = Money()
    captured_amount = Money()
    refunded_amount = Money()
    refundable_amount = Money()
    attested = fields.Boolean(metadata={"description": "The customer's word; no refund is drawn from it."})
    provider = fields.String(metadata={"example": "razorpay"})
    provider_order_id = fields.String(allow_none=True)
    provider_payment_id = fields.String(allow_none=True)
    error = fields.String(allow_none=True, metadata={"description": "Why the last attempt to pay failed."})
    created_at = Timestamp()
    refunds = fields.List(fields.Nested(PaymentRefundView))


class ReturnItemView(Schema):
    """How much of a line comes back."""

    line_no = fields.Integer()
    quantity = Quantity()
    accepted_quantity = Quantity(above=None, allow_none=True)
    condition = fields.String(allow_none=True)


class ReturnView(Schema):
    """A return request."""

    return_id = fields.String()
    status = fields.String(validate=validate.OneOf(RETURN_STATUSES))
    reason = fields.String(validate=validate.OneOf(RETURN_REASONS))
    remarks = fields.String(allow_none=True)
    resolution = fields.String(validate=validate.OneOf(RESOLUTIONS))
    replacement_order_id = fields.String(allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()
    items = fields.List(fields.Nested(ReturnItemView))


class OrderView(AdjustedView):
    """An order with everything."""

    order_id = fields.String(metadata={"example": "ORD-001"})
    id = fields.String(metadata={"example": "ORD-001", "description": "The same as `order_id`."})
    status = fields.String(validate=_STATUS, metadata={"example": "pending"})
    customer_status = fields.String(metadata={"example": "Payment Pending"})
    payment_state = fields.String(
        validate=validate.OneOf(["unpaid", "partially_paid", "paid", "overpaid", "partially_refunded", "refunded"])
    )
    allowed_statuses = fields.List(fields.String(validate=_STATUS))
    can_cancel = fields.Boolean()
    managed_by = fields.String(validate=validate.OneOf([lifecycle.OWNER, lifecycle.OPERATOR]))
    customer_id = fields.String(metadata={"example": "CUST-001"})
    creator_id = fields.String()
    facility_id = fields.String(allow_none=True, metadata={"example": "FAC-001"})
    currency = fields.String(metadata={"example": "USD"})
    total_amount = Money(metadata={"example": 99.99})
    order_price = Money(allow_none=True)
    amount_due = Money(metadata={"description": "What is still to be paid."})
    rounding_adjustment = Money(low=-1, metadata={"example": 0.01})
    items = fields.Raw(
        metadata={
            "oneOf": [
                {"type": "array", "items": {"$ref": "#/components/schemas/ItemView"}},
                {"type": "object", "additionalProperties": {}},
            ],
            "description": "The lines, or the free-form object the order was placed with.",
            "example": A_EXAMPLE["items"],
        }
    )
    address = fields.Dict(allow_none=True)
    payments = fields.List(fields.Nested(PaymentView))
    returns = fields.List(fields.Nested(ReturnView))
    invoice_number = fields.String(allow_none=True)
    exchange_of = fields.String(allow_none=True, metadata={"description": "The order this one replaces goods of."})
    order_datetime = Timestamp()
    eta = Timestamp(allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()
    version = fields.Integer(metadata={"example": 1})
    metadata = fields.Dict(allow_none=True)


class OrderPageView(Schema):
    """A page of orders, newest first."""

    orders = fields.List(fields.Nested(OrderView))
    next_cursor = fields.String(allow_none=True)


class NumberedPageView(Schema):
    """B's numbered page."""

    items = fields.List(fields.Nested(OrderView))
    page = fields.Integer()
    page_size = fields.Integer()
    total_items = fields.Integer()
    total_pages = fields.Integer()


class JourneyEntryView(Schema):
    """One step."""

    seq = fields.Integer()
    line_no = fields.Integer(allow_none=True)
    current_status = fields.String(validate=_STATUS)
    previous_status = fields.String(allow_none=True)
    skipped = fields.List(fields.String())
    event = fields.String(
        allow_none=True, metadata={"description": "A step that is no change of status, such as payment.captured."}
    )
    details = fields.Dict(allow_none=True)
    actor = fields.String()
    actor_type = fields.String()
    reason = fields.String(allow_none=True)
    remarks = fields.String(allow_none=True)
    created_at = Timestamp()


class JourneyView(Schema):
    """Every status change, oldest first."""

    order_id = fields.String()
    journey = fields.List(fields.Nested(JourneyEntryView))


class PlacedPaymentView(PaymentView):
    """A part of what is paid, as a new order shows it."""

    checkout = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "What the provider's checkout page needs, where `create_payment_order` asked for it."},
    )


class PlacedView(Schema):
    """A's answer to a new order."""

    success = fields.Boolean()
    message = fields.String()
    order_id = fields.String()
    eta = Timestamp(allow_none=True)
    status = fields.String()
    total_amount = Money()
    payments = fields.List(fields.Nested(PlacedPaymentView))


class StatusView(Schema):
    """A status and where it can lead."""

    status = fields.String()
    customer_status = fields.String()
    allowed_statuses = fields.List(fields.String())
    customer_may_cancel = fields.Boolean()


class ReasonView(Schema):
    """A reason and the text to show for it."""

    reason = fields.String()
    text = fields.String()


class OrderFilters(Schema):
    """Which orders, and how many."""

    limit = QueryInteger(low=1, high=100, load_default=20)
    cursor = Text(validate=validate.Length(1, 200), metadata={"description": "`next_cursor` of the page before."})
    status = Text(validate=validate.Length(1, 30))
    facility_id = Text(validate=validate.Length(1, 50))
    customer_id = Text(validate=validate.Length(1, 50), metadata={"description": "For staff."})
    created_from = Timestamp()
    created_to = Timestamp(metadata={"description": "Up to, not including."})
    q = Text(
        validate=validate.Length(1, 100),
        metadata={
            "description": (
                "An order id or its beginning, a customer, a facility, a phone number or a SKU. Of a SKU or a beginning"
                " that more than 1,000 orders have, those with the highest ids are looked at; of a customer's own"
                " orders, the newest 5,000."
            )
        },
    )


class NumberedPageArgs(Schema):
    """B's page and size."""

    page = QueryInteger(low=1, high=1_000_000, load_default=1)
    page_size = QueryInteger(low=1, high=100, load_default=10)


class OrderIdArgs(Schema):
    """A's way to name an order."""

    order_id = OrderIdField(required=True)
