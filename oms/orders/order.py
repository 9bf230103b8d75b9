"""An order as the domain sees it: plain data, changed under the row lock and written back by `store`.

Free-form parts (address, metadata, document) are kept as the JSON text they came as and never looked into.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from oms.errors import Conflict, NotFound, PreconditionFailed
from oms.money import ZERO
from oms.orders import lifecycle
from oms.orders.adjustments import NONE, Adjustments


@dataclass(slots=True)
class Line:
    """One line. Quantities are NUMERIC(10,3) and only grow; prices are per unit, in the order's currency.

    `refunded_quantity` counts units whose price was given back although they are not cancelled: by a return, or by a
    refund of items.
    """

    line_no: int
    sku: str
    quantity: Decimal
    unit_price: Decimal
    sale_price: Decimal
    name: str | None = None
    status: str = lifecycle.PENDING
    cancelled_quantity: Decimal = ZERO
    shipped_quantity: Decimal = ZERO
    delivered_quantity: Decimal = ZERO
    returned_quantity: Decimal = ZERO
    refunded_quantity: Decimal = ZERO
    adjustments: Adjustments = NONE
    return_window_days: int | None = None
    delivered_at: datetime | None = None
    metadata: bytes | None = None

    @property
    def live_quantity(self) -> Decimal:
        return self.quantity - self.cancelled_quantity

    @property
    def credited_quantity(self) -> Decimal:
        """Units the customer does not pay for (any more). Of a line whose delivery failed all are, once it is
        cancelled: they have left the house, so they don't count as cancelled."""
        return self.cancelled_quantity + self.refunded_quantity if self.live else self.quantity

    @property
    def unshipped_quantity(self) -> Decimal:
        return self.live_quantity - self.shipped_quantity

    @property
    def live(self) -> bool:
        return self.status != lifecycle.CANCELLED


@dataclass(slots=True)
class Refund:
    """What one payment gives to a refund; those of one refund share its id. `items` are line numbers and quantities.

    `by_hand`: a person gives it back, or has.
    """

    refund_id: str
    payment_id: str
    cause: str
    status: str
    amount: Decimal
    created_at: datetime
    reason: str | None = None
    remarks: str | None = None
    items: list[dict[str, Any]] | None = None
    credit_note_number: str | None = None
    provider_refund_id: str | None = None
    by_hand: bool = False
    attempts: int = 0
    key_no: int = 0
    next_attempt_at: datetime | None = None
    error: str | None = None


@dataclass(slots=True)
class Payment:
    """One part of what is paid. No refund is drawn from an attested one: it is a customer's word (B's `PAID`)."""

    payment_id: str
    mode: str
    amount: Decimal
    created_at: datetime
    status: str = "pending"
    captured_amount: Decimal = ZERO
    refunded_amount: Decimal = ZERO
    reserved_amount: Decimal = ZERO
    attested: bool = False
    create_payment_order: bool = False
    provider: str = "manual"
    provider_order_id: str | None = None
    provider_payment_id: str | None = None
    error: str | None = None
    refunds: list[Refund] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.status in ("pending", "authorized")

    @property
    def refundable_amount(self) -> Decimal:
        """What is left to give back: captured, neither given back nor promised."""
        return ZERO if self.attested else self.captured_amount - self.refunded_amount - self.reserved_amount


@dataclass(slots=True)
class ReturnItem:
    """How much of a line comes back, and once it has, how much of that was accepted."""

    line_no: int
    quantity: Decimal
    accepted_quantity: Decimal | None = None
    condition: str | None = None


@dataclass(slots=True)
class ReturnRequest:
    """Goods on their way back, for their money or for others in their place (`resolution`)."""

    return_id: str
    status: str
    reason: str
    created_at: datetime
    updated_at: datetime
    remarks: str | None = None
    resolution: str = "refund"
    replacement_order_id: str | None = None
    items: list[ReturnItem] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.status in ("requested", "accepted")


@dataclass(slots=True)
class Order:
    """The aggregate. `document` is B's free-form items object; an order has either it or lines."""

    order_id: str
    customer_id: str
    creator_id: str
    managed_by: str
    status: str
    currency: str
    total_amount: Decimal
    created_at: datetime
    updated_at: datetime
    order_datetime: datetime
    version: int = 1
    facility_id: str | None = None
    order_price: Decimal | None = None
    rounding_adjustment: Decimal = ZERO
    eta: datetime | None = None
    address: bytes | None = None
    metadata: bytes | None = None
    document: bytes | None = None
    adjustments: Adjustments = NONE
    invoice_number: str | None = None
    exchange_of: str | None = None
    lines: list[Line] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    returns: list[ReturnRequest] = field(default_factory=list)

    @property
    def captured_amount(self) -> Decimal:
        return sum((payment.captured_amount for payment in self.payments), ZERO)

    def refuse_if_paid(self) -> None:
        """Raise `Conflict` order_already_paid: what is paid for is cancelled or refunded, not edited."""
        if self.captured_amount:
            raise Conflict("The order is paid for, at least in part.", code="order_already_paid")


@dataclass(frozen=True, slots=True)
class JourneyEntry:
    """One step of one order, or of one of its lines. `event` names one that is not a move along the lifecycle."""

    current_status: str
    previous_status: str | None
    actor_id: str
    actor_type: str
    line_no: int | None = None
    reason: str | None = None
    remarks: str | None = None
    skipped: tuple[str, ...] = ()
    event: str | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """What the caller says about his reasons."""

    reason: str | None = None
    remarks: str | None = None


NO_REASON = Why()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The order after a request; `applied` is False when nothing had to change, `late` says it came too late to."""

    order: Order
    applied: bool
    late: bool = False


def etag(version: int) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


def refuse_other_version(order: Order, expected: Sequence[int] | None) -> None:
    """`If-Match`: raise `PreconditionFailed` with the current tag unless the order has one of these versions."""
    if expected is not None and order.version not in expected:
        raise PreconditionFailed("The order has changed since you read it.", etag=etag(order.version))


def refuse_open_returns(order: Order, line_no: int | None = None) -> None:
    """Raise `Conflict` open_return_requests: what is announced to come back moves by its return request."""
    for request in order.returns:
        if request.open and (line_no is None or any(item.line_no == line_no for item in request.items)):
            raise Conflict(
                "A return request is open; receive, reject or cancel it.",
                code="open_return_requests",
                return_id=request.return_id,
            )


def line_of(order: Order, line_no: int) -> Line:
    """One line by its number; raises `NotFound` item_not_found."""
    for line in order.lines:
        if line.line_no == line_no:
            return line
    raise NotFound("The order has no such line.", code="item_not_found")


def payment_of(order: Order, payment_id: str) -> Payment:
    """One payment by its id; raises `NotFound` payment_not_found."""
    for payment in order.payments:
        if payment.payment_id == payment_id:
            return payment
    raise NotFound("The order has no such payment.", code="payment_not_found")


def return_of(order: Order, return_id: str) -> ReturnRequest:
    """One return request by its id; raises `NotFound` return_not_found."""
    for request in order.returns:
        if request.return_id == return_id:
            return request
    raise NotFound("The order has no such return request.", code="return_not_found")


def refunds_of(order: Order) -> list[Refund]:
    """Every share of every refund of the order."""
    return [refund for payment in order.payments for refund in payment.refunds]
