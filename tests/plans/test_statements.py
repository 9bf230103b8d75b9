"""Every statement of the product reads a bounded number of rows, by an index, however many there are."""

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

import oms
from oms import audit, dead_letters, outbox
from oms.accounts import api_keys, saved_filters, sessions, sign_in, users
from oms.accounts.actor import Actor
from oms.accounts.credentials import Credential
from oms.accounts.sign_in import PasswordChange, ProvenUser
from oms.accounts.tokens import Claims
from oms.consumer import dead_lettering, replay
from oms.consumer.lanes import Verdict
from oms.consumer.received import Received
from oms.driver_sql import DriverStatement, run
from oms.extensions import Base
from oms.figures import hourly
from oms.generation.story import order_id
from oms.idempotency import Answer, Claim
from oms.ids import first_id, new_id
from oms.orders import cancellation, captures, changes, events, lifecycle, placement, queries, returns, store
from oms.orders.order import NO_REASON
from oms.transactions import read
from oms.webhooks import deliveries as webhook_deliveries
from oms.webhooks import endpoints
from oms.webhooks.signing import Sealer
from tests.plans.explained import plans_of

ROOT = Path(oms.__file__).parent
NOW = datetime.now(UTC)
STAFF = Actor("S", "staff")
SOME, PAYMENT = order_id(4321), f"GP{4321:024d}"
BIG = "GEN-C000001"
MOST = 300
# There are few of them: the numbered series of a year, the keys of other systems, a thousand webhooks at most.
SMALL = {"invoice_series", "api_keys", "webhook_endpoints", "alembic_version"}
GROWING = set(Base.metadata.tables) - SMALL
ANY_EVENT = {"order_id": "", "version": 0, "position": -1}
MESSAGE = Received("t", 0, 77, None, b"{}", (), "E77")

LOOKED_AT = {
    "status": "delivery_failed",
    "limit": NOW,
    "after_time": NOW - timedelta(days=50),
    "after_id": "",
    "most": 20,
}
SEALER = Sealer(["a-key-that-is-long-enough-0123456789"])
TRIED = {"endpoints": ["W1", "W2"], "events": ["E12", "E9"]}

