"""The audit log: who did what to whom. Written in the transaction of what was done, never changed, never deleted.

What customers and other systems do to orders is in the journey; here is what people of the house do, with accounts and
keys too, and what is done from the command line.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog
from flask import Flask, current_app
from sqlalchemy import DateTime, Index, String, func, insert, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from oms.extensions import Base
from oms.ids import first_id, new_id

PEOPLE = frozenset({"staff", "admin"})
SUBJECTS = ("order", "user", "api_key", "dead_letter", "job", "session", "webhook")
_ADDRESS = "oms_caller_address"


class AuditEntry(Base):
    """One thing somebody did. `request_id` and `address` are of the request, where there was one."""

    __tablename__ = "audit_entries"

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    actor_id: Mapped[str] = mapped_column(String(50))
    actor_kind: Mapped[str] = mapped_column(String(10))
    action: Mapped[str] = mapped_column(String(50))
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(String(200))
    details: Mapped[Any | None] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(128))
    address: Mapped[str | None] = mapped_column(String(45))

    __table_args__ = (
        Index("ix_audit_entries_actor", "actor_id", "id"),
        Index("ix_audit_entries_actor_action", "actor_id", "action", "id"),
        Index("ix_audit_entries_action", "action", "id"),
        Index("ix_audit_entries_subject", "subject_id", "id"),
    )


class Author(Protocol):
    """Who did it: an `Actor` of the accounts."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Subject:
    """What it was done to: one of `SUBJECTS`, and its id."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for; what is None is not asked about. `since` is within, `until` is not."""

    actor_id: str | None = None
    action: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `next_cursor` is None on the last page."""

    entries: Sequence[AuditEntry]
    next_cursor: str | None


# For a statement that writes an order and its entry together; fed by :audited, a document of `row`.
INSERT = """
    audited AS (
        INSERT INTO audit_entries (id, actor_id, actor_kind, action, subject_kind, subject_id, details, request_id,
            address)
        SELECT id, actor_id, actor_kind, action, subject_kind, subject_id, details, request_id, address
        FROM jsonb_to_record(CAST(:audited AS jsonb)) AS entry (id text, actor_id text, actor_kind text, action text,
            subject_kind text, subject_id text, details json, request_id text, address text)
    )
"""


def bind_addresses(app: Flask, address: Callable[[], str | None]) -> None:
    """Tell where the address of the current request's caller is to be had; it is asked for only when one is written."""
    app.extensions[_ADDRESS] = address


def row(author: Author, action: str, subject: Subject, details: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An entry's columns. `details` never hold a secret."""
    address = current_app.extensions.get(_ADDRESS)
    return {
        "id": new_id(),
        "actor_id": author.id,
        "actor_kind": author.kind,
        "action": action,
        "subject_kind": subject.kind,
        "subject_id": subject.id,
        "details": dict(details) if details else None,
        "request_id": structlog.contextvars.get_contextvars().get("request_id"),
        "address": address() if address else None,
    }


def record(
    session: Session, author: Author, action: str, subject: Subject, details: Mapping[str, Any] | None = None
) -> None:
    """Write that `author` did this, in the caller's transaction."""
    record_all(session, author, action, [(subject, details)])


def record_all(
    session: Session, author: Author, action: str, subjects: Sequence[tuple[Subject, Mapping[str, Any] | None]]
) -> None:
    """The same for many subjects, each with its details, in one statement."""
    if subjects:
        session.execute(insert(AuditEntry), [row(author, action, subject, details) for subject, details in subjects])


def page(session: Session, filters: Filters, limit: int, before: str | None = None) -> Page:
    """A page of entries, newest first; `before` is the cursor of the page before."""
    entry: Any = AuditEntry
    if filters.subject_id is not None:
        # Little is ever done to one subject, so it chooses the index, whatever else is asked.
        of_it = select(AuditEntry).where(AuditEntry.subject_id == filters.subject_id).order_by(AuditEntry.id.desc())
        entry = aliased(AuditEntry, of_it.offset(0).subquery())
    query = select(entry).order_by(entry.id.desc()).limit(limit + 1)
    for column, wanted in ((entry.actor_id, filters.actor_id), (entry.action, filters.action)):
        if wanted is not None:
            query = query.where(column == wanted)
    if filters.since is not None:
        query = query.where(entry.id >= first_id(filters.since))
    if filters.until is not None:
        query = query.where(entry.id < first_id(filters.until))
    if before is not None:
        query = query.where(entry.id < before)
    entries = session.scalars(query).all()
    return Page(entries[:limit], entries[limit - 1].id if len(entries) > limit else None)
