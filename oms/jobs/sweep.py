"""The clock's round: finds what a lost wake-up or a Redis outage left behind, expires, purges.

Everything here is found in PostgreSQL, so losing Redis, or every job in it, loses nothing.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import idempotency, inbox, outbox, partitions, queues
from oms.accounts import sessions
from oms.accounts.actor import system
from oms.bulk import imports
from oms.errors import Conflict, NotFound, Unavailable
from oms.extensions import settings
from oms.figures import dashboard, hourly
from oms.jobs.deliver_webhooks import courier
from oms.jobs.follow_up_payments import follow_up_payments
from oms.jobs.publish_outbox import publish_outbox
from oms.jobs.send_refunds import send_refunds
from oms.orders import cache, cancellation, captures, journey, payment_events, refunds
from oms.partitions import Partitioned
from oms.redis_guard import attempt
from oms.transactions import read, transaction
from oms.webhooks import backlog, deliveries, fan_out

# Younger events are on their way: their own wake-up is still fresh.
LATE_SECONDS = 2
# Transactions that began before the last round may commit after it; none lives longer than this.
OVERLAP = timedelta(seconds=15)
PURGE_EVERY_SECONDS = 60.0
REMARK_SECONDS = 120
COUNT_EVERY_SECONDS = 60.0
EXPIRED_BATCH = 200
INBOX_DAYS = 14
# Longer than a chunk of an import takes.
IMPORT_LATE_SECONDS = 10
IMPORT_DAYS = 30
# Longer than any provider repeats a callback, and than anybody asks about one.
PAYMENT_EVENT_DAYS = 400
# The clock has other things to do.
WEBHOOK_SECONDS = 5.0
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_WATERMARK = "cache:swept_until"
_log = structlog.get_logger(__name__)

_LATE = text("""
    SELECT EXISTS (SELECT 1 FROM outbox_events
    WHERE published_at IS NULL AND retry_at <= now() - make_interval(secs => :seconds))
""")
_CHANGED = text("""
    SELECT order_id, max(version) AS version FROM outbox_events WHERE created_at >= :since GROUP BY order_id
""")
_EXPIRED = text("""
    SELECT order_id FROM orders
    WHERE status = 'pending' AND (total_amount > 0 OR document IS NOT NULL)
      AND created_at < now() - make_interval(mins => :minutes)
      AND NOT EXISTS (SELECT 1 FROM payments WHERE payments.order_id = orders.order_id
            AND (captured_amount > 0 OR payments.status = 'authorized'))
    ORDER BY created_at LIMIT :batch
