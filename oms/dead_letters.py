"""Messages that could not be handled: kept here for people, and sent to `<topic>.dlq` for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, LargeBinary, String, Text, func, select, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms.extensions import Base


class DeadLetter(Base):
    """One message as it arrived, and why it was set aside."""

    __tablename__ = "dead_letters"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    consumer: Mapped[str] = mapped_column(String(100))
    event_id: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(249))
    partition: Mapped[int] = mapped_column(Integer)
    offset_: Mapped[int] = mapped_column("offset", BigInteger)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    headers: Mapped[Any] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    replayed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_dead_letters_waiting", "id", postgresql_where=text("replayed_at IS NULL")),
        Index("uq_dead_letters_event", "consumer", "event_id", unique=True),
    )


@dataclass(frozen=True, slots=True)
class Where:
    """Which dead letters: of one topic, or all; waiting ones, or all."""

    topic: str | None = None
    replayed: bool = False


def waiting(session: Session) -> int:
    """How many have not been replayed."""
    return int(session.execute(text("SELECT count(*) FROM dead_letters WHERE replayed_at IS NULL")).scalar_one())


def found(session: Session, where: Where, limit: int = 100) -> Sequence[DeadLetter]:
    """Oldest first."""
    query = select(DeadLetter).order_by(DeadLetter.id).limit(limit)
    if where.topic:
        query = query.where(DeadLetter.topic == where.topic)
    if not where.replayed:
        query = query.where(DeadLetter.replayed_at.is_(None))
    return session.scalars(query).all()
