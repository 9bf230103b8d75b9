"""Endpoints: made, listed, changed, given another secret, disabled and enabled, deleted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from oms.errors import Conflict, NotFound
from oms.ids import new_id
from oms.webhooks import signing
from oms.webhooks.models import BY_HAND, DELETED, DISABLED, ENABLED, WebhookEndpoint
from oms.webhooks.signing import Sealer

# Every event is compared with every endpoint.
MOST = 1000
_COLUMNS = (
    WebhookEndpoint.id,
    WebhookEndpoint.url,
    WebhookEndpoint.description,
    WebhookEndpoint.event_types,
    WebhookEndpoint.customer_id,
    WebhookEndpoint.facility_id,
    WebhookEndpoint.ordered,
    WebhookEndpoint.status,
    WebhookEndpoint.disabled_reason,
    WebhookEndpoint.disabled_at,
    WebhookEndpoint.failing_since,
    WebhookEndpoint.previous_secret_until,
    WebhookEndpoint.created_by,
    WebhookEndpoint.created_at,
    WebhookEndpoint.updated_at,
)
_THERE = WebhookEndpoint.status != DELETED
_COUNT = text("SELECT count(*) FROM webhook_endpoints WHERE status <> 'deleted'")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint without its secret. `failing_since`: nothing but failures since then."""

    id: str
    url: str
    description: str
    event_types: Sequence[str]
    customer_id: str | None
    facility_id: str | None
    ordered: bool
    status: str
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    previous_secret_until: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewEndpoint(Endpoint):
    """An endpoint with its secret, which can't be had again."""

    secret: str


@dataclass(frozen=True, slots=True)
class EndpointPage:
    """Newest first; `next_cursor` is None on the last page."""

    webhooks: Sequence[Endpoint]
    next_cursor: str | None


def create(session: Session, sealer: Sealer, created_by: str, wanted: dict[str, Any]) -> NewEndpoint:
    """`wanted` holds url, event_types and the options; both have been checked.

    Raises `Conflict` (webhooks_not_set_up, too_many_webhooks).
    """
    if session.execute(_COUNT).scalar_one() >= MOST:
        raise Conflict(f"There can be {MOST} webhooks.", code="too_many_webhooks")
    secret = signing.new_secret()
    values = {**wanted, "id": new_id(), "secret": sealer.seal(secret), "created_by": created_by}
    row = session.execute(insert(WebhookEndpoint).values(values).returning(*_COLUMNS)).one()
    return NewEndpoint(**asdict(Endpoint(*row)), secret=secret)


def page(session: Session, limit: int, after: str | None = None) -> EndpointPage:
    """By id, and so newest first; `after` is the cursor of the page before."""
    query = select(*_COLUMNS).where(_THERE).order_by(WebhookEndpoint.id.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(WebhookEndpoint.id < after)
    found = [Endpoint(*row) for row in session.execute(query)]
    return EndpointPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def find(session: Session, endpoint_id: str) -> Endpoint:
    """Raises `NotFound`."""
    row = session.execute(select(*_COLUMNS).where(WebhookEndpoint.id == endpoint_id, _THERE)).one_or_none()
    if row is None:
        raise NotFound("There is no such webhook.", code="webhook_not_found")
    return Endpoint(*row)


def change(session: Session, endpoint_id: str, changes: dict[str, Any]) -> Endpoint:
    """Set what `changes` holds. Another status begins anew: a count of failures is forgotten. Raises `NotFound`."""
    values = dict(changes)
    if "status" in values:
        disabled = values["status"] == DISABLED
        values |= {"disabled_reason": BY_HAND if disabled else None, "disabled_at": func.now() if disabled else None}
        values |= {"failing_since": None, "failures": 0}
    _update(session, endpoint_id, values)
    return find(session, endpoint_id)


def delete(session: Session, endpoint_id: str) -> None:
    """Nothing is sent to it any more; its rows go with the next sweep. Raises `NotFound`."""
    gone = {"status": DELETED, "disabled_reason": None, "secret": b"", "previous_secret": None}
    _update(session, endpoint_id, gone)


def rotate(session: Session, sealer: Sealer, endpoint_id: str, overlap_hours: int) -> NewEndpoint:
    """Another secret; until `overlap_hours` are over, requests are signed with the former one too.

    Raises `NotFound`, `Conflict` (webhooks_not_set_up).
    """
    secret = signing.new_secret()
    values: dict[str, Any] = {"secret": sealer.seal(secret), "previous_secret": None, "previous_secret_until": None}
    if overlap_hours:
        values["previous_secret"] = WebhookEndpoint.secret
        values["previous_secret_until"] = func.now() + timedelta(hours=overlap_hours)
    _update(session, endpoint_id, values)
    return NewEndpoint(**asdict(find(session, endpoint_id)), secret=secret)


def require_enabled(endpoint: Endpoint) -> None:
    """Raises `Conflict` (webhook_not_enabled)."""
    if endpoint.status != ENABLED:
        raise Conflict("The webhook is not enabled.", code="webhook_not_enabled")


def _update(session: Session, endpoint_id: str, values: dict[str, Any]) -> None:
    statement = update(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, _THERE).values(values)
    if session.execute(statement.returning(WebhookEndpoint.id)).one_or_none() is None:
        raise NotFound("There is no such webhook.", code="webhook_not_found")
