"""An order as the domain sees it: plain data, changed under the row lock and written back by `store`.

Free-form parts (address, metadata, document) are kept as the JSON text they came as and never looked into.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from oms.errors import Conflict, NotFound, PreconditionFailed
from oms.orders import lifecycle

ZERO = Decimal(0)


@dataclass(slots=True)
class Line:
    """One line. Quantities are NUMERIC(10,3) and only grow; prices are per unit, in the order's currency."""

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
    metadata: bytes | None = None

    @property
    def live_quantity(self) -> Decimal:
        return self.quantity - self.cancelled_quantity

    @property
    def unshipped_quantity(self) -> Decimal:
        return self.live_quantity - self.shipped_quantity

    @property
    def live(self) -> bool:
        return self.status != lifecycle.CANCELLED


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
    lines: list[Line] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    returns: list[dict[str, Any]] = field(default_factory=list)

    @property
    def captured_amount(self) -> Decimal:
        return sum((Decimal(payment["captured_amount"]) for payment in self.payments), ZERO)

    @property
    def paid(self) -> bool:
        """Captured in full, or the rest of it cash on delivery: what the step out of pending asks for."""
        if not self.payments:
            return self.document is None and self.total_amount == 0
        return self.captured_amount + self._due_on_delivery >= self.total_amount

    @property
    def _due_on_delivery(self) -> Decimal:
        waiting = (part for part in self.payments if part["mode"] == "cod" and part["status"] == "pending")
        return sum((Decimal(part["amount"]) for part in waiting), ZERO)

    def refuse_if_paid(self) -> None:
        """Raise `Conflict` order_already_paid: what is paid for is cancelled or refunded, not edited."""
        if self.captured_amount:
            raise Conflict("The order is paid for, at least in part.", code="order_already_paid")


@dataclass(frozen=True, slots=True)
class JourneyEntry:
    """One step of one order, or of one of its lines."""

    current_status: str
    previous_status: str | None
    actor_id: str
    actor_type: str
    line_no: int | None = None
    reason: str | None = None
    remarks: str | None = None
    skipped: tuple[str, ...] = ()


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


def line_of(order: Order, line_no: int) -> Line:
    """One line by its number; raises `NotFound` item_not_found."""
    for line in order.lines:
        if line.line_no == line_no:
            return line
    raise NotFound("The order has no such line.", code="item_not_found")