""")


@dataclass(slots=True)
class Sweep:
    """One clock's memory between rounds: only what spares it repeated work."""

    floored: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    watermark: datetime | None = None
    purged_at: float = float("-inf")
    counted_at: float = float("-inf")
    told: dict[int, datetime] = field(default_factory=dict)

    def round(self) -> None:
        """Do everything once; a server that is away is logged and met again next round."""
        parts = (
            self.wake_publisher,
            self.tell_early,
            self.wake_webhooks,
            self.wake_refunds,
            self.wake_follow_up,
            self.wake_imports,
            self.repair_cache,
            self.remark_revocations,
            self.expire,
            self.create_partitions,
            self.count_hours,
            self.purge,
        )
        for part in parts:
            try:
                part()
            except Unavailable as error:
                _log.warning("sweep_part_failed", part=part.__name__, reason=error.detail)

    def wake_publisher(self) -> None:
        """Wake the worker for late events; without Redis nobody can be woken, so the clock publishes itself."""
        if read(_late) and not queues.insist(queues.PUBLISH_OUTBOX):
            publish_outbox()

    def tell_early(self) -> None:
        """Have subscribers told of events that wait for Kafka; each is looked at once, the next round goes on."""
        if not read(lambda session: _late(session) and fan_out.has_subscribers(session)):
            self.told.clear()
            return
        began, until = time.monotonic(), read(_now) - timedelta(seconds=LATE_SECONDS)
        for shard in range(outbox.SHARDS):
            since: datetime | None = self.told.get(shard, _LONG_AGO)
            while since is not None and time.monotonic() - began < WEBHOOK_SECONDS:
                self.told[shard] = since
                since = transaction(partial(fan_out.fan_out_late, shard=shard, since=since, until=until))

    @staticmethod
    def wake_webhooks() -> None:
        """Webhooks whose next attempt has come; without Redis they are sent from here."""
        if read(backlog.overdue) > LATE_SECONDS and not queues.insist(queues.DELIVER_WEBHOOKS):
            courier().run(WEBHOOK_SECONDS)
            courier().finish()

    @staticmethod
    def wake_refunds() -> None:
        """Refunds whose next attempt has come: they are rung for by nobody else, and without Redis sent from here."""
        if read(lambda session: refunds.due(session, 1)) and not queues.insist(queues.SEND_REFUNDS):
            send_refunds()

    @staticmethod
    def wake_follow_up() -> None:
        """Payments that are open at their provider and about which nobody has called."""
        if read(lambda session: captures.unsettled(session, 1)) and not queues.insist(queues.FOLLOW_UP_PAYMENTS):
            follow_up_payments()

    @staticmethod
    def wake_imports() -> None:
        """Imports that nobody has worked on for a while. Without Redis they wait: they may take long."""
        if read(lambda session: imports.waiting(session, IMPORT_LATE_SECONDS)):
            queues.insist(queues.IMPORT_ORDERS)

    def repair_cache(self) -> None:
        """Leave floors for orders changed since the last round that reached Redis.

        This is what makes the cache's promise hold when a process died between its commit and Redis, when Redis was
        away at that moment, or when it lost its last second in a crash.
        """
        known = self._known()
        if known != self.watermark:  # another clock's, or a Redis that has lost what we told it
            self.floored.clear()
        until = read(_now)
        changed = read(lambda session: _changed(session, (known or until) - OVERLAP))
        fresh = {
            order_id: version
            for order_id, version in changed.items()
            if self.floored.get(order_id, (0, until))[0] < version
        }
        if fresh and not cache.announce_many(fresh):
            return
        if attempt("sweep", lambda client: client.set(_WATERMARK, until.isoformat())) is None:
            self.floored.clear()
            return
        self.watermark = until
        self.floored = {order_id: seen for order_id, seen in self.floored.items() if seen[1] > until - 2 * OVERLAP} | {
            order_id: (version, until) for order_id, version in fresh.items()
        }

    @staticmethod
    def _known() -> datetime | None:
        """The last round Redis knows of; a Redis that knows none has lost its orders too."""
        found: Any = attempt("sweep", lambda client: client.get(_WATERMARK))
        return datetime.fromisoformat(found.decode()) if found else None

    @staticmethod
    def remark_revocations() -> None:
        read(lambda session: sessions.remark_recent(session, REMARK_SECONDS))

    @staticmethod
    def expire() -> None:
        """Cancel unpaid pending orders older than `PENDING_ORDER_TTL_MINUTES` (0 = never)."""
        minutes = settings().pending_order_ttl_minutes
        if not minutes:
            return
        parameters = {"minutes": minutes, "batch": EXPIRED_BATCH}
        for order_id in read(lambda session: session.execute(_EXPIRED, parameters).scalars().all()):
            try:
                transaction(partial(_expire_one, order_id=order_id))
            except (Conflict, NotFound) as error:
                _log.info("order_not_expired", order_id=order_id, reason=error.code)

    @staticmethod
    def create_partitions() -> None:
        for of in partitions.ALL:
            for name in transaction(partial(_create_missing, of=of)):
                _log.info("partition_created", partition=name)

    def count_hours(self) -> None:
        """The dashboard's figures, once a minute; while hours are missing, a batch of them each round."""
        if time.monotonic() - self.counted_at < COUNT_EVERY_SECONDS:
            return
        remembered = timedelta(hours=settings().outbox_retention_hours)
        if not transaction(lambda session: hourly.count(session, _now(session), remembered)):
            self.counted_at = time.monotonic()
            dashboard.prepare()

    def purge(self) -> None:
        """Delete what is past its retention, in small batches, once a minute."""
        if time.monotonic() - self.purged_at < PURGE_EVERY_SECONDS:
            return
        self.purged_at = time.monotonic()
        chosen = settings()
        if chosen.journey_retention_days:
            _purge_all(lambda session: journey.purge(session, chosen.journey_retention_days))
        _purge_all(lambda session: outbox.purge(session, chosen.outbox_retention_hours))
        _purge_all(lambda session: idempotency.purge(session, chosen.idempotency_retention_hours))
        _purge_all(lambda session: inbox.purge(session, INBOX_DAYS))
        _purge_all(lambda session: payment_events.purge(session, PAYMENT_EVENT_DAYS))
        _purge_all(lambda session: imports.purge(session, IMPORT_DAYS))
        _purge_all(lambda session: deliveries.purge(session, chosen.webhook_retention_days))
        _purge_all(sessions.purge_expired)


def _purge_all(batch: Callable[[Session], int]) -> None:
    while transaction(batch):
        continue


def _late(session: Session) -> bool:
    return bool(session.execute(_LATE, {"seconds": LATE_SECONDS}).scalar())


def _now(session: Session) -> datetime:
    found: datetime = session.execute(text("SELECT now()")).scalar_one()
    return found


def _changed(session: Session, since: datetime) -> Mapping[str, int]:
    return {row.order_id: row.version for row in session.execute(_CHANGED, {"since": since})}


def _create_missing(session: Session, of: Partitioned) -> list[str]:
    return partitions.create_missing(session, of, _now(session))


def _expire_one(session: Session, order_id: str) -> None:
    outcome = cancellation.expire_order(session, order_id, system("sweep"))
    if outcome.applied:
        cache.announce(session, outcome.order)
        _log.info("order_expired", order_id=order_id)
