"""Is a credential still good, and who is behind it?

PostgreSQL holds the truth. Redis holds a copy of a good answer for a minute, so that most requests ask PostgreSQL
nothing. What ends a session is committed first and then written over the copy:

* `revoked` is final: this token family or API key never works again;
* `changed` says: ask PostgreSQL (a Firebase user's role or state is another now, but the uid may well go on).

A copy is only ever written where there is nothing (NX), so a reader who was slow can't bring an old answer back over
a mark. When Redis is away, PostgreSQL is asked each time; marks that could not be written are repeated by
`remark_recent`.
"""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import orjson
import redis
from sqlalchemy import Select, and_, func, literal, or_, select, text, union_all, update
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import ColumnElement

from oms import redis_guard, transactions
from oms.accounts.actor import Actor, Kind
from oms.accounts.credentials import Credential
from oms.accounts.models import ApiKey, TokenFamily, User
from oms.errors import Unauthenticated
from oms.extensions import redis_client, settings

COPY_SECONDS = 60
REVOKED = b"revoked"
CHANGED = b"changed"
_ENDED = {
    "token": ("The session has ended; sign in again.", "token_revoked"),
    "api_key": ("The API key is not valid.", "api_key_invalid"),
    "firebase": ("The account is disabled.", "account_disabled"),
}


class FirstUse(Unauthenticated):
    """A genuine Firebase token of somebody we have not met: a door makes the account (`users.admit`) and asks again."""

    code = "account_unknown"


@dataclass(frozen=True, slots=True)
class _Standing:
    """What PostgreSQL knows about a good credential. `until` is Unix time, and `proof` the hash of a key's secret."""

    id: str
    kind: Kind
    scopes: tuple[str, ...] = ()
    proof: str | None = None
    until: float | None = None


def cache_key(credential: Credential) -> str:
    """Where Redis may hold a copy of the answer."""
    return _key(credential.kind, credential.id)


def resolve(credential: Credential, cached: bytes | None) -> Actor:
    """Who acts; `cached` is what Redis holds under `cache_key` (None: nothing, or Redis is away).

    Raises `Unauthenticated` (token_revoked, api_key_invalid, account_disabled), `FirstUse`, or `Unavailable` when
    PostgreSQL would have to be asked and is away.
    """
    if cached == REVOKED:
        raise _ended(credential)
    standing = _copied(cached) or _ask(credential)
    _check(credential, standing)
    family_id = credential.id if credential.kind == "token" else None
    return Actor(standing.id, standing.kind, frozenset(standing.scopes), family_id)


def end_family(session: Session, family_id: str, reason: str) -> bool:
    """Revoke one token family; True if it was alive. The mark in Redis follows the commit."""
    return bool(_end(session, TokenFamily.id == family_id, reason))


def end_families(session: Session, user_id: str, reason: str) -> None:
    """Revoke every token family of a user."""
    _end(session, TokenFamily.user_id == user_id, reason)


def end_api_key(session: Session, key_id: str) -> None:
    """Write the mark of a key that this transaction revokes."""
    _mark_after_commit(session, {_key("api_key", key_id): REVOKED})


def forget_firebase_user(session: Session, uid: str) -> None:
    """Make the next request with this uid ask PostgreSQL."""
    _mark_after_commit(session, {_key("firebase", uid): CHANGED})


def remark_recent(session: Session, seconds: int) -> int:
    """Write again the marks of everything that ended in the last `seconds`; how many, 0 when Redis is away.

    For the sweep: a mark is lost when Redis is away at the moment of the revocation. `seconds` should be well over the
    minute that a copy lives.
    """
    since = func.now() - timedelta(seconds=seconds)
    revoked, changed = REVOKED.decode(), CHANGED.decode()
    rows = session.execute(
        union_all(
            _recent("token", TokenFamily.id, revoked, TokenFamily.revoked_at > since),
            _recent("api_key", ApiKey.id, revoked, ApiKey.revoked_at > since),
            _recent("firebase", User.firebase_uid, changed, _changed_since(since)),
        )
    )
    return _mark({_key(kind, id_): mark.encode() for kind, id_, mark in rows})


def purge_expired(session: Session, limit: int = 10_000) -> int:
    """Delete token families that ran out a day ago or earlier; how many."""
    return int(session.execute(_PURGE, {"batch": limit}).rowcount)  # type: ignore[attr-defined]


_PURGE = text("""
    DELETE FROM token_families WHERE expires_at = ANY(ARRAY(
        SELECT expires_at FROM token_families
        WHERE expires_at < now() - interval '1 day' ORDER BY expires_at LIMIT :batch))
""")


