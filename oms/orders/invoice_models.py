"""The tables of the shop's book: numbered documents that are written once.

They are keyed by their number and not by the order: the numbers of a series have no gaps, whichever orders they are
about. The order carries the number of its invoice, a refund that of its credit note.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, String, func
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column

from oms.extensions import Base

KINDS = ("invoice", "credit_note", "refund_voucher")


class InvoiceSeries(Base):
    """The last number given out in a series; its row is the lock under which the next one is."""

    __tablename__ = "invoice_series"

    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)


class Invoice(Base):
    """A document as it was issued; a trigger refuses every change (migration 0002).

    A credit note is about an invoice. What goes back before there is one gets a refund voucher: the invoice that comes
    later does not charge for it.
    """

    __tablename__ = "invoices"

    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(14))
    order_id: Mapped[str] = mapped_column(String(50))
    document: Mapped[Any] = mapped_column(JSON)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        CheckConstraint("kind IN ('invoice', 'credit_note', 'refund_voucher')", name="kind"),
        CheckConstraint("number >= 1", name="number"),
        Index("ix_invoices_order_id", "order_id"),
    )
