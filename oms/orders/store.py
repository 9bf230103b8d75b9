"""Orders in PostgreSQL: found, locked, created and saved. The only module that runs their SQL."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from psycopg2.errors import DivisionByZero, UniqueViolation
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from oms import audit, outbox
from oms.accounts.actor import Actor
from oms.driver_sql import DriverStatement, Executor, run
from oms.errors import Conflict, NotFound
from oms.extensions import settings
from oms.ids import ORDER_ID
from oms.orders import lifecycle, rows, statements
from oms.orders.order import NO_REASON, JourneyEntry, Line, Order, Payment, Refund, ReturnRequest, Why
from oms.orders.rows import order_of

MAX_REASON = 100


@dataclass(slots=True)
class Change:
    """What one transaction does to one order, besides the order's own fields; its consequences are added to it."""

    entries: list[JourneyEntry] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    # Events tell the version they lead to, so they are made once it is known.
    events: list[Callable[[], outbox.Event]] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    returns: list[ReturnRequest] = field(default_factory=list)
    # Who of the house makes it, for the audit log; None for everybody else.
    author: Actor | None = None

    def add_lines(self, moved: Sequence[Line]) -> None:
        for line in moved:
            _add(self.lines, line)

    def note(self, order: Order, actor: Actor, event: str, details: Mapping[str, Any], why: Why = NO_REASON) -> None:
        """A journey entry for a step that is not a move along the lifecycle, such as `payment.captured`."""
        stands = (order.status, order.status, actor.id, actor.kind)
        reason = why.reason and why.reason[:MAX_REASON]  # a provider's may be longer than anybody else's
        self.entries.append(
            JourneyEntry(*stands, reason=reason, remarks=why.remarks, event=event, details=dict(details))
        )

    def add_payment(self, payment: Payment) -> None:
        _add(self.payments, payment)

    def add_return(self, request: ReturnRequest) -> None:
        _add(self.returns, request)


def _add(known: list[Any], changed: Any) -> None:
    """Each row is written once, however many steps changed it."""
    if not any(changed is one for one in known):
        known.append(changed)


class Overtaken(Exception):
    """An order that was read without a lock has been changed by somebody else."""


def get(on: Executor, order_id: str, owner: str | None) -> Order | None:
    """The whole order in one query; None when absent or not `owner`'s."""
    row = run(on, statements.GET, {"order_id": order_id, "owner": owner}).one_or_none()
    return None if row is None else order_of(row)


def get_many(on: Executor, order_ids: Sequence[str]) -> list[Order]:
    return [order_of(row) for row in run(on, statements.GET_MANY, {"order_ids": list(order_ids)})]


def lock(session: Session, order_id: str, owner: str | None) -> Order:
    """The whole order, locked until the transaction ends; raises `NotFound` when absent or not `owner`'s."""
    row = None
    if ORDER_ID.fullmatch(order_id):
        row = run(session, statements.LOCK, {"order_id": order_id, "owner": owner}).one_or_none()
    if row is None:
        raise NotFound("There is no such order.", code="order_not_found")
    return order_of(row)


def create(on: Executor, order: Order, change: Change, kept: Mapping[str, Any] | None = None) -> None:
    """Insert everything in one statement, with the answer that is `kept` (`idempotency.Claim.row`).

    Raises `Conflict` order_id_taken, also when the key of what is kept is taken.
    """
    try:
        _execute(on, statements.create, order, change, kept)
    except IntegrityError as error:
        # Every key here begins with the order's id, and which table objects first is PostgreSQL's choice.
        if isinstance(error.orig, UniqueViolation):
            raise Conflict("This order id is taken.", code="order_id_taken") from error
        raise


def save(session: Session, order: Order, change: Change) -> None:
    """Write a locked order back; every journey entry takes one version, a change without one takes one too."""
    advance(order, change)
    _execute(session, statements.save, order, change)
    if change.author is not None and settings().database_distributed:  # the log lies on another node than the order
        audit.record(session, change.author, *_done(order, change))


def advance(order: Order, change: Change) -> None:
    """Give a changed order the version and the time that it is going to be saved with."""
    order.version += max(1, len(change.entries))
    order.updated_at = now()


def save_if_unchanged(on: Executor, order: Order, change: Change, kept: Mapping[str, Any] | None) -> None:
    """Write an order back that was read, not locked, and has been advanced; all of it is one statement.

    Raises `Overtaken` when somebody else has changed it since, `Conflict` idempotency_in_progress when the key of
    what is `kept` is taken; nothing is written then.
    """
    try:
        _execute(on, statements.save_if_unchanged, order, change, kept)
    except DBAPIError as error:
        if isinstance(error.orig, DivisionByZero):
            raise Overtaken from error
        if isinstance(error.orig, UniqueViolation):
            raise Conflict("The key is taken.", code="idempotency_in_progress", retry_after=1) from error
        raise


def replace_lines(session: Session, order: Order) -> None:
    run(session, statements.DROP_LINES, {"order_id": order.order_id})
    run(session, statements.ADD_LINES, {"order_id": order.order_id, "lines": rows.lines(order.lines)})


def now() -> datetime:
    return datetime.now(UTC)


def _execute(
    on: Executor,
    statement: Callable[[frozenset[str]], DriverStatement],
    order: Order,
    change: Change,
    kept: Mapping[str, Any] | None = None,
) -> None:
    first = order.version - max(1, len(change.entries)) + 1
    for request in change.returns:
        request.updated_at = order.updated_at
    parts = _parts(order, change)
    names = frozenset(parts) - {"return_items"}
    parameters = {
        **rows.header(order),
        **parts,
        **(kept or {}),
        "read_version": first - 1,
        "lines": rows.lines(change.lines),
        "journey": rows.journey(first, change.entries),
        "events": orjson.dumps(
            outbox.rows(order.order_id, order.version, [event() for event in change.events])
        ).decode(),
    }
    run(on, statement(names | {"kept"} if kept else names), parameters)


def _parts(order: Order, change: Change) -> dict[str, str]:
    found = {}
    if change.payments:
        found["payments"] = rows.payments(change.payments)
    if change.refunds:
        found["refunds"] = rows.refunds(change.refunds)
    if change.returns:
        found["returns"] = rows.returns(change.returns)
        found["return_items"] = rows.return_items(change.returns)
    if change.author is not None and not settings().database_distributed:
        found["audited"] = orjson.dumps(audit.row(change.author, *_done(order, change))).decode()
    return found


def _done(order: Order, change: Change) -> tuple[str, audit.Subject, dict[str, Any]]:
    """What the audit log tells of a change: its first step. The rest is in the journey, up to this version."""
    details: dict[str, Any] = {"version": order.version}
    if not change.entries:
        return "order.updated", audit.Subject("order", order.order_id), details
    first = change.entries[0]
    if first.event is None:
        details |= {"from": first.previous_status, "to": first.current_status}
    details |= first.details or {}
    if first.line_no is not None:
        details["line_no"] = first.line_no
    if first.reason is not None:
        details["reason"] = first.reason
    moved = "order.line_moved" if first.line_no is not None else "order.status_changed"
    cancelled = first.current_status == lifecycle.CANCELLED and first.line_no is None
    return first.event or ("order.cancelled" if cancelled else moved), audit.Subject("order", order.order_id), details
