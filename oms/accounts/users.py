"""People's accounts: made, found, given a role, disabled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from oms import audit
from oms.accounts import emails, sessions
from oms.accounts.actor import Actor
from oms.accounts.credentials import Credential
from oms.accounts.models import User
from oms.errors import Conflict, NotFound
from oms.ids import new_id

_log = structlog.get_logger(__name__)
_COLUMNS = (User.id, User.email, User.role, User.is_active, User.created_at)


@dataclass(frozen=True, slots=True)
class Account:
    """What may be shown of a user; `email` is None for those whom only Firebase knows."""

    id: str
    email: str | None
    role: str
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Accounts, newest first; `next_cursor` is None on the last page."""

    users: Sequence[Account]
    next_cursor: str | None


def register(session: Session, email: str, password_hash: str | None, role: str = "customer") -> Account:
    """Make an account. Without a password it waits for Firebase to vouch for the address (`admit`).

    Hash the password before the transaction. Raises `Conflict` (email_taken) or `Invalid` (invalid_email).
    """
    account = _insert(
        session,
        email=emails.checked(email),
        password_hash=password_hash,
        password_changed_at=func.now() if password_hash else None,
        role=role,
    )
    if account is None:
        raise Conflict("There is already an account with this e-mail address.", code="email_taken")
    return account


def create(session: Session, actor: Actor, email: str, password_hash: str | None, role: str) -> Account:
    """`register` for somebody else. Raises like it."""
    account = register(session, email, password_hash, role)
    audit.record(session, actor, "user.created", _subject(account.id), {"email": account.email, "role": role})
    return account


def admit(session: Session, shown: Credential) -> str:
    """The id of the user behind a Firebase credential; a customer is made on first use.

    Addresses of accounts with a password were never verified here. Such an account is therefore neither handed to
    the Firebase user of that address (somebody else may have typed it in, and would know the password) nor taken from
    him: he gets an account of his own, without an address. Only an account that was made without a password
    (`flask oms create-user --firebase`) is linked, once.
    """
    uid, email = shown.id, shown.verified_email
    return (
        _firebase_user(session, uid)
        or (email and _link(session, uid, email))
        or _made_for_firebase(session, uid, email)
        or _made_for_firebase(session, uid, None)
        or _existing_firebase_user(session, uid)
    )


def find(session: Session, user_id: str) -> Account:
    """Raises `NotFound`."""
    return _found(session.execute(select(*_COLUMNS).where(User.id == user_id)).one_or_none())


def find_by_email(session: Session, email: str) -> Account:
    """Raises `NotFound`."""
    return _found(session.execute(select(*_COLUMNS).where(User.email == emails.normalise(email))).one_or_none())


def addresses(session: Session, user_ids: Sequence[str]) -> dict[str, str]:
    """The e-mail addresses of those who have one, by their ids."""
    rows = session.execute(select(User.id, User.email).where(User.id.in_(user_ids), User.email.is_not(None)))
    return {row.id: row.email for row in rows}


def first_admin(session: Session) -> Account | None:
    """The oldest admin who is active, if there is one."""
    admins = select(*_COLUMNS).where(User.role == "admin", User.is_active).order_by(User.created_at, User.id).limit(1)
    row = session.execute(admins).one_or_none()
    return Account(*row) if row else None