# Statements that stand in a module under a name, with what they are asked.
NAMED: dict[str, dict[str, Any]] = {
    "oms.bulk.imports._ADD": {"import_id": "I", "actor_id": "U", "actor_kind": "staff", "actor_scopes": []}
    | {"file_name": None, "format": "csv", "columns": [], "digest": "D", "dry_run": False, "total": 1},
    "oms.bulk.imports._ADD_CHUNK": {"import_id": "I", "chunk_no": 0, "content": b""},
    "oms.bulk.imports._FIND": {"import_id": "I77", "owner": None},
    "oms.bulk.imports._PAGE": {"before": "I5", "limit": 20},
    "oms.bulk.imports._PAGE_OF_ACTOR": {"before": "I5", "limit": 20, "owner": "U7"},
    "oms.bulk.imports._ERRORS": {"import_id": "I7", "row_no": 100, "position": 0, "limit": 20},
    "oms.bulk.imports._CANCEL": {"import_id": "I7", "owner": None},
    "oms.bulk.imports._SAME": {"digest": "D7", "dry_run": False, "actor_id": "U7"},
    "oms.bulk.imports._LATE": {"seconds": 10},
    "oms.bulk.imports._IDLE": {},
    "oms.bulk.imports._OLD": {"days": 30},
    "oms.bulk.imports._DROP_ERRORS": {"import_id": "I7", "batch": 20},
    "oms.bulk.imports._DROP": {"import_id": "I77"},
    "oms.bulk.working._CANDIDATES": {},
    "oms.bulk.working._NEXT": {"import_id": "I7"},
    "oms.bulk.working._TAKEN": {"order_ids": [order_id(number) for number in range(100)]},
    "oms.bulk.working._ADD_ERRORS": {name: [] for name in ("row_no", "position", "order_id", "code", "pointer")}
    | {"detail": [], "import_id": "I"},
    "oms.bulk.working._DROP_CHUNK": {"import_id": "I7", "chunk_no": 7},
    "oms.bulk.working._ADVANCE": {"import_id": "I7", "chunk_no": 0, "done": 1, "failed": 0},
    "oms.bulk.working._STUMBLE": {"import_id": "I7", "error": "e", "most": 5},
    "oms.consumer.handlers._PROCESSED": {"order_id": SOME, "event_id": "E"},
    "oms.dead_letters._TOPICS": {},
    "oms.doctor.work._REFUNDS": {},
    "oms.doctor.work._UNMATCHED": {},
    "oms.figures.hourly._PLACED": {"statuses": list(lifecycle.STATUSES), "since": NOW - timedelta(hours=30)}
    | {"until": NOW - timedelta(hours=24)},
    "oms.figures.hourly._MONEY": {"captured": events.PAYMENT_CAPTURED, "refunded": events.REFUND_CREATED}
    | {"since": NOW - timedelta(minutes=90), "until": NOW - timedelta(hours=1)},
    # As many as these say, not as many as there are.
    "oms.figures.pace._PACE": {"events": 20, "since": NOW - timedelta(days=14)},
    "oms.figures.standing._BY_STATUS": {"statuses": list(lifecycle.STATUSES), "most": 20},
    "oms.figures.standing._OPEN_OF_FACILITIES": {"statuses": ["delivered", "returned"], "most": 20}
    | {"facilities": ["GEN-F01", "GEN-F02"]},
    "oms.figures.stuck._PAGE": LOOKED_AT,
    "oms.figures.stuck._COUNT": LOOKED_AT,
    "oms.generation.copying._NEWEST": {"order_id": SOME},
    "oms.generation.copying._LAST": {"prefix": "GEN-%", "first": "GEN-"},
    "oms.generation.copying._OTHERS": {"first": "GEN-", "last": "GEN-9"},
    "oms.accounts.sessions._PURGE": {"batch": 100},
    "oms.idempotency._STORED": {"caller": "C1", "key": "K1"},
    "oms.idempotency._KEEP": Claim("C", "K", b"").row(Answer(b"")),
    "oms.idempotency._PURGE": {"hours": 24, "batch": 100},
    "oms.inbox._ENTER": {"consumer": "c", "event_ids": ["E1", "X"], "topics": ["t", "t"]},
    "oms.inbox._FORGET": {"consumer": "c", "event_id": "E1"},
    "oms.inbox._PURGE": {"days": 14, "batch": 100},
    "oms.jobs.sweep._LATE": {"seconds": 2},
    "oms.jobs.sweep._CHANGED": {"since": NOW - timedelta(minutes=10)},
    "oms.jobs.sweep._EXPIRED": {"minutes": 30, "batch": 20},
    "oms.live.events._AFTER": {"order_id": SOME, "version": 1, "position": 0, "topic": "order-events", "batch": 100},
    "oms.live.events._REMEMBERED": {"order_id": SOME, "version": 1},
    "oms.live.hub._VERSIONS": {"order_ids": [order_id(number) for number in range(100)]},
    "oms.orders.captures._UNSETTLED": {"batch": 20},
    "oms.orders.captures._ASKED": {"order_id": SOME, "payment_id": PAYMENT},
    "oms.orders.captures._BY_PROVIDER_ORDER": {"provider": "razorpay", "id": f"o{PAYMENT}"},
    "oms.orders.captures._BY_PROVIDER_PAYMENT": {"provider": "razorpay", "id": f"p{PAYMENT}"},
    "oms.orders.captures._BY_REFERENCE": {"provider": "razorpay", "order_id": SOME, "payment_id": PAYMENT},
    "oms.orders.invoices._ISSUE": {"series": "S9", "kind": "invoice", "order_id": SOME, "document": '{"a":1}'}
    | {"issued_at": NOW},
    "oms.orders.invoices._OF_ORDER": {"order_id": SOME, "owner": None},
    "oms.orders.payment_events._TAKE": {"provider": "p", "event_id": "E", "kind": "k", "subject": None}
    | {"occurred_at": NOW},
    "oms.orders.payment_events._CLOSE": {"outcome": "o", "order_id": SOME, "provider": "razorpay", "event_id": "E1"},
    "oms.orders.payment_events._PURGE": {"days": 10, "batch": 100},
    "oms.orders.refunds._REPORTED": {"provider": "razorpay", "provider_payment_id": f"p{PAYMENT}"}
    | {"refund_id": "R", "payment_id": PAYMENT, "provider_refund_id": "x"},
    "oms.orders.refunds._MAKE_WAY": {
        "order_id": SOME,
        "refund_id": "R",
        "payment_id": PAYMENT,
        "later": NOW,
        "now": NOW,
    },
    "oms.orders.refunds._DUE": {"now": NOW, "batch": 20},
    "oms.orders.refunds._SCHEDULE": {"order_id": SOME, "refund_id": "R", "payment_id": PAYMENT, "attempts": 1}
    | {"next_attempt_at": None, "error": None},
    "oms.orders.journey._ORDER": {"order_id": SOME, "owner": None},
    "oms.orders.journey._JOURNEY": {"order_id": SOME, "owner": None}
    | {"since": NOW - timedelta(days=90), "until": NOW},
    "oms.orders.statements.GET": {"order_id": SOME, "owner": None},
    "oms.orders.statements.GET_MANY": {"order_ids": [order_id(number) for number in range(9)]},
    "oms.orders.statements.LOCK": {"order_id": SOME, "owner": None},
    "oms.orders.statements.DROP_LINES": {"order_id": SOME},
    "oms.orders.statements.ADD_LINES": {"order_id": SOME, "lines": "[]"},
    "oms.orders.status_counts._COUNTS": {"statuses": list(lifecycle.STATUSES), "most": 20},
    "oms.orders.customer_counts._COUNT": {
        "customer_id": "GEN-C100000",
        "since": NOW - timedelta(hours=2),
        "now": NOW,
        "settles_after": 3600,
    },
    "oms.orders.queries._NUMBERED": {"customer_id": BIG, "shown": 20, "skipped": 20},
    "oms.orders.queries._NUMBERED_FROM_THE_END": {"customer_id": BIG, "shown": 20, "skipped": 20},
    "oms.outbox._PENDING_SHARDS": {},
    "oms.outbox._OF_ORDER": {"order_id": SOME, "most": 50},
    "oms.outbox._PENDING": {"shards": [outbox.shard_of(order_id(10))], "batch": 20},
    "oms.outbox._PUBLISHED": {"orders": [SOME, order_id(1)], "versions": [1, 1], "positions": [0, 0]},
    "oms.outbox._REFUSED": {"order_id": SOME, "version": 1, "position": 0, "error": "e", "seconds": 60}
    | {"created_at": NOW},
    "oms.outbox._LAG": {},
    "oms.outbox._PURGE": {"hours": 1, "batch": 10},
    "oms.outbox_tail._NEXT": {"time": NOW - timedelta(hours=20), "page": 50} | ANY_EVENT,
    "oms.outbox_tail._OF_ORDER": {"time": NOW - timedelta(days=3), "page": 50} | ANY_EVENT | {"order_id": SOME},
    "oms.outbox_tail._SENT": {"orders": [SOME, order_id(1)], "versions": [1, 1], "positions": [0, 0]}
    | {"times": [NOW, NOW - timedelta(days=1)]},
    "oms.webhooks.backlog._OVERDUE": {},
    "oms.webhooks.claiming._DUE": {"looked_at": 50},
    "oms.webhooks.claiming._PUT_OFF": {"endpoints": ["W1"], "events": ["E12"], "until": [NOW], "seconds": 60},
    "oms.webhooks.claiming._CLAIM": {**TRIED, "seconds": 30},
    "oms.webhooks.deliveries._REPLAY_FAILED": {"endpoint_id": "W3", "first": "E3", "since": NOW - timedelta(days=40)}
    | {"batch": 20},
    "oms.webhooks.deliveries._PURGE": {"days": 30, "batch": 20},
    "oms.webhooks.deliveries._PURGE_MESSAGES": {"days": 30, "batch": 20},
    "oms.webhooks.deliveries._PURGE_DELETED": {"batch": 20},
    "oms.webhooks.fan_out._MESSAGES": {"messages": '[{"event_id":"X","type":"t","body":"","created_at":"2026-01-01"}]'},
    "oms.webhooks.fan_out._DELIVERIES": {
        "deliveries": '[{"endpoint_id":"W1","event_id":"X","type":"t","version":0,"position":0,"created_at":"2026-01-01"}]'  # noqa: E501
    },
    "oms.webhooks.fan_out._LATE": {"shard": outbox.shard_of(order_id(10)), "since": NOW - timedelta(days=99)}
    | {"until": NOW, "batch": 20},
    "oms.webhooks.fan_out._OF_ORDERS": {"orders": [SOME, order_id(10)]},
    "oms.webhooks.recording._ATTEMPTS": {"attempts": "[]"},
    "oms.webhooks.recording._RECORD": {**TRIED, "statuses": ["delivered", "waiting"], "seconds": [0, 5]},
    "oms.webhooks.recording._RELEASE": TRIED,
}
# These read no table, or one that the product does not keep.
WITHOUT_A_TABLE = {
    "oms.api.read_your_writes._POSITION",
    "oms.api.read_your_writes._CAUGHT_UP",
    "oms.doctor.database._FACTS",
    "oms.distribution._DONE",
    "oms.distribution._FOREIGN_KEYS",
    "oms.distribution._THERE",
    "oms.doctor.database._LAG",
    "oms.doctor.database._LIMITS",
    "oms.bulk.working._LOCK",
    "oms.idempotency._LOCK",
    "oms.orders.status_counts._ESTIMATES",
    "oms.outbox._LOCK",
    "oms.outbox_tail._SETTLED",
    "oms.webhooks.claiming._LOCK",
}
# Reads every row that there is to read, on purpose, or nothing that grows with orders.
WHOLE = {
    "oms.figures.standing._ESTIMATES": "PostgreSQL's own tables",
    "oms.partitions._PARTITIONS": "PostgreSQL's own tables",
    "oms.bulk.imports._DROP_CHUNKS": "what waits of an import that was cancelled, at most a file",
    "oms.webhooks.backlog._ENDPOINTS": "the endpoints, of which there are a thousand at most",
    "oms.webhooks.backlog._WAITING": "ten thousand of each endpoint at most",
    "oms.webhooks.endpoints._COUNT": "the endpoints",
    "oms.webhooks.fan_out._SUBSCRIPTIONS": "the endpoints",
    "oms.webhooks.recording._DISABLE": "the endpoints",
    "oms.webhooks.recording._FAILING": "the endpoints",
    "oms.webhooks.recording._WELL": "the endpoints",
    "oms.gateway.reconciliation._OPENED": "a walk over all payments that were opened at a provider, a batch at a time",
}


