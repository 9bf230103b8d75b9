"""The inbox: which events a consumer has dealt with. A row is written in the transaction of the event's effect, so that
an event that arrives again (a crash before the offset was committed, a producer that sent twice) has no second effect.

Rows must outlive what Kafka can deliver again: keep them longer than the topics keep messages.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import DateTime, Index, String, func, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms.extensions import Base

MAX_EVENT_ID = 200


class InboxEvent(Base):
    """One event one consumer has dealt with."""

    __tablename__ = "inbox_events"

    consumer: Mapped[str] = mapped_column(String(100), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(MAX_EVENT_ID), primary_key=True)
    topic: Mapped[str] = mapped_column(String(249))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_inbox_events_received", "received_at"),)


# Sorted, so that two consumers that meet the same events wait for each other instead of locking each other up.
_ENTER = text("""
    INSERT INTO inbox_events (consumer, event_id, topic)
    SELECT :consumer, event_id, topic
    FROM unnest(CAST(:event_ids AS text[]), CAST(:topics AS text[])) AS arrived (event_id, topic)
    ORDER BY event_id
    ON CONFLICT DO NOTHING RETURNING event_id
""")
_FORGET = text("DELETE FROM inbox_events WHERE consumer = :consumer AND event_id = :event_id")
_PURGE = text("""
    DELETE FROM inbox_events WHERE received_at = ANY(ARRAY(
        SELECT received_at FROM inbox_events
        WHERE received_at < now() - make_interval(days => :days) ORDER BY received_at LIMIT :batch))
""")


def enter(session: Session, consumer: str, events: Mapping[str, str]) -> set[str]:
    """Enter events (topic by event id) in one statement; returns the ids of those that are new.

    Waits for another transaction that is entering one of them, until that has ended one way or the other.
    """
    parameters = {"consumer": consumer, "event_ids": list(events), "topics": list(events.values())}
    return set(session.execute(_ENTER, parameters).scalars())


def seen(session: Session, consumer: str, event_id: str, topic: str) -> bool:
    """Enter one event; True when it was there before."""
    return not enter(session, consumer, {event_id: topic})


def forget(session: Session, consumer: str, event_id: str) -> None:
    """Take an event out again, so that it can be dealt with once more."""
    session.execute(_FORGET, {"consumer": consumer, "event_id": event_id})


def purge(session: Session, days: int, batch: int = 5000) -> int:
    """Delete rows older than `days`, at most `batch` and others of the same moment; returns how many went."""
    return int(session.execute(_PURGE, {"days": days, "batch": batch}).rowcount)  # type: ignore[attr-defined]