def _ask(credential: Credential) -> _Standing:
    standing = transactions.read(lambda session: _READERS[credential.kind](session, credential))
    copy = orjson.dumps(standing)
    redis_guard.attempt("session", lambda client: client.set(cache_key(credential), copy, nx=True, ex=COPY_SECONDS))
    return standing


def _of_token(session: Session, credential: Credential) -> _Standing:
    row = session.execute(
        select(User.id, User.role)
        .join(TokenFamily, TokenFamily.user_id == User.id)
        .where(
            TokenFamily.id == credential.id,
            TokenFamily.revoked_at.is_(None),
            TokenFamily.expires_at > func.now(),
            User.id == credential.subject,
            User.is_active,
        )
    ).one_or_none()
    if row is None:
        raise _ended(credential)
    return _Standing(row.id, cast(Kind, row.role))


def _of_api_key(session: Session, credential: Credential) -> _Standing:
    row = session.execute(
        select(ApiKey.secret_hash, ApiKey.scopes, ApiKey.expires_at).where(
            ApiKey.id == credential.id,
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
        )
    ).one_or_none()
    if row is None:
        raise _ended(credential)
    until = row.expires_at.timestamp() if row.expires_at else None
    return _Standing(credential.id, "api_key", tuple(row.scopes), row.secret_hash, until)


def _of_firebase(session: Session, credential: Credential) -> _Standing:
    found = select(User.id, User.role, User.is_active).where(User.firebase_uid == credential.id)
    row = session.execute(found).one_or_none()
    if row is None:
        raise FirstUse("This Firebase user has no account here yet.")
    if not row.is_active:
        raise _ended(credential)
    return _Standing(row.id, cast(Kind, row.role))


_READERS = {"token": _of_token, "api_key": _of_api_key, "firebase": _of_firebase}


def _check(credential: Credential, standing: _Standing) -> None:
    if standing.until is not None and standing.until <= time.time():
        raise _ended(credential)
    if credential.proof is not None and not hmac.compare_digest(standing.proof or "", credential.proof):
        raise _ended(credential)
    if credential.kind == "token" and standing.id != credential.subject:
        raise _ended(credential)


def _copied(cached: bytes | None) -> _Standing | None:
    """The copy, if it is one; a mark, or anything else in its place, sends us to PostgreSQL."""
    if cached is None or cached == CHANGED:
        return None
    try:
        document = orjson.loads(cached)
        return _Standing(**{**document, "scopes": tuple(document["scopes"])})
    except (ValueError, TypeError, KeyError):
        return None


def _end(session: Session, which: ColumnElement[bool], reason: str) -> list[str]:
    ended = session.scalars(
        update(TokenFamily)
        .where(which, TokenFamily.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_reason=reason)
        .returning(TokenFamily.id)
    ).all()
    _mark_after_commit(session, {_key("token", family_id): REVOKED for family_id in ended})
    return list(ended)


def _recent(
    kind: str, id_: InstrumentedAttribute[Any], mark: str, recent: ColumnElement[bool]
) -> Select[tuple[str, Any, str]]:
    return select(literal(kind), id_, literal(mark)).where(recent)


def _changed_since(moment: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(User.firebase_uid.is_not(None), User.updated_at > moment, User.updated_at > User.created_at)


def _mark_after_commit(session: Session, marks: dict[str, bytes]) -> None:
    def mark() -> None:
        _mark(marks)

    transactions.after_commit(session, mark)


def _mark(marks: dict[str, bytes]) -> int:
    """Write the marks even while `redis_guard` leaves Redis alone: a try is cheap, and a miss lets somebody in."""
    if not marks:
        return 0
    try:
        pipeline = redis_client().pipeline(transaction=False)
        for key, mark in marks.items():
            pipeline.set(key, mark, ex=_seconds(mark))
        return len(pipeline.execute())
    except redis.RedisError as error:
        redis_guard.failed("session", error)
        return 0


def _seconds(mark: bytes) -> int:
    """`revoked` outlives every access token; `changed` only has to outlive a slow reader with an old answer."""
    return COPY_SECONDS * 2 if mark == CHANGED else settings().jwt_access_minutes * 60 + COPY_SECONDS


def _key(kind: str, id_: str) -> str:
    return f"session:{kind}:{id_}"


def _ended(credential: Credential) -> Unauthenticated:
    detail, code = _ENDED[credential.kind]
    return Unauthenticated(detail, code=code)