HOURS = [{"hour": NOW, "placed": 0, "facilities": {}, "captured": None, "refunded": None, "counted_at": NOW}]


def _caller(kind: Any, id_: str, subject: str) -> Credential:
    return Credential(kind, id_, subject)


# Functions that make their statement themselves.
MADE: dict[str, Callable[[Session], object]] = {
    "oms.accounts.api_keys.create": lambda session: api_keys.create(session, STAFF, "n", ("payments",), None),
    "oms.accounts.api_keys.listed": api_keys.listed,
    "oms.accounts.api_keys.revoke": lambda session: api_keys.revoke(session, STAFF, "K3"),
    "oms.accounts.sessions.remark_recent": lambda session: sessions.remark_recent(session, 60),
    "oms.accounts.sessions._of_token": lambda session: _ended(
        sessions._of_token, session, _caller("token", "T9", "U10")
    ),
    "oms.accounts.sessions._of_api_key": lambda session: sessions._of_api_key(session, _caller("api_key", "K3", "K3")),
    "oms.accounts.sessions._of_firebase": lambda session: sessions._of_firebase(
        session, _caller("firebase", "F8", "F8")
    ),
    "oms.accounts.sessions._end": lambda session: sessions.end_families(session, "U77", "logout"),
    "oms.accounts.saved_filters.of_user": lambda session: saved_filters.of_user(session, "U7"),
    "oms.accounts.saved_filters.save": lambda session: saved_filters.save(session, "U7", "late", "status=shipped"),
    "oms.accounts.saved_filters.remove": lambda session: saved_filters.remove(session, "U7", "L7"),
    "oms.accounts.sign_in.open_family": lambda session: sign_in.open_family(session, ProvenUser("U77", None, "hash")),
    "oms.accounts.sign_in.prolong": lambda session: sign_in.prolong(session, "T9"),
    "oms.accounts.sign_in.rotate": lambda session: sign_in.rotate(session, Claims("U78", "T77", "J77")),
    "oms.accounts.sign_in.change_password": lambda session: sign_in.change_password(
        session, PasswordChange(ProvenUser("U77", None), "hash")
    ),
    "oms.accounts.sign_in._open": lambda session: sign_in._open(session, "U77"),
    "oms.accounts.users._locked": lambda session: users.reset_password(session, STAFF, "U78", "hash"),
    "oms.accounts.users.addresses": lambda session: users.addresses(session, ["U1", "U77"]),
    "oms.accounts.users.find": lambda session: users.find(session, "U77"),
    "oms.accounts.users.find_by_email": lambda session: users.find_by_email(session, "77@example.com"),
    "oms.accounts.users.first_admin": users.first_admin,
    "oms.accounts.users.page": lambda session: users.page(session, 20, after="U5"),
    "oms.accounts.users._insert": lambda session: users.register(session, "new@example.com", None),
    "oms.accounts.users._firebase_user": lambda session: users._firebase_user(session, "F8"),
    "oms.accounts.users._link": lambda session: users._link(session, "new", "79@example.com"),
    "oms.accounts.users._existing_firebase_user": lambda session: users._existing_firebase_user(session, "F8"),
    "oms.consumer.dead_lettering.bury": lambda session: dead_lettering.bury(session, "c", MESSAGE, Verdict("r", 5)),
    "oms.consumer.dead_lettering.verdict_on": lambda session: dead_lettering.verdict_on(session, "c", MESSAGE),
    "oms.consumer.replay.waiting_ids": lambda session: replay.waiting_ids(session, None),
    "oms.audit.record_all": lambda session: audit.record_all(session, STAFF, "a", [(audit.Subject("job", SOME), None)]),
    "oms.audit.page": lambda session: audit.page(session, audit.Filters(), 50, before=new_id()),
    "oms.dead_letters.waiting": dead_letters.waiting,
    "oms.dead_letters.locked": lambda session: dead_letters.locked(session, 7),
    "oms.dead_letters.found": lambda session: dead_letters.found(session, dead_letters.Where()),
    "oms.figures.hourly.since": lambda session: hourly.since(session, NOW - timedelta(hours=200)),
    "oms.figures.hourly._write": lambda session: hourly._write(session, HOURS),
    "oms.webhooks.deliveries.page": lambda session: [
        webhook_deliveries.page(session, "W1", 20, after, status)
        for after in (None, "E5")
        for status in (None, "failed")
    ],
    "oms.webhooks.deliveries.find": lambda session: webhook_deliveries.find(session, "W1", "E12"),
    "oms.webhooks.deliveries.replay": lambda session: webhook_deliveries.replay(session, "W1", "E12"),
    "oms.webhooks.endpoints.create": lambda session: endpoints.create(
        session, SEALER, "S", {"url": "u", "event_types": ["oms.*"]}
    ),
    "oms.webhooks.endpoints.page": lambda session: endpoints.page(session, 20, after="W5"),
    "oms.webhooks.endpoints.find": lambda session: endpoints.find(session, "W1"),
    "oms.webhooks.endpoints._update": lambda session: endpoints.change(session, "W1", {"status": "paused"}),
    "oms.orders.statements._write": lambda session: _whole_life(session),
}
# One row by its primary key, by the ORM, or asked by nobody but a probe.
NOT_ASKED_HERE = {
    "oms.accounts.sessions._recent": "a part of remark_recent",
    "oms.accounts.sign_in._stored": "opens its own connection; the two conditions are those of find and find_by_email",
    "oms.api.probes._database": "reads no table",
    "oms.api.probes.select": "reads no table",
    "oms.distribution.distribute": "once in the life of an installation",
    "oms.distribution_command.distribute": "once in the life of an installation",
    "oms.driver_sql.compiled": "makes none of its own",
    "oms.generation.copying.analyze": "no query",
    "oms.figures.hourly.count": "the hours of since, by the primary key; the others are above",
    "oms.orders.queries._found": "by LISTS and SEARCHES",
    "oms.jobs.sweep._now": "reads no table",
    "oms.partitions.strays": "stops at a thousand",
    "oms.partitions._strays": "the DEFAULT partition, which is empty",
    "oms.partitions._create": "no query",
    "oms.partitions._has_kept": "by the index of pending events, in test_partitions",
    "oms.partitions._delete_others": "a batch of one partition by its index on the time",
    "oms.partitions.drop_before": "no query",
    "oms.partitions._be_quick": "no query",
    "oms.schema_version.applied": "alembic's own table",
    "oms.schema_version.current": "alembic's own table",
}


