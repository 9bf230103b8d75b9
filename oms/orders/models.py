"""The tables of the order aggregate. Each begins its primary key with order_id, so that an order's rows lie together
and the schema can be distributed by it. The checks are the database's last word on what code may get wrong; every one
has an upper bound too, since in PostgreSQL 'NaN'::numeric >= 0 is true.

Free-form documents are JSON, not JSONB: they come out as the text that went in, so an order's bytes are the same
whoever renders them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    desc,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON
from sqlalchemy.orm import Mapped, mapped_column

from oms.extensions import Base
from oms.orders.lifecycle import STATUSES

MONEY = Numeric(15, 3)
QUANTITY = Numeric(10, 3)
_MOMENT = DateTime(timezone=True)
_MAX_MONEY = "999999999999.999"
PAYMENT_MODES = ("cash", "cod", "card", "wallet", "online")
PAYMENT_STATUSES = ("pending", "authorized", "captured", "failed", "voided")
REFUND_STATUSES = ("created", "pending", "processed", "failed")
RETURN_STATUSES = ("requested", "accepted", "received", "closed", "rejected", "cancelled")
RETURN_REASONS = ("damaged", "wrong_item", "not_as_described", "changed_mind", "other")
RESOLUTIONS = ("refund", "exchange")


def _one_of(column: str, words: tuple[str, ...] | dict[str, str]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _order_key() -> Mapped[str]:
    return mapped_column(String(50), ForeignKey("orders.order_id"), primary_key=True)


class Adjusted:
    """What is added to or taken off a price, of a line or of the order. `tax_amount` is the part that is added."""

    discount: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    handling_charge: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    delivery_charge: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    packaging_charge: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    surge_charge: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    tax_amount: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    tax_lines: Mapped[Any | None] = mapped_column(JSON)


def _adjustment_checks() -> list[CheckConstraint]:
    columns = ("discount", "handling_charge", "delivery_charge", "packaging_charge", "surge_charge", "tax_amount")
    return [CheckConstraint(f"{name} >= 0 AND {name} <= {_MAX_MONEY}", name=name) for name in columns]


class OrderRow(Adjusted, Base):
    """The header. `version` counts every change; `document` is B's free-form items object."""

    __tablename__ = "orders"

    order_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    customer_id: Mapped[str] = mapped_column(String(50))
    creator_id: Mapped[str] = mapped_column(String(50))
    facility_id: Mapped[str | None] = mapped_column(String(50))
    managed_by: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    total_amount: Mapped[Decimal] = mapped_column(MONEY)
    order_price: Mapped[Decimal | None] = mapped_column(MONEY)
    rounding_adjustment: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    order_datetime: Mapped[datetime] = mapped_column(_MOMENT)
    eta: Mapped[datetime | None] = mapped_column(_MOMENT)
    address: Mapped[Any | None] = mapped_column(JSON)
    metadata_: Mapped[Any | None] = mapped_column("metadata", JSON)
    document: Mapped[Any | None] = mapped_column(JSON)
    invoice_number: Mapped[str | None] = mapped_column(String(60))
    exchange_of: Mapped[str | None] = mapped_column(String(50))
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())

    __table_args__ = (
        CheckConstraint("order_id ~ '^[A-Za-z0-9._:-]{1,50}$' AND order_id <> 'user'", name="order_id"),
        CheckConstraint(_one_of("status", STATUSES), name="status"),
        CheckConstraint(_one_of("managed_by", ("owner", "operator")), name="managed_by"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint(f"total_amount >= 0 AND total_amount <= {_MAX_MONEY}", name="total_amount"),
        CheckConstraint(f"order_price >= 0 AND order_price <= {_MAX_MONEY}", name="order_price"),
        CheckConstraint("rounding_adjustment >= -0.10 AND rounding_adjustment <= 0.10", name="rounding_adjustment"),
        CheckConstraint("version >= 1", name="version"),
        *_adjustment_checks(),
        # What filters a customer's orders is beside his key, so that no order is read that the filter drops.
        Index(
            "ix_orders_customer_newest",
            "customer_id",
            desc("created_at"),
            desc("order_id"),
            postgresql_include=["status", "facility_id"],
        ),
        Index("ix_orders_facility_status", "facility_id", "status", desc("created_at"), desc("order_id")),
        Index("ix_orders_status", "status", desc("created_at"), desc("order_id")),
        Index("ix_orders_order_id_prefix", "order_id", postgresql_ops={"order_id": "text_pattern_ops"}),
        Index(
            "ix_orders_phone_newest",
            text("(address ->> 'phone')"),
            desc("created_at"),
            desc("order_id"),
            postgresql_where=text("address ->> 'phone' IS NOT NULL"),
        ),
    )


class OrderItem(Adjusted, Base):
    """A line. Quantities other than the ordered one only grow."""

    __tablename__ = "order_items"

    order_id: Mapped[str] = _order_key()
    line_no: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    sku: Mapped[str] = mapped_column(String(100))
    name: Mapped[str | None] = mapped_column(String(300))
    quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    unit_price: Mapped[Decimal] = mapped_column(MONEY)
    sale_price: Mapped[Decimal] = mapped_column(MONEY)
    status: Mapped[str] = mapped_column(String(20))
    cancelled_quantity: Mapped[Decimal] = mapped_column(QUANTITY, server_default="0")
    shipped_quantity: Mapped[Decimal] = mapped_column(QUANTITY, server_default="0")
    delivered_quantity: Mapped[Decimal] = mapped_column(QUANTITY, server_default="0")
    returned_quantity: Mapped[Decimal] = mapped_column(QUANTITY, server_default="0")
    refunded_quantity: Mapped[Decimal] = mapped_column(QUANTITY, server_default="0")
    return_window_days: Mapped[int | None] = mapped_column(SmallInteger)
    delivered_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    metadata_: Mapped[Any | None] = mapped_column("metadata", JSON)

    __table_args__ = (
        CheckConstraint("line_no >= 1", name="line_no"),
        CheckConstraint(_one_of("status", STATUSES), name="status"),
        CheckConstraint("quantity > 0 AND quantity <= 9999999.999", name="quantity"),
        CheckConstraint(f"unit_price >= 0 AND unit_price <= {_MAX_MONEY}", name="unit_price"),
        CheckConstraint(f"sale_price >= 0 AND sale_price <= {_MAX_MONEY}", name="sale_price"),
        CheckConstraint(
            "cancelled_quantity >= 0 AND shipped_quantity >= 0 AND cancelled_quantity + shipped_quantity <= quantity",
            name="shipped_within_ordered",
        ),
        CheckConstraint(
            "delivered_quantity >= 0 AND delivered_quantity <= shipped_quantity", name="delivered_within_shipped"
        ),
        CheckConstraint(
            "returned_quantity >= 0 AND returned_quantity <= delivered_quantity", name="returned_within_delivered"
        ),
        CheckConstraint(
            "refunded_quantity >= 0 AND cancelled_quantity + refunded_quantity <= quantity",
            name="refunded_within_ordered",
        ),
        CheckConstraint("return_window_days >= 0", name="return_window_days"),
        *_adjustment_checks(),
        Index("ix_order_items_sku_order", "sku", "order_id"),
    )


class OrderJourneyRow(Base):
    """Append-only. `seq` is the order's version after the step: a total order without clocks.

    Partitioned by months (`oms.partitions`), so the time is in the key; the lock on the order keeps `seq` from coming
    twice.

    `event` names a step that is not a move along the lifecycle (`payment.captured`); the status is then what it was.
    """

    __tablename__ = "order_journey"

    order_id: Mapped[str] = _order_key()
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    line_no: Mapped[int | None] = mapped_column(SmallInteger)
    current_status: Mapped[str] = mapped_column(String(20))
    previous_status: Mapped[str | None] = mapped_column(String(20))
    skipped: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    event: Mapped[str | None] = mapped_column(String(30))
    details: Mapped[Any | None] = mapped_column(JSON)
    actor_id: Mapped[str] = mapped_column(String(50))
    actor_type: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(100))
    remarks: Mapped[str | None] = mapped_column(String(1000))
    created_at: Mapped[datetime] = mapped_column(_MOMENT, primary_key=True, server_default=func.now())

    __table_args__ = (
        CheckConstraint(_one_of("current_status", STATUSES), name="current_status"),
        CheckConstraint(_one_of("previous_status", STATUSES), name="previous_status"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )


class Payment(Base):
    """One part of what is paid. An attested one is a customer's word (B's `PAID`): no refund can be drawn from it."""

    __tablename__ = "payments"

    order_id: Mapped[str] = _order_key()
    payment_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    mode: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    captured_amount: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    refunded_amount: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    reserved_amount: Mapped[Decimal] = mapped_column(MONEY, server_default="0")
    attested: Mapped[bool] = mapped_column(server_default=text("false"))
    create_payment_order: Mapped[bool] = mapped_column(server_default=text("false"))
    provider: Mapped[str] = mapped_column(String(20), server_default="manual")
    provider_order_id: Mapped[str | None] = mapped_column(String(255))
    provider_payment_id: Mapped[str | None] = mapped_column(String(255))
    asked_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())

    __table_args__ = (
        CheckConstraint(_one_of("mode", PAYMENT_MODES), name="mode"),
        CheckConstraint(_one_of("status", PAYMENT_STATUSES), name="status"),
        CheckConstraint(f"amount >= 0 AND amount <= {_MAX_MONEY}", name="amount"),
        CheckConstraint(f"captured_amount >= 0 AND captured_amount <= {_MAX_MONEY}", name="captured_amount"),
        CheckConstraint(
            "refunded_amount >= 0 AND reserved_amount >= 0 AND refunded_amount + reserved_amount <= captured_amount",
            name="refunds_within_captured",
        ),
        Index(
            "ix_payments_unsettled",
            "created_at",
            postgresql_where=text("provider_order_id IS NOT NULL AND status IN ('pending', 'authorized')"),
        ),
        Index(
            "ix_payments_provider_order", "provider_order_id", postgresql_where=text("provider_order_id IS NOT NULL")
        ),
        Index(
            "ix_payments_provider_payment",
            "provider_payment_id",
            postgresql_where=text("provider_payment_id IS NOT NULL"),
        ),
    )


