"""Sign in, stay signed in, sign out.

A token pair belongs to a family: one sign-in and everything rotated out of it. A refresh token works once; showing it
again ends the whole family, because either the thief or the owner is holding a copy.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import ColumnElement, String, exists, func, insert, literal, select, update
from sqlalchemy.orm import Session

from oms import audit, transactions
from oms.accounts import emails, passwords, sessions, tokens, users
from oms.accounts.actor import Actor, Kind
from oms.accounts.credentials import Credential
from oms.accounts.models import TokenFamily, User
from oms.accounts.tokens import Claims, Grant
from oms.driver_sql import Executor
from oms.errors import Forbidden, Unauthenticated
from oms.extensions import settings
from oms.ids import new_id

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProvenUser:
    """Somebody who knew his password, as it was set at `password_changed_at`; `upgraded_hash` is to replace an old one.

    A password that changes in the meantime makes it worthless.
    """

    id: str
    password_changed_at: datetime | None
    upgraded_hash: str | None = None


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """A change whose hashing is done: the owner has shown the old password, and the new one keeps the rules."""

    user: ProvenUser
    new_hash: str


def authenticate(email: str, password: str) -> ProvenUser:
    """Check a password, outside of any transaction: it takes 40 ms, for a user who doesn't exist as well.

    Raises `Unauthenticated` (invalid_grant), the same for every reason.
    """
    address = emails.normalise(email)
    found = _stored(User.email == address) if emails.is_address(address) else None
    return _proven(found, password) or _refuse()


def open_family(session: Session, user: ProvenUser) -> Grant:
    """Start a session for somebody who has just proven who he is. Raises `Unauthenticated` (invalid_grant)."""
    unchanged = User.password_changed_at.is_not_distinct_from(user.password_changed_at)
    if user.upgraded_hash:
        session.execute(update(User).where(User.id == user.id, unchanged).values(password_hash=user.upgraded_hash))
    return _open(session, user.id, unchanged)


def open_firebase_family(session: Session, shown: Credential) -> Grant:
    """Start a session for whom Firebase vouches, with a new account on first use.

    Raises `Unauthenticated` (invalid_grant) when the account is disabled.
    """
    return _open(session, users.admit(session, shown))


def open_console_family(session: Session, user: ProvenUser) -> Grant:
    """The same for the console: for staff and admins, and as long as `prolong` keeps it alive."""
    unchanged = User.password_changed_at.is_not_distinct_from(user.password_changed_at)
    grant = _open(session, user.id, unchanged, User.role.in_(("staff", "admin")), lifetime=_idle())
    actor = Actor(user.id, cast(Kind, users.find(session, user.id).role))
    audit.record(session, actor, "console.signed_in", audit.Subject("user", user.id))
    return grant


def prolong(on: Executor, family_id: str) -> None:
    """A session of the console is used: its idle time begins anew. It is written once a minute at most."""
    on.execute(
        update(TokenFamily)
        .where(
            TokenFamily.id == family_id,
            TokenFamily.revoked_at.is_(None),
            TokenFamily.expires_at.between(func.now(), func.now() + _idle() - timedelta(minutes=1)),
        )
        .values(expires_at=func.now() + _idle())
    )


def refresh_claims(refresh_token: str) -> Claims:
    """Raises `Unauthenticated` (invalid_grant)."""
    try:
        return tokens.verify(refresh_token, "refresh")
    except Unauthenticated as error:
        raise refusal(error.detail) from error


def rotate(session: Session, claims: Claims) -> Grant | None:
    """Trade a refresh token for the right to the next pair. None: refuse it, once this transaction is committed.

    None and no exception, because a token that was shown before ends its family, and that has to stay.
    """
    fresh_jti = new_id()
    rotated = session.scalars(
        update(TokenFamily)
        .where(
            TokenFamily.id == claims.family_id,
            TokenFamily.current_jti == claims.jti,
            TokenFamily.revoked_at.is_(None),
            TokenFamily.expires_at > func.now(),
            exists().where(User.id == TokenFamily.user_id, User.is_active),
        )
        .values(current_jti=fresh_jti, expires_at=func.now() + _lifetime())
        .returning(TokenFamily.user_id)
    ).one_or_none()
    if rotated is not None:
        return Grant(rotated, claims.family_id, fresh_jti)
    if sessions.end_family(session, claims.family_id, "reuse"):
        _log.warning("refresh_token_reused", user_id=claims.user_id, family_id=claims.family_id)
    return None


def granted(grant: Grant | None) -> Grant:
    """What `rotate` gave, after its commit; raises `Unauthenticated` (invalid_grant) for None."""
    if grant is None:
        raise refusal("The refresh token has been used before or its session has ended; sign in again.")
    return grant


def log_out(session: Session, family_id: str | None) -> None:
    """End the caller's session; raises `Forbidden` (no_session) for credentials that have none."""
    if family_id is None:
        raise Forbidden("Only our own tokens can be logged out here.", code="no_session")
    sessions.end_family(session, family_id, "logout")