def _ended(read: Callable[[Session, Credential], object], session: Session, credential: Credential) -> None:
    """A family that ran out is looked for all the same."""
    with pytest.raises(Exception, match=""):
        read(session, credential)


def _whole_life(session: Session) -> None:
    """One is placed, paid and cancelled with its refund, another is paid, delivered and announced to come back, and one
    is moved without being held."""
    for fate in (_cancelled, _sent_back, _moved_unheld):
        line = {"sku": "S", "quantity": Decimal(1), "unit_price": Decimal(1), "sale_price": Decimal(1)}
        part = {"payment_mode": "cash", "amount": Decimal(1), "create_payment_order": False}
        order = placement.place_order(session, {"items": [line], "customer_id": "C", "payment": [part]}, STAFF)
        captures.capture_by_hand(session, order.order_id, order.payments[0].payment_id, None, STAFF)
        fate(session, order.order_id)


def _moved_unheld(session: Session, placed: str) -> None:
    planned = changes.plain_move(session, placed, "packed", STAFF, NO_REASON, None)
    assert planned is not None
    store.advance(*planned)
    store.save_if_unchanged(session, *planned, None)


def _cancelled(session: Session, placed: str) -> None:
    cancellation.cancel_order(session, placed, STAFF, {})


def _sent_back(session: Session, placed: str) -> None:
    changes.change_status(session, placed, "delivered", STAFF, NO_REASON)
    items = [{"line_no": 1, "quantity": Decimal(1)}]
    returns.request_return(session, placed, {"items": items, "reason": "other", "resolution": "refund"}, STAFF)


