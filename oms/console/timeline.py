"""The journey of an order as people read it: what happened, when, by whom and why; the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from oms.accounts import users
from oms.console.formats import words
from oms.orders import journey
from oms.orders.notes import NOTE
from oms.orders.order import Order

_ACTORS = {"customer": "Customer", "api_key": "API key", "system": "System"}
# A move along the lifecycle has the tone of its status; of the other steps these are worth a colour.
_TONES = {
    "payment.captured": "success",
    "refund.processed": "success",
    "refund.failed": "danger",
    "payment.attempt_failed": "danger",
    NOTE: "note",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One entry. `status` is set where it is a move, `seq` is the version it led to."""

    seq: int
    title: str
    tone: str
    status: str | None
    line_no: int | None
    facts: str
    reason: str
    remarks: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Journey:
    """`since` is when the order came to its present status."""

    steps: Sequence[Step]
    since: datetime

    def after(self, version: int) -> list[Step]:
        """What has happened to an order since somebody saw this version of it."""
        return [step for step in self.steps if step.seq > version]

    def standing_for(self, now: datetime) -> timedelta:
        return now - self.since


def of_order(session: Session, order: Order) -> Journey:
    """Two queries: the entries, and the addresses of the people in them."""
    entries = journey.journey_of(session.connection(), order.order_id, None)
    people = {entry["actor"] for entry in entries if entry["actor_type"] in ("customer", "staff", "admin")}
    addresses = users.addresses(session, sorted(people))
    moves = [entry for entry in entries if entry["line_no"] is None and entry["event"] is None]
    since = datetime.fromisoformat(moves[-1]["created_at"]) if moves else order.created_at
    return Journey([_step(entry, addresses, order.currency) for entry in reversed(entries)], since)


def _step(entry: Mapping[str, Any], addresses: Mapping[str, str], currency: str) -> Step:
    event, details = entry["event"], entry["details"] or {}
    amount = details.get("amount")
    facts = [f"{amount}\u00a0{currency}" if amount else "", str(details.get("mode") or "")]
    if entry["skipped"]:
        facts.append(f"skipping {', '.join(words(status).lower() for status in entry['skipped'])}")
    return Step(
        seq=entry["seq"],
        title=words(event.replace(".", " ")) if event else words(entry["current_status"]),
        tone=_TONES.get(event, "") if event else "move",
        status=None if event else entry["current_status"],
        line_no=entry["line_no"],
        facts=", ".join(filter(None, facts)),
        reason=words(entry["reason"] or ""),
        remarks=entry["remarks"] or "",
        actor=_actor(entry, addresses),
        at=datetime.fromisoformat(entry["created_at"]),
    )


def _actor(entry: Mapping[str, Any], addresses: Mapping[str, str]) -> str:
    known = addresses.get(entry["actor"])
    return known or " ".join(filter(None, (_ACTORS.get(entry["actor_type"]), entry["actor"])))
