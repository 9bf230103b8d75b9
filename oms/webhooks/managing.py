"""What people and other systems do with webhooks, checked, done and written to the audit log in one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from oms import audit
from oms.audit import Author, Subject
from oms.extensions import settings
from oms.webhooks import addresses, deliveries, endpoints, subscriptions
from oms.webhooks.addresses import Rules
from oms.webhooks.deliveries import Delivery
from oms.webhooks.endpoints import Endpoint, NewEndpoint
from oms.webhooks.signing import Sealer

Form = dict[str, Any]


def checked(body: Form) -> Form:
    """With types as they are kept, and a URL that may be called. Looks names up: do it before the transaction.

    Raises `Invalid`.
    """
    if "event_types" in body:
        body = {**body, "event_types": subscriptions.normalised(body["event_types"])}
    if "url" in body:
        addresses.check(body["url"], Rules.of(settings()))
    return body


def create(session: Session, author: Author, wanted: Form) -> NewEndpoint:
    """`wanted` has been checked; raises as `endpoints.create`."""
    made = endpoints.create(session, _sealer(), author.id, wanted)
    _tell(session, author, "created", made.id, {"url": made.url, "event_types": list(made.event_types)})
    return made


def change(session: Session, author: Author, endpoint_id: str, changes: Form) -> Endpoint:
    """`changes` have been checked; raises `NotFound`."""
    changed = endpoints.change(session, endpoint_id, changes)
    _tell(session, author, "changed", endpoint_id, changes)
    return changed


def delete(session: Session, author: Author, endpoint_id: str) -> None:
    """Raises `NotFound`."""
    endpoints.delete(session, endpoint_id)
    _tell(session, author, "deleted", endpoint_id)


def rotate(session: Session, author: Author, endpoint_id: str, overlap_hours: int) -> NewEndpoint:
    """Raises as `endpoints.rotate`."""
    made = endpoints.rotate(session, _sealer(), endpoint_id, overlap_hours)
    _tell(session, author, "secret_rotated", endpoint_id, {"overlap_hours": overlap_hours})
    return made


def replay(session: Session, author: Author, endpoint_id: str, event_id: str) -> Delivery:
    """Raises `NotFound`."""
    found = deliveries.replay(session, endpoint_id, event_id)
    _tell(session, author, "replayed", endpoint_id, {"event_id": event_id})
    return found


def replay_failed(session: Session, author: Author, endpoint_id: str, since: datetime) -> int:
    """How many are sent again; raises `NotFound`."""
    count = deliveries.replay_failed(session, endpoint_id, since)
    _tell(session, author, "replayed", endpoint_id, {"since": since.isoformat(), "count": count})
    return count


def _tell(session: Session, author: Author, what: str, endpoint_id: str, details: Form | None = None) -> None:
    audit.record(session, author, f"webhook.{what}", Subject("webhook", endpoint_id), details)


def _sealer() -> Sealer:
    return Sealer(settings().webhook_encryption_keys)
