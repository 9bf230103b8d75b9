"""Keys for other systems: made, listed and revoked by an admin, and shown in full only once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from oms import audit
from oms.accounts import sessions
from oms.accounts.actor import SCOPES, Actor
from oms.accounts.credentials import new_api_key
from oms.accounts.models import ApiKey
from oms.errors import Invalid, NotFound

_COLUMNS = (
    ApiKey.id,
    ApiKey.name,
    ApiKey.scopes,
    ApiKey.created_by,
    ApiKey.created_at,
    ApiKey.expires_at,
    ApiKey.revoked_at,
)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """An API key as it may be listed: without its secret."""

    id: str
    name: str
    scopes: Sequence[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey(KeyEntry):
    """A key just made; `key` is what `X-API-Key` must carry, and can't be had again."""

    key: str


def create(
    session: Session, actor: Actor, name: str, scopes: Sequence[str], expires_in_days: int | None = None
) -> NewKey:
    """Raises `Invalid` (invalid_scopes, at /scopes)."""
    if not scopes or not set(scopes) <= set(SCOPES):
        rule = f"One or more of {', '.join(SCOPES)}."
        raise Invalid.at("/scopes", rule, code="invalid_scopes")
    key_id, secret_hash, key = new_api_key()
    statement = insert(ApiKey).values(
        id=key_id,
        name=name,
        secret_hash=secret_hash,
        scopes=sorted(set(scopes)),
        created_by=actor.id,
        expires_at=func.now() + timedelta(days=expires_in_days) if expires_in_days else None,
    )
    entry = KeyEntry(*session.execute(statement.returning(*_COLUMNS)).one())
    details = {"name": name, "scopes": entry.scopes, "expires_in_days": expires_in_days}
    audit.record(session, actor, "api_key.created", audit.Subject("api_key", key_id), details)
    return NewKey(**asdict(entry), key=key)


def listed(session: Session) -> list[KeyEntry]:
    """All keys, newest first, revoked ones too: there are few, and who had access is worth knowing."""
    return [KeyEntry(*row) for row in session.execute(select(*_COLUMNS).order_by(ApiKey.id.desc()))]


def revoke(session: Session, actor: Actor, key_id: str) -> None:
    """From now on the key is refused; again is no error. Raises `NotFound`."""
    alive = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=func.now())
    name = session.scalars(alive.returning(ApiKey.name)).one_or_none()
    if name is not None:
        audit.record(session, actor, "api_key.revoked", audit.Subject("api_key", key_id), {"name": name})
    elif session.scalars(select(ApiKey.id).where(ApiKey.id == key_id)).one_or_none() is None:
        raise NotFound("There is no such API key.", code="api_key_not_found")
    sessions.end_api_key(session, key_id)
