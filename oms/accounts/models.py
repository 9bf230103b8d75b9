"""Tables: people, the token families of their sessions, filters they keep, and the keys of other systems."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from oms.accounts.actor import ROLES, SCOPES
from oms.extensions import Base


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


class User(Base):
    """A person. `email` is normalised (`emails.normalise`) and null for those known to Firebase only."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email"),
        UniqueConstraint("firebase_uid"),
        CheckConstraint(f"role IN ({_quoted(ROLES)})", name="role"),
        # For the sweep, which looks for what has changed in the last minutes.
        Index("ix_users_admins", "created_at", "id", postgresql_where=text("role = 'admin'")),
        Index("ix_users_changed_firebase", "updated_at", postgresql_where=text("firebase_uid IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(String(50), primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254))
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    firebase_uid: Mapped[str | None] = mapped_column(String(128))
    role: Mapped[str] = mapped_column(String(20), server_default="customer")
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class TokenFamily(Base):
    """One sign-in and all pairs that were rotated out of it; `current_jti` is the only refresh token still good."""

    __tablename__ = "token_families"
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", name="revoked_with_reason"),
        Index(None, "user_id"),
        Index(None, "expires_at"),
        Index("ix_token_families_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    current_jti: Mapped[str] = mapped_column(String(26))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_reason: Mapped[str | None] = mapped_column(String(20))


class ApiKey(Base):
    """Another system's way in. Only the SHA-256 of its 256 random bits is kept: nothing slower protects more."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("cardinality(scopes) > 0", name="some_scope"),
        CheckConstraint(f"scopes <@ ARRAY[{_quoted(SCOPES)}]::text[]", name="known_scopes"),
        Index("ix_api_keys_revoked_at", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SavedFilter(Base):
    """A filter of a list that somebody keeps under a name of his own; `query` as it stands in the page's address."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
