"""Stories as rows: `COPY` into the order tables, a batch of orders a transaction: an interrupted run is continued.

The next batch is made while the server takes in the last one.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import orjson
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from oms import partitions
from oms.config import Settings
from oms.generation.story import PREFIX, Shop, Story, order_id, stories
from oms.orders.adjustments import AMOUNTS, Adjustments

BATCH = 2000
_ADJUSTED = (*AMOUNTS, "tax_amount")
_ORDER = (
    *("order_id", "customer_id", "creator_id", "facility_id", "managed_by", "status", "currency", "total_amount"),
    *("order_price", "order_datetime", "eta", "address", "metadata", "document", "version", "created_at", "updated_at"),
)
_LINE = (
    *("line_no", "sku", "name", "quantity", "unit_price", "sale_price", "status", "cancelled_quantity"),
    *("shipped_quantity", "delivered_quantity", "returned_quantity", "refunded_quantity", "delivered_at"),
)
_JOURNEY = ("current_status", "previous_status", "event", "details", "actor_id", "actor_type", "reason")
_PAYMENT = ("payment_id", "mode", "status", "amount", "captured_amount", "refunded_amount", "created_at")
_REFUND = ("refund_id", "payment_id", "cause", "status", "amount", "by_hand", "created_at")
_RETURN = ("return_id", "status", "reason", "created_at", "updated_at")
_RETURNED = ("line_no", "quantity", "accepted_quantity", "condition")
_EVENT = ("order_id", "version", "position", "event_id", "shard", "topic", "type", "payload")
_COLUMNS = {
    "orders": (*_ORDER, *_ADJUSTED),
    "order_items": ("order_id", *_LINE, *_ADJUSTED),
    "order_journey": ("order_id", "seq", "created_at", *_JOURNEY),
    "payments": ("order_id", *_PAYMENT, "updated_at"),
    "refunds": ("order_id", *_REFUND, "updated_at"),
    "return_requests": ("order_id", *_RETURN),
    "return_items": ("order_id", "return_id", *_RETURNED),
    "outbox_events": (*_EVENT, "created_at", "retry_at", "published_at"),
}
_NEWEST = text("SELECT created_at FROM orders WHERE order_id = :order_id")
_LAST = text("SELECT max(order_id) FROM orders WHERE order_id LIKE :prefix AND order_id > :first")
_OTHERS = text("""
    SELECT EXISTS (SELECT 1 FROM orders WHERE order_id < :first) OR EXISTS (SELECT 1 FROM orders WHERE order_id > :last)
""")


class Warehouse:
    """The database that generated orders are copied into, over a connection without the limits of requests."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: Engine = create_engine(settings.database_url, connect_args={"options": "-c timezone=UTC"})

    def others(self) -> bool:
        """Whether orders are there that were not generated."""
        with self._engine.connect() as connection:
            return bool(connection.execute(_OTHERS, {"first": PREFIX, "last": order_id(10**10 - 1)}).scalar())

    def held(self) -> int:
        """How many generated orders are there. They are numbered from 0 without gaps."""
        with self._engine.connect() as connection:
            last = connection.execute(_LAST, {"prefix": f"{PREFIX}%", "first": PREFIX}).scalar()
        return int(last.removeprefix(PREFIX)) + 1 if last else 0

    def fill(self, orders: int, per_day: float) -> Iterator[int]:
        """Generate until there are `orders` in all; yields how many more there are after each batch."""
        held, shop = self.held(), self._shop(per_day)
        self._make_room(shop, orders)
        batches = [range(first, min(first + BATCH, orders)) for first in range(held, orders, BATCH)]
        with ThreadPoolExecutor(1) as copier:
            running: Future[None] | None = None
            done = 0
            for numbers in batches:
                tables = _tables(stories(shop, numbers))
                if running is not None:
                    running.result()
                    yield done
                running, done = copier.submit(self._copy, tables), len(numbers)
            if running is not None:
                running.result()
                yield done

    def analyze(self) -> None:
        """Statistics for the planner and a visibility map for index-only scans."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (ANALYZE) {', '.join(_COLUMNS)}"))
            # The clock counts their hours anew.
            connection.execute(text("UPDATE hourly_figures SET counted_at = hour"))

    def _shop(self, per_day: float) -> Shop:
        now = datetime.now(UTC)
        with self._engine.connect() as connection:
            newest = connection.execute(_NEWEST, {"order_id": order_id(0)}).scalar()
        remembers = now - timedelta(hours=self._settings.outbox_retention_hours)
        return Shop(newest or now, per_day, now, remembers, self._settings.default_currency)

    def _make_room(self, shop: Shop, orders: int) -> None:
        """Partitions back to the oldest order, before any is written: creating them waits for writes of orders."""
        oldest = shop.newest - timedelta(days=orders / shop.per_day)
        with Session(self._engine) as session, session.begin():
            partitions.create_missing(session, partitions.JOURNEY, shop.today, oldest)
            partitions.create_missing(session, partitions.OUTBOX, shop.today, max(oldest, shop.remembers))

    def _copy(self, tables: dict[str, StringIO]) -> None:
        with self._engine.begin() as connection:
            cursor: Any = connection.connection.cursor()
            for table, rows in tables.items():
                rows.seek(0)
                cursor.copy_expert(f"COPY {table} ({', '.join(_COLUMNS[table])}) FROM STDIN", rows)


def _tables(told: Iterable[Story]) -> dict[str, StringIO]:
    tables = {table: StringIO() for table in _COLUMNS}
    for story in told:
        for table, row in _rows(story):
            tables[table].write("\t".join(map(_text, row)) + "\n")
    return tables


def _rows(story: Story) -> Iterator[tuple[str, list[Any]]]:
    order = story.order
    key, until = order.order_id, order.updated_at
    yield "orders", [*_fields(order, _ORDER), *_adjusted(order.adjustments)]
    for line in order.lines:
        yield "order_items", [key, *_fields(line, _LINE), *_adjusted(line.adjustments)]
    for seq, moment, entry in story.journey:
        yield "order_journey", [key, seq, moment, *_fields(entry, _JOURNEY)]
    for payment in order.payments:
        yield "payments", [key, *_fields(payment, _PAYMENT), until]
        for refund in payment.refunds:
            yield "refunds", [key, *_fields(refund, _REFUND), until]
    for request in order.returns:
        yield "return_requests", [key, *_fields(request, _RETURN)]
        for item in request.items:
            yield "return_items", [key, request.return_id, *_fields(item, _RETURNED)]
    for moment, event in story.outbox:
        yield "outbox_events", [*(event[name] for name in _EVENT), moment, moment, moment]


def _fields(source: Any, names: tuple[str, ...]) -> list[Any]:
    return [getattr(source, name) for name in names]


def _adjusted(given: Adjustments) -> list[Any]:
    return _fields(given, _ADJUSTED)


def _text(value: Any) -> str:
    """A value as COPY's text format has it."""
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.replace("\\", r"\\") if "\\" in value else value
    if isinstance(value, bytes):
        return _text(value.decode())
    return _text(orjson.dumps(value).decode()) if isinstance(value, dict) else str(value)
