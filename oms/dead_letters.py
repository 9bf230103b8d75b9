"""Messages that could not be handled: kept here for people, and sent to `<topic>.dlq` for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, LargeBinary, String, Text, func, select, text
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms import audit
from oms.audit import Author
from oms.errors import NotFound
from oms.extensions import Base

WAITS = "replayed_at IS NULL AND discarded_at IS NULL"


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
    discarded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    discard_reason: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (
        Index("ix_dead_letters_open", "id", postgresql_where=text(WAITS)),
        Index("ix_dead_letters_topic", "topic", "id", postgresql_where=text(WAITS)),
        Index("uq_dead_letters_event", "consumer", "event_id", unique=True),
    )


@dataclass(frozen=True, slots=True)
class Where:
    """Which dead letters: of one topic, or all; waiting ones, or all; those after an id, or from the first on."""

    topic: str | None = None
    replayed: bool = False
    after: int = 0


def waiting(session: Session) -> int:
    """How many have been neither replayed nor discarded."""
    return int(session.scalar(select(func.count()).select_from(DeadLetter).where(text(WAITS))) or 0)


def found(session: Session, where: Where, limit: int = 100) -> Sequence[DeadLetter]:
    """Oldest first."""
    query = select(DeadLetter).where(DeadLetter.id > where.after).order_by(DeadLetter.id).limit(limit)
    if where.topic:
        query = query.where(DeadLetter.topic == where.topic)
    if not where.replayed:
        query = query.where(text(WAITS))
    return session.scalars(query).all()


def topics(session: Session) -> list[str]:
    """The topics of those that wait, by name: one look into the index for each."""
    return list(session.scalars(_TOPICS))


_TOPICS = text("""
    WITH RECURSIVE known (topic) AS (
        (SELECT min(topic) FROM dead_letters WHERE replayed_at IS NULL AND discarded_at IS NULL)
        UNION ALL
        SELECT (SELECT min(topic) FROM dead_letters
            WHERE replayed_at IS NULL AND discarded_at IS NULL AND dead_letters.topic > known.topic)
        FROM known WHERE topic IS NOT NULL
    ) SELECT topic FROM known WHERE topic IS NOT NULL
""")


def get(session: Session, letter_id: int) -> DeadLetter:
    """Raises `NotFound`."""
    letter = session.get(DeadLetter, letter_id)
    if letter is None:
        raise NotFound("There is no such dead letter.", code="dead_letter_not_found")
    return letter


def discard(session: Session, author: Author, letter_id: int, reason: str) -> bool:
    """Give a message up for good, the row stays; False when none of this id waits."""
    letter = locked(session, letter_id)
    if letter is None:
        return False
    letter.discarded_at, letter.discard_reason = func.now(), reason
    record(session, author, "dead_letter.discarded", letter, reason=reason)
    return True


def locked(session: Session, letter_id: int) -> DeadLetter | None:
    """The letter, if it waits, until the transaction ends."""
    which = select(DeadLetter).where(DeadLetter.id == letter_id, text(WAITS)).with_for_update()
    return session.scalars(which).one_or_none()


def record(session: Session, author: Author, action: str, letter: DeadLetter, **details: str) -> None:
    """What was done to a letter, for the audit log."""
    told = {"topic": letter.topic, "event_id": letter.event_id, **details}
    audit.record(session, author, action, audit.Subject("dead_letter", str(letter.id)), told)
