"""Who did what: for admins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from oms import audit
from oms.accounts import users
from oms.audit import AuditEntry, Filters
from oms.console import access
from oms.console.blueprint import blueprint
from oms.console.pages import page
from oms.errors import Invalid, NotFound
from oms.extensions import settings
from oms.transactions import read

PAGE = 50
# What is often looked for; the field takes any.
ACTIONS = (
    "api_key.created",
    "api_key.revoked",
    "console.signed_in",
    "dead_letter.discarded",
    "dead_letter.replayed",
    "job.retried",
    "order.cancelled",
    "order.line_moved",
    "order.status_changed",
    "order.updated",
    "payment.captured",
    "refund.created",
    "return.accepted",
    "return.received",
    "user.created",
    "user.disabled",
    "user.enabled",
    "user.password_reset",
    "user.role_changed",
    "user.sessions_ended",
    "webhook.changed",
    "webhook.created",
    "webhook.deleted",
    "webhook.replayed",
    "webhook.secret_rotated",
)
_READ_FIRST = {"from": 0, "to": 1, "reason": 2}
_PAGES = {
    "order": ("console.order", "order_id"),
    "user": ("console.person", "user_id"),
    "dead_letter": ("console.dead_letter", "letter_id"),
    "webhook": ("console.webhook", "webhook_id"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with the names of people in it, and the page of what it is about."""

    created_at: datetime
    who: str
    who_address: str | None
    kind: str
    action: str
    subject_kind: str
    subject: str
    subject_address: str | None
    details: Sequence[tuple[str, str]]
    request_id: str | None
    caller: str | None


@blueprint.route("/audit-log", methods=["GET"])
@access.admin
def audit_log() -> Response:
    """Newest first; by who, what, to whom and when."""
    asked = {name: request.args.get(name, "").strip() for name in ("who", "action", "subject", "since", "until")}
    given = {name: value for name, value in asked.items() if value}
    problem, found, older = "", list[Row](), None
    try:
        filters = _filters(asked)
        entries = read(lambda session: audit.page(session, filters, PAGE, request.args.get("before")))
        found = read(lambda session: rows(session, entries.entries))
        if entries.next_cursor:
            older = _address({**given, "before": entries.next_cursor})
    except Invalid as error:
        problem = error.detail
    return page(
        "audit_log.html",
        422 if problem else 200,
        asked=asked,
        rows=found,
        older=older,
        problem=problem,
        actions=ACTIONS,
        newest=_address(given) if "before" in request.args else None,
    )


def _address(query: dict[str, str]) -> str:
    return f"{url_for('console.audit_log')}?{urlencode(query)}"


def rows(session: Session, entries: Sequence[AuditEntry]) -> list[Row]:
    """Entries as pages show them."""
    ids = {entry.actor_id for entry in entries} | {
        entry.subject_id for entry in entries if entry.subject_kind == "user"
    }
    names = users.addresses(session, list(ids))
    return [_row(entry, names) for entry in entries]


def _row(entry: AuditEntry, names: dict[str, str]) -> Row:
    return Row(
        entry.created_at,
        names.get(entry.actor_id, entry.actor_id),
        url_for("console.person", user_id=entry.actor_id) if entry.actor_kind in audit.PEOPLE else None,
        entry.actor_kind,
        entry.action,
        entry.subject_kind,
        names.get(entry.subject_id, entry.subject_id) if entry.subject_kind == "user" else entry.subject_id,
        _page_of(entry),
        _details(entry.details or {}),
        entry.request_id,
        entry.address,
    )


def _page_of(entry: AuditEntry) -> str | None:
    """Where to see what the entry is about."""
    if entry.subject_kind not in _PAGES:
        return None
    endpoint, parameter = _PAGES[entry.subject_kind]
    values: dict[str, Any] = {parameter: entry.subject_id}
    return url_for(endpoint, **values)


def _details(details: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values, in an order that reads well."""
    order = sorted(details, key=lambda name: _READ_FIRST.get(name, 9))
    return [(name.replace("_", " "), _said(details[name])) for name in order if details[name] is not None]


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _filters(asked: dict[str, str]) -> Filters:
    """Raises `Invalid` for what is no day, or a person nobody knows."""
    since, until = _day(asked["since"]), _day(asked["until"])
    return Filters(
        _person(asked["who"]) or None,
        asked["action"] or None,
        _person(asked["subject"]) or None,
        since,
        until + timedelta(days=1) if until else None,
    )


def _person(asked: str) -> str:
    """The id of the user with this address; what is no address is an id."""
    if "@" not in asked:
        return asked
    try:
        return read(lambda session: users.find_by_email(session, asked)).id
    except NotFound as error:
        raise Invalid(f"Nobody has the address {asked}.") from error


def _day(asked: str) -> datetime | None:
    """When a day begins in `DEFAULT_TIMEZONE`."""
    if not asked:
        return None
    try:
        day = datetime.strptime(asked, "%Y-%m-%d").replace(tzinfo=ZoneInfo(settings().default_timezone))
    except ValueError as error:
        raise Invalid("A day is written like 2026-01-31.") from error
    if not 1970 < day.year < 9999:
        raise Invalid("Nothing was written in that year.")
    return day