class Refund(Base):
    """What one payment gives to a refund; `refund_id` is the same for all that share one.

    The same cause can never refund a payment twice. `next_attempt_at` is when the provider is asked (again); there is
    none for money that a person has to give back (`by_hand`).
    """

    __tablename__ = "refunds"

    order_id: Mapped[str] = _order_key()
    refund_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    payment_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    cause: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str | None] = mapped_column(String(100))
    remarks: Mapped[str | None] = mapped_column(String(1000))
    status: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal] = mapped_column(MONEY)
    items: Mapped[Any | None] = mapped_column(JSON)
    credit_note_number: Mapped[str | None] = mapped_column(String(60))
    provider_refund_id: Mapped[str | None] = mapped_column(String(255))
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    key_no: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    next_attempt_at: Mapped[datetime | None] = mapped_column(_MOMENT)
    error: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())

    __table_args__ = (
        UniqueConstraint("order_id", "payment_id", "cause", name="uq_refunds_cause"),
        CheckConstraint(_one_of("status", REFUND_STATUSES), name="status"),
        CheckConstraint(f"amount > 0 AND amount <= {_MAX_MONEY}", name="amount"),
        Index("ix_refunds_due", "next_attempt_at", postgresql_where=text("status IN ('created', 'pending')")),
        Index("ix_refunds_failed", "created_at", postgresql_where=text("status = 'failed'")),
    )