def page(session: Session, limit: int, after: str | None = None, email: str | None = None) -> AccountPage:
    """Newest first, by id (ULIDs follow time); `after` is the cursor of the page before, `email` finds one address."""
    query = select(*_COLUMNS).order_by(User.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(User.id < after)
    if email is not None:
        query = query.where(User.email == emails.normalise(email))
    accounts = [Account(*row) for row in session.execute(query)]
    return AccountPage(accounts[:limit], accounts[limit - 1].id if len(accounts) > limit else None)


def change(
    session: Session, actor: Actor, user_id: str, *, role: str | None = None, is_active: bool | None = None
) -> Account:
    """Give a role, disable or enable; what changes ends every session of the user.

    Raises `NotFound`, or `Conflict` (own_account): nobody locks himself out by mistake.
    """
    user = _locked(session, actor, user_id)
    before = user.role, user.is_active
    wanted = (user.role if role is None else role, user.is_active if is_active is None else is_active)
    if wanted != before:
        user.role, user.is_active = wanted
        session.flush()
        _end_sessions(session, user)
        _record_change(session, actor, user, before)
        _log.info("account_changed", user_id=user.id, role=user.role, is_active=user.is_active, by=actor.id)
    return Account(user.id, user.email, user.role, user.is_active, user.created_at)


def reset_password(session: Session, actor: Actor, user_id: str, password_hash: str) -> Account:
    """Give somebody else a new password; all his sessions end. Hash it before the transaction.

    Raises `NotFound`, or `Conflict` (own_account): one's own is changed by showing the old one.
    """
    user = _locked(session, actor, user_id)
    user.password_hash, user.password_changed_at = password_hash, func.now()
    session.flush()
    _end_sessions(session, user)
    audit.record(session, actor, "user.password_reset", _subject(user_id))
    return Account(user.id, user.email, user.role, user.is_active, user.created_at)


def end_sessions(session: Session, actor: Actor, user_id: str) -> Account:
    """Sign somebody out everywhere. Raises `NotFound`."""
    account = find(session, user_id)
    sessions.end_families(session, user_id, "ended_by_admin")
    audit.record(session, actor, "user.sessions_ended", _subject(user_id))
    return account


def _locked(session: Session, actor: Actor, user_id: str) -> User:
    if actor.id == user_id:
        raise Conflict("Another admin has to change your account.", code="own_account")
    user = session.scalars(select(User).where(User.id == user_id).with_for_update()).one_or_none()
    if user is None:
        raise _unknown()
    return user


def _record_change(session: Session, actor: Actor, user: User, before: tuple[str, bool]) -> None:
    role, is_active = before
    action = "user.role_changed"
    if user.is_active != is_active:
        action = "user.enabled" if user.is_active else "user.disabled"
    details = {"from": role, "to": user.role} if user.role != role else None
    audit.record(session, actor, action, _subject(user.id), details)


def _subject(user_id: str) -> audit.Subject:
    return audit.Subject("user", user_id)


def _end_sessions(session: Session, user: User) -> None:
    sessions.end_families(session, user.id, "account_changed")
    if user.firebase_uid is not None:
        sessions.forget_firebase_user(session, user.firebase_uid)


def _insert(session: Session, **values: Any) -> Account | None:
    """None when the address or the uid is taken: the unique constraints decide between two at once."""
    statement = insert(User).values(id=new_id(), **values).on_conflict_do_nothing().returning(*_COLUMNS)
    row = session.execute(statement).one_or_none()
    return Account(*row) if row else None


def _firebase_user(session: Session, uid: str) -> str | None:
    return session.scalars(select(User.id).where(User.firebase_uid == uid)).one_or_none()


def _link(session: Session, uid: str, email: str) -> str | None:
    waiting: Sequence[ColumnElement[bool]] = (
        User.email == email,
        User.password_hash.is_(None),
        User.firebase_uid.is_(None),
    )
    return session.scalars(update(User).where(*waiting).values(firebase_uid=uid).returning(User.id)).one_or_none()


def _made_for_firebase(session: Session, uid: str, email: str | None) -> str | None:
    account = _insert(session, firebase_uid=uid, email=email)
    return account.id if account else None


def _existing_firebase_user(session: Session, uid: str) -> str:
    # Another request with the same uid was quicker; its commit is what our inserts waited for.
    return session.scalars(select(User.id).where(User.firebase_uid == uid)).one()


def _found(row: Row[Any] | None) -> Account:
    if row is None:
        raise _unknown()
    return Account(*row)


def _unknown() -> NotFound:
    return NotFound("There is no such user.", code="user_not_found")