LISTS: dict[str, dict[str, Any]] = {
    "all": {},
    "owner": {"owner": BIG},
    "owner of one": {"owner": "GEN-C150000"},
    "customer": {"customer_id": BIG},
    "customer, status": {"customer_id": "GEN-C000900", "status": "returned"},
    "customer, facility": {"customer_id": "GEN-C000900", "facility_id": "GEN-F30"},
    "customer, facility, status": {"customer_id": "GEN-C000900", "facility_id": "GEN-F30", "status": "pending"},
    "facility": {"facility_id": "GEN-F30"},
    "large facility": {"facility_id": "GEN-F01"},
    "facility, frequent status": {"facility_id": "GEN-F01", "status": "delivered"},
    "facility, rare status": {"facility_id": "GEN-F30", "status": "return_requested"},
    "facility, status nobody has": {"facility_id": "GEN-F30", "status": "partially_delivered"},
    "frequent status": {"status": "delivered"},
    "rare status": {"status": "returned"},
    "range": {"created_from": NOW - timedelta(days=30), "created_to": NOW - timedelta(days=20)},
    "range, status": {"created_to": NOW - timedelta(days=20), "status": "delivered"},
    "range, facility": {"created_from": NOW - timedelta(days=30), "facility_id": "GEN-F02"},
    "range, owner": {"created_to": NOW - timedelta(days=30), "owner": BIG},
}
SEARCHES: dict[str, dict[str, Any]] = {
    "id": {"q": SOME},
    "beginning of all ids": {"q": "GEN-"},
    "customer": {"q": BIG},
    "facility": {"q": "GEN-F01"},
    "phone": {"q": "+490000007919"},
    "article": {"q": "GEN-SKU-00001"},
    "nothing": {"q": "nothing"},
    "article, status": {"q": "GEN-SKU-00001", "status": "returned"},
    "article, facility": {"q": "GEN-SKU-00001", "facility_id": "GEN-F30"},
    "article, owner": {"q": "GEN-SKU-00001", "owner": "GEN-C000900"},
    "id, owner": {"q": SOME, "owner": "GEN-C000900"},
}


