"""What is answered about payments, refunds, returns and invoices, for the OpenAPI document."""

from marshmallow import Schema, fields, validate

from oms.api.schemas import PaymentView, ReturnView
from oms.fields import Money, Quantity, Timestamp
from oms.orders import lifecycle
from oms.orders.invoice_models import KINDS
from oms.orders.models import REFUND_STATUSES

STATES = ("unpaid", "partially_paid", "paid", "overpaid", "partially_refunded", "refunded")


class OrderStandView(Schema):
    """Where the order stands after a step."""

    order_id = fields.String(metadata={"example": "ORD-001"})
    order_status = fields.String(validate=validate.OneOf(list(lifecycle.STATUSES)))
    payment_state = fields.String(validate=validate.OneOf(STATES))
    amount_due = Money(metadata={"description": "What is still to be paid."})


class PaymentAnswer(OrderStandView, PaymentView):
    """A payment part, and where the order stands."""

    checkout = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        allow_none=True,
        metadata={"description": "What the provider's checkout page needs; null where nothing is to be paid there."},
    )


class PaymentsView(OrderStandView):
    """The payment parts of an order."""

    payments = fields.List(fields.Nested(PaymentView))


class RefundedItemView(Schema):
    """Units a refund is for."""

    line_no = fields.Integer()
    quantity = Quantity()


class RefundShareView(Schema):
    """What one payment gives to a refund."""

    payment_id = fields.String()
    amount = Money()
    status = fields.String(validate=validate.OneOf(REFUND_STATUSES))
    provider_refund_id = fields.String(allow_none=True)
    error = fields.String(allow_none=True)


class RefundView(Schema):
    """A refund with the shares its payments have in it."""

    refund_id = fields.String()
    status = fields.String(validate=validate.OneOf(REFUND_STATUSES))
    amount = Money()
    cause = fields.String(metadata={"description": "amount, items, cancel, return, capture or excess."})
    reason = fields.String(allow_none=True)
    remarks = fields.String(allow_none=True)
    items = fields.List(fields.Nested(RefundedItemView), allow_none=True)
    credit_note_number = fields.String(allow_none=True)
    payments = fields.List(fields.Nested(RefundShareView))
    created_at = Timestamp()


class RefundAnswer(OrderStandView, RefundView):
    """A refund, and where the order stands."""


class RefundsView(OrderStandView):
    """The refunds of an order, oldest first."""

    refunds = fields.List(fields.Nested(RefundView))


class ReturnAnswer(OrderStandView, ReturnView):
    """A return request, and where the order stands."""


class ReturnsView(OrderStandView):
    """The return requests of an order, oldest first."""

    returns = fields.List(fields.Nested(ReturnView))


class InvoiceSellerView(Schema):
    """Who sells."""

    name = fields.String()
    address = fields.String()
    tax_id = fields.String()


class InvoiceCustomerView(Schema):
    """Who buys."""

    customer_id = fields.String()
    address = fields.Dict(allow_none=True)


class InvoiceLineView(Schema):
    """A line with its shares of what was added to it or taken off."""

    line_no = fields.Integer()
    sku = fields.String()
    name = fields.String(allow_none=True)
    quantity = Quantity()
    unit_price = Money()
    gross = Money()
    discount = Money()
    charges = Money()
    tax = Money()
    total = Money()


class InvoicePaymentView(Schema):
    """How an amount came or went."""

    mode = fields.String()
    amount = Money()


class InvoiceTaxView(Schema):
    """A tax of the order as a whole."""

    name = fields.String()
    rate = Quantity(allow_none=True)
    amount = Money()
    included = fields.Boolean()


class InvoiceView(Schema):
    """An invoice or a credit note as it was issued; the sums by kind are absent where only an amount is credited."""

    kind = fields.String(validate=validate.OneOf(KINDS))
    number = fields.String(metadata={"example": "INV-2026-000001"})
    issued_at = Timestamp()
    currency = fields.String()
    seller = fields.Nested(InvoiceSellerView)
    customer = fields.Nested(InvoiceCustomerView)
    order_id = fields.String()
    order_datetime = Timestamp()
    invoice_number = fields.String(allow_none=True, metadata={"description": "The invoice a credit note is about."})
    reason = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(InvoiceLineView))
    items_total = Money()
    discount = Money()
    charges = fields.Dict(keys=fields.String(), values=Money())
    tax_lines = fields.List(fields.Nested(InvoiceTaxView))
    rounding_adjustment = Money(low=-(10**12))
    total = Money()
    payments = fields.List(fields.Nested(InvoicePaymentView))


class InvoicesView(Schema):
    """The documents of an order, oldest first."""

    order_id = fields.String()
    invoices = fields.List(fields.Nested(InvoiceView))


class CallbackView(Schema):
    """What came of a callback."""

    outcome = fields.String(validate=validate.OneOf(["applied", "nothing_new", "unmatched", "repeated", "unreadable"]))