def prepare_password_change(user_id: str, current: str, new: str) -> PasswordChange:
    """Check the old password and hash the new one, outside of any transaction.

    Raises `Forbidden` (wrong_password) or `Invalid` (invalid_password, invalid_characters).
    """
    passwords.check_rules(new, "/new_password")
    user = _proven(_stored(User.id == user_id), current)
    if user is None:
        raise _wrong_password()
    return PasswordChange(user, passwords.hash_password(new))


def change_password(session: Session, change: PasswordChange) -> None:
    """Set the new password and end every session of the user. Raises `Forbidden` (wrong_password)."""
    changed = session.execute(
        update(User)
        .where(
            User.id == change.user.id,
            User.password_changed_at.is_not_distinct_from(change.user.password_changed_at),
        )
        .values(password_hash=change.new_hash, password_changed_at=func.now())
        .returning(User.id)
    ).one_or_none()
    if changed is None:
        raise _wrong_password()
    sessions.end_families(session, change.user.id, "password_changed")


def refusal(detail: str) -> Unauthenticated:
    """`invalid_grant`, also in the member `error` where OAuth2 clients look for it."""
    return Unauthenticated(detail, code="invalid_grant", error="invalid_grant")


@dataclass(frozen=True, slots=True)
class _Stored:
    id: str
    password_hash: str | None
    password_changed_at: datetime | None
    is_active: bool


def _stored(which: ColumnElement[bool]) -> _Stored | None:
    query = select(User.id, User.password_hash, User.password_changed_at, User.is_active).where(which)
    row = transactions.read(lambda session: session.execute(query).one_or_none())
    return _Stored(*row) if row else None


def _proven(found: _Stored | None, password: str) -> ProvenUser | None:
    stored_hash = found.password_hash if found else None
    if not passwords.verify(password, stored_hash) or found is None or stored_hash is None or not found.is_active:
        return None
    upgraded = passwords.hash_password(password) if passwords.needs_upgrade(stored_hash) else None
    return ProvenUser(found.id, found.password_changed_at, upgraded)


def _refuse() -> ProvenUser:
    raise refusal("The e-mail address or the password is wrong.")


def _wrong_password() -> Forbidden:
    return Forbidden("The current password is wrong.", code="wrong_password")


def _open(session: Session, user_id: str, *conditions: ColumnElement[bool], lifetime: timedelta | None = None) -> Grant:
    # The share lock makes a password change or a disabling wait for us or us for it: it ends this family too, or
    # finds us too late.
    family_id, jti = new_id(), new_id()
    source = (
        select(literal(family_id, String), User.id, literal(jti, String), func.now() + (lifetime or _lifetime()))
        .where(User.id == user_id, User.is_active, *conditions)
        .with_for_update(read=True)
    )
    columns = [TokenFamily.id, TokenFamily.user_id, TokenFamily.current_jti, TokenFamily.expires_at]
    opened = session.execute(insert(TokenFamily).from_select(columns, source).returning(TokenFamily.id)).one_or_none()
    if opened is None:
        raise refusal("The account has changed meanwhile or is disabled; sign in again.")
    return Grant(user_id, family_id, jti)


def _lifetime() -> timedelta:
    """A family lives as long as its newest token; every rotation starts the time anew."""
    return timedelta(minutes=max(settings().jwt_refresh_minutes, settings().jwt_access_minutes))


def _idle() -> timedelta:
    return timedelta(minutes=settings().console_idle_minutes)
