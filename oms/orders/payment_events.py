"""Callbacks of payment providers, each taken in once. What they said is kept in short; cards and people are not."""

from datetime import datetime

from sqlalchemy import DateTime, Index, String, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms.extensions import Base


class PaymentEvent(Base):
    """A callback by its provider's own id; `outcome` is what came of it."""

    __tablename__ = "payment_events"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    order_id: Mapped[str | None] = mapped_column(String(50))
    subject: Mapped[str | None] = mapped_column(String(255))
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_payment_events_received", "received_at"),)


_TAKE = text("""
    INSERT INTO payment_events (provider, event_id, kind, subject, occurred_at)
    VALUES (:provider, :event_id, :kind, :subject, :occurred_at) ON CONFLICT DO NOTHING RETURNING event_id
""")
_CLOSE = text("""
    UPDATE payment_events SET outcome = :outcome, order_id = :order_id
    WHERE provider = :provider AND event_id = :event_id
""")
_PURGE = text("""
    DELETE FROM payment_events WHERE received_at = ANY(ARRAY(
        SELECT received_at FROM payment_events
        WHERE received_at < now() - make_interval(days => :days) ORDER BY received_at LIMIT :batch))
""")


def take(session: Session, provider: str, event_id: str, kind: str, subject: str | None, occurred_at: datetime) -> bool:
    """Record a callback; False when it is here already. A second one at the same moment waits for the first."""
    parameters = {
        "provider": provider,
        "event_id": event_id,
        "kind": kind,
        "subject": subject,
        "occurred_at": occurred_at,
    }
    return session.execute(_TAKE, parameters).first() is not None


def close(session: Session, provider: str, event_id: str, outcome: str, order_id: str | None) -> None:
    """Say what came of it: applied, nothing_new or unmatched."""
    session.execute(_CLOSE, {"outcome": outcome, "order_id": order_id, "provider": provider, "event_id": event_id})


def purge(session: Session, days: int, batch: int = 5000) -> int:
    """Forget callbacks older than any provider's last repeat; returns how many went."""
    return int(session.execute(_PURGE, {"days": days, "batch": batch}).rowcount)  # type: ignore[attr-defined]
