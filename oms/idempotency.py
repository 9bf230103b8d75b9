"""Stored answers: one caller, one key, one effect.

The answer is stored by the commit of the change; so it exists exactly when the change does. Only successes are kept:
what failed can be corrected and sent again with the same key. A change that takes several steps claims the key under an
advisory lock first; one that is a single statement finds in the same statement that the key is taken.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import DateTime, Index, LargeBinary, SmallInteger, String, Text, func, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from oms.errors import Conflict, Invalid
from oms.extensions import Base


class IdempotencyKey(Base):
    """A stored answer. `fingerprint` tells the same request from another one under the same key."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    location: Mapped[str | None] = mapped_column(Text)
    etag: Mapped[str | None] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_idempotency_keys_created", "created_at"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change answers: finished bytes, status, and the headers worth keeping."""

    body: bytes
    status: int = 200
    location: str | None = None
    etag: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A caller's key with the fingerprint of what he asks under it."""

    caller: str
    key: str
    fingerprint: bytes

    def take(self, session: Session) -> Answer | None:
        """Hold the key until the transaction ends; returns the stored answer if the work is done already.

        Raises `Conflict` idempotency_in_progress while another transaction holds it, `Invalid` idempotency_key_reused.
        """
        if not session.execute(_LOCK, {"lock": self._lock()}).scalar():
            raise _in_progress()
        # A statement of its own: its snapshot has to be younger than the lock.
        return self.stored(session)

    def stored(self, session: Session) -> Answer | None:
        """The stored answer, if the work is done; raises `Invalid` idempotency_key_reused."""
        stored = session.execute(_STORED, {"caller": self.caller, "key": self.key}).one_or_none()
        if stored is None:
            return None
        if bytes(stored.fingerprint) != self.fingerprint:
            raise Invalid("This key was used for another request.", code="idempotency_key_reused")
        return Answer(bytes(stored.body), stored.status, stored.location, stored.etag, replayed=True)

    def keep(self, session: Session, answer: Answer) -> None:
        """Store the answer beside the change it belongs to; raises `Conflict` idempotency_in_progress."""
        try:
            session.execute(_KEEP, self.row(answer))
        except IntegrityError as error:
            raise _in_progress() from error

    def row(self, answer: Answer) -> dict[str, Any]:
        """The parameters of `KEPT`."""
        return {
            "kept_caller": self.caller,
            "kept_key": self.key,
            "kept_fingerprint": self.fingerprint,
            "kept_status": answer.status,
            "kept_location": answer.location,
            "kept_etag": answer.etag,
            "kept_body": answer.body,
        }

    def _lock(self) -> int:
        digest = blake2b(f"{self.caller}\n{self.key}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


_LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")
_STORED = text("""
    SELECT fingerprint, status, location, etag, body FROM idempotency_keys WHERE caller = :caller AND key = :key
""")
_INSERT = """
    INSERT INTO idempotency_keys (caller, key, fingerprint, status, location, etag, body)
    VALUES (:kept_caller, :kept_key, :kept_fingerprint, :kept_status, :kept_location, :kept_etag, :kept_body)
"""
_KEEP = text(_INSERT)
# For a statement that writes a change and its answer together: `WITH ..., {KEPT} SELECT ...`.
KEPT = f"kept AS ({_INSERT})"
_PURGE = text("""
    DELETE FROM idempotency_keys WHERE created_at = ANY(ARRAY(
        SELECT created_at FROM idempotency_keys
        WHERE created_at < now() - interval '1 hour' * :hours ORDER BY created_at LIMIT :batch))
""")


def _in_progress() -> Conflict:
    return Conflict("The first request with this key is still running.", code="idempotency_in_progress", retry_after=1)


def purge(session: Session, hours: float, batch: int = 5000) -> int:
    """Forget answers older than `hours`, at most `batch` and others of the same moment; returns how many went."""
    return int(session.execute(_PURGE, {"hours": hours, "batch": batch}).rowcount)  # type: ignore[attr-defined]