AUDITED: dict[str, audit.Filters] = {
    "all": audit.Filters(),
    "actor": audit.Filters(actor_id="U3"),
    "actor, rare action": audit.Filters(actor_id="U3", action="user.disabled"),
    "action": audit.Filters(action="order.cancelled"),
    "subject": audit.Filters(subject_id=SOME),
    "subject, actor": audit.Filters(subject_id=SOME, actor_id="U3"),
    "subject, frequent action": audit.Filters(subject_id=SOME, action="order.cancelled"),
    "time": audit.Filters(since=NOW - timedelta(days=30), until=NOW - timedelta(days=20)),
    "actor, time": audit.Filters(actor_id="U3", since=NOW - timedelta(days=30), until=NOW - timedelta(days=20)),
}


def check(app: Flask, work: Callable[[Session], object], most: int = MOST) -> None:
    plans = plans_of(app, work)
    assert plans
    for plan in plans:
        assert not plan.tables_read_whole & GROWING, plan
        assert plan.rows <= most, plan


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_statement_is_answered_from_an_index(shop: Flask, name: str) -> None:
    module, _, attribute = name.rpartition(".")
    statement = getattr(importlib.import_module(module), attribute)
    if isinstance(statement, DriverStatement):
        check(shop, lambda session: run(session, statement, NAMED[name]))
    else:
        check(shop, lambda session: session.execute(statement, NAMED[name]))