class ReturnRequest(Base):
    """A customer wants to send something back, for its money or for another one of it."""

    __tablename__ = "return_requests"

    order_id: Mapped[str] = _order_key()
    return_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20))
    remarks: Mapped[str | None] = mapped_column(String(1000))
    resolution: Mapped[str] = mapped_column(String(10), server_default="refund")
    replacement_order_id: Mapped[str | None] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())

    __table_args__ = (
        CheckConstraint(_one_of("status", RETURN_STATUSES), name="status"),
        CheckConstraint(_one_of("reason", RETURN_REASONS), name="reason"),
        CheckConstraint(_one_of("resolution", RESOLUTIONS), name="resolution"),
    )


class ReturnItem(Base):
    """How much of which line a return request is about."""

    __tablename__ = "return_items"

    order_id: Mapped[str] = _order_key()
    return_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    line_no: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    quantity: Mapped[Decimal] = mapped_column(QUANTITY)
    accepted_quantity: Mapped[Decimal | None] = mapped_column(QUANTITY)
    condition: Mapped[str | None] = mapped_column(String(50))

    __table_args__ = (
        CheckConstraint("quantity > 0 AND quantity <= 9999999.999", name="quantity"),
        CheckConstraint("accepted_quantity >= 0 AND accepted_quantity <= quantity", name="accepted_within_requested"),
    )


class OrderProcessing(Base):
    """That the downstream step has taken an order in, once, however often its event arrived."""

    __tablename__ = "order_processing"

    order_id: Mapped[str] = mapped_column(String(50), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200))
    processed_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