def test_a_full_batch_of_events_is_marked_by_the_primary_key(shop: Flask) -> None:
    """Whatever the day's partition holds besides."""
    with shop.app_context():
        events = read(lambda session: session.execute(text(_ANY_EVENTS), {"count": outbox.BATCH}).all())
    names = ("orders", "versions", "positions")
    sent = dict(zip(names, map(list, zip(*events, strict=True)), strict=True))
    (plan,) = plans_of(shop, lambda session: session.execute(outbox._PUBLISHED, sent))
    assert len(events) == outbox.BATCH
    assert {kind for kind, *_ in plan.scans if kind != "Function Scan"} == {"Index Scan"}
    assert plan.rows <= 2 * outbox.BATCH


_ANY_EVENTS = "SELECT order_id, version, position FROM outbox_events LIMIT :count"


@pytest.mark.parametrize("name", sorted(MADE))
def test_a_function_reads_by_an_index(shop: Flask, name: str) -> None:
    check(shop, MADE[name])


@pytest.mark.parametrize("deep", [False, True], ids=["first page", "deep page"])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_little_more_than_it_shows(shop: Flask, name: str, deep: bool) -> None:
    cursor = queries.cursor_at(NOW - timedelta(days=40), SOME) if deep else None
    check(shop, lambda session: queries.list_orders(session, LISTS[name], 20, cursor), 600)


@pytest.mark.parametrize("deep", [False, True], ids=["first page", "deep page"])
@pytest.mark.parametrize("name", AUDITED)
def test_a_page_of_the_audit_log_reads_little_more_than_it_shows(shop: Flask, name: str, deep: bool) -> None:
    before = first_id(NOW - timedelta(days=15)) if deep else None
    check(shop, lambda session: audit.page(session, AUDITED[name], 50, before))


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_reads_no_more_than_it_may_look_at(shop: Flask, name: str) -> None:
    check(shop, lambda session: queries.list_orders(session, SEARCHES[name], 20, None), 5 * queries.MOST_FOUND)


def test_a_page_by_number_reads_of_the_skipped_orders_only_their_keys_and_from_the_nearer_end(shop: Flask) -> None:
    (counted, _) = plans_of(shop, lambda session: queries.list_numbered(session, BIG, 1, 20))
    [(_, _, _, total)] = counted.scans
    pages = total // 20
    assert pages > 12
    for page, keys in ((5, 100), (pages, total - (pages - 1) * 20)):
        (_, plan) = plans_of(shop, lambda session, page=page: queries.list_numbered(session, BIG, page, 20))
        scans = {(table, kind): rows for kind, table, _, rows in plan.scans}
        assert scans.pop(("orders", "Index Only Scan")) == keys
        assert sum(scans.values()) <= MOST


# --- nothing is left out


def named_statements() -> Iterator[str]:
    for module in pkgutil.walk_packages(oms.__path__, "oms."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, TextClause | DriverStatement):
                    yield f"{module.name}.{name}"


def functions_that_make_statements() -> Iterator[str]:
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(["oms", *path.relative_to(ROOT).with_suffix("").parts])
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and _makes_a_statement(function):
                yield f"{module}.{function.name}"


def _makes_a_statement(function: ast.FunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    makers = {"select", "insert", "update", "delete", "text", "union_all", "compiled"}
    return any(isinstance(called, ast.Name) and called.id in makers for called in calls)


def test_every_statement_of_the_product_is_here() -> None:
    assert set(named_statements()) == NAMED.keys() | WITHOUT_A_TABLE | WHOLE.keys()
    assert set(functions_that_make_statements()) == MADE.keys() | NOT_ASKED_HERE.keys()
