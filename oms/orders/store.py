"""Orders in PostgreSQL: each read is one query, each write is one statement.

An ORM unit of work reaches a few hundred orders a second on a small machine, one statement several thousand; so the
hot path is SQL fed by JSON, and this is the only module that knows it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from psycopg2.errors import UniqueViolation
from sqlalchemy import TextClause, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import outbox
from oms.errors import Conflict, NotFound
from oms.ids import ORDER_ID
from oms.orders.order import JourneyEntry, Line, Order
from oms.orders.payments import Part

_HEADER = """
    orders.order_id, customer_id, creator_id, facility_id, managed_by, orders.status, currency, total_amount,
    order_price, rounding_adjustment, order_datetime, eta, CAST(address AS text) AS address,
    CAST(orders.metadata AS text) AS metadata, CAST(document AS text) AS document, version, orders.created_at,
    orders.updated_at
"""
_TIME = "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
_CHILDREN = f"""
    (SELECT CAST(json_agg(json_build_array(line_no, sku, name, CAST(quantity AS text), CAST(unit_price AS text),
            CAST(sale_price AS text), status, CAST(cancelled_quantity AS text), CAST(shipped_quantity AS text),
            CAST(delivered_quantity AS text), CAST(returned_quantity AS text), CAST(refunded_quantity AS text),
            CAST(metadata AS text)) ORDER BY line_no) AS text)
     FROM order_items WHERE order_items.order_id = {{order_id}}) AS lines,
    (SELECT CAST(json_agg(json_build_object('payment_id', payment_id, 'mode', mode, 'status', status,
            'amount', CAST(amount AS text), 'captured_amount', CAST(captured_amount AS text),
            'refunded_amount', CAST(refunded_amount AS text), 'reserved_amount', CAST(reserved_amount AS text),
            'attested', attested, 'created_at', {_TIME.format("payments.created_at")},
            'refunds', (SELECT json_agg(json_build_object('refund_id', refund_id, 'status', refunds.status,
                    'amount', CAST(refunds.amount AS text), 'reason', reason,
                    'created_at', {_TIME.format("refunds.created_at")}) ORDER BY refund_id)
                FROM refunds WHERE refunds.order_id = payments.order_id
                    AND refunds.payment_id = payments.payment_id)) ORDER BY payment_id) AS text)
     FROM payments WHERE payments.order_id = {{order_id}}) AS payments,
    (SELECT CAST(json_agg(json_build_object('return_id', return_id, 'status', status, 'reason', reason,
            'remarks', remarks, 'created_at', {_TIME.format("return_requests.created_at")},
            'items', (SELECT json_agg(json_build_object('line_no', line_no, 'quantity', CAST(quantity AS text),
                    'accepted_quantity', CAST(accepted_quantity AS text), 'condition', condition) ORDER BY line_no)
                FROM return_items WHERE return_items.order_id = return_requests.order_id
                    AND return_items.return_id = return_requests.return_id)) ORDER BY return_id) AS text)
     FROM return_requests WHERE return_requests.order_id = {{order_id}}) AS returns
"""
# Everything of an order in one query: to be completed with FROM orders WHERE ...
WHOLE = f"SELECT {_HEADER}, {_CHILDREN.format(order_id='orders.order_id')} FROM orders"
_MINE = "(CAST(:owner AS text) IS NULL OR customer_id = :owner)"
_GET = text(f"{WHOLE} WHERE orders.order_id = :order_id AND {_MINE}")
_GET_MANY = text(f"{WHOLE} WHERE orders.order_id = ANY(:order_ids)")
_LOCK = text(f"SELECT {_HEADER} FROM orders WHERE order_id = :order_id AND {_MINE} FOR UPDATE")
# A second statement on purpose: a sub-select beside FOR UPDATE would still show the lines as they were before the wait.
_LOCKED_CHILDREN = text(f"SELECT {_CHILDREN.format(order_id=':order_id')}")

_LINE_RECORD = """(line_no smallint, sku text, name text, quantity numeric, unit_price numeric, sale_price numeric,
    status text, cancelled_quantity numeric, shipped_quantity numeric, delivered_quantity numeric,
    returned_quantity numeric, refunded_quantity numeric, metadata text)"""
_INSERT_LINES = f"""
    INSERT INTO order_items (order_id, line_no, sku, name, quantity, unit_price, sale_price, status,
        cancelled_quantity, shipped_quantity, delivered_quantity, returned_quantity, refunded_quantity, metadata)
    SELECT :order_id, line_no, sku, name, quantity, unit_price, sale_price, status, cancelled_quantity,
        shipped_quantity, delivered_quantity, returned_quantity, refunded_quantity, CAST(metadata AS json)
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line {_LINE_RECORD}
"""
_INSERT_JOURNEY = """
    journeyed AS (
        INSERT INTO order_journey (order_id, seq, line_no, current_status, previous_status, skipped, actor_id,
            actor_type, reason, remarks, created_at)
        SELECT :order_id, seq, line_no, current_status, previous_status, skipped, actor_id, actor_type, reason,
            remarks, :updated_at
        FROM jsonb_to_recordset(CAST(:journey AS jsonb)) AS entry (seq int, line_no smallint, current_status text,
            previous_status text, skipped text[], actor_id text, actor_type text, reason text, remarks text)
    )
"""
_INSERT_PAYMENTS = """
    paid AS (
        INSERT INTO payments (order_id, payment_id, mode, status, amount, captured_amount, attested,
            create_payment_order, created_at, updated_at)
        SELECT :order_id, payment_id, mode, status, amount, captured_amount, attested, create_payment_order,
            :updated_at, :updated_at
        FROM jsonb_to_recordset(CAST(:payments AS jsonb)) AS payment (payment_id text, mode text, status text,
            amount numeric, captured_amount numeric, attested boolean, create_payment_order boolean)
    )
"""
_CREATE = text(f"""
    WITH placed AS (
        INSERT INTO orders (order_id, customer_id, creator_id, facility_id, managed_by, status, currency, total_amount,
            order_price, rounding_adjustment, order_datetime, eta, address, metadata, document, version, created_at,
            updated_at)
        VALUES (:order_id, :customer_id, :creator_id, :facility_id, :managed_by, :status, :currency, :total_amount,
            :order_price, :rounding_adjustment, :order_datetime, :eta, CAST(:address AS json),
            CAST(:metadata AS json), CAST(:document AS json), :version, :created_at, :updated_at)
    ), lined AS ({_INSERT_LINES}), {_INSERT_JOURNEY}, {_INSERT_PAYMENTS}, {outbox.INSERT}
    SELECT 1
""")
_SAVE = text(f"""
    WITH saved AS (
        UPDATE orders SET status = :status, facility_id = :facility_id, total_amount = :total_amount,
            order_price = :order_price, rounding_adjustment = :rounding_adjustment, eta = :eta,
            address = CAST(:address AS json), metadata = CAST(:metadata AS json), document = CAST(:document AS json),
            version = :version, updated_at = :updated_at
        WHERE order_id = :order_id
    ), lined AS (
        UPDATE order_items SET quantity = line.quantity, status = line.status,
            cancelled_quantity = line.cancelled_quantity, shipped_quantity = line.shipped_quantity,
            delivered_quantity = line.delivered_quantity, returned_quantity = line.returned_quantity,
            refunded_quantity = line.refunded_quantity
        FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line {_LINE_RECORD}
        WHERE order_items.order_id = :order_id AND order_items.line_no = line.line_no
    ), {_INSERT_JOURNEY}, {_INSERT_PAYMENTS}, {outbox.INSERT}
    SELECT 1
""")
_DROP_LINES = text("DELETE FROM order_items WHERE order_id = :order_id")
_ADD_LINES = text(_INSERT_LINES)


@dataclass(slots=True)
class Change:
    """What one transaction does to one order, besides the order's own fields."""

    entries: Sequence[JourneyEntry]
    lines: Sequence[Line]
    # Events tell the version they lead to, so they are made once it is known.
    events: Callable[[], Sequence[outbox.Event]]
    payments: Sequence[Part] = ()


def get(session: Session, order_id: str, owner: str | None) -> Order | None:
    """The whole order in one query; None when absent or not `owner`'s."""
    row = session.execute(_GET, {"order_id": order_id, "owner": owner}).one_or_none()
    return None if row is None else order_of(row)


def get_many(session: Session, order_ids: Sequence[str]) -> list[Order]:
    return [order_of(row) for row in session.execute(_GET_MANY, {"order_ids": list(order_ids)})]


def lock(session: Session, order_id: str, owner: str | None) -> Order:
    """The whole order, locked until the transaction ends; raises `NotFound` when absent or not `owner`'s."""
    row = None
    if ORDER_ID.fullmatch(order_id):
        row = session.execute(_LOCK, {"order_id": order_id, "owner": owner}).one_or_none()
    if row is None:
        raise NotFound("There is no such order.", code="order_not_found")
    children = session.execute(_LOCKED_CHILDREN, {"order_id": order_id}).one()
    return _order(row, children)


def create(session: Session, order: Order, change: Change) -> None:
    """Insert everything in one statement; raises `Conflict` order_id_taken."""
    try:
        _execute(session, _CREATE, order, change, order.lines)
    except IntegrityError as error:
        # Every key here begins with the order's id, and which table objects first is PostgreSQL's choice.
        if isinstance(error.orig, UniqueViolation):
            raise Conflict("This order id is taken.", code="order_id_taken") from error
        raise


def save(session: Session, order: Order, change: Change) -> None:
    """Write a locked order back; every journey entry takes one version, a change without one takes one too."""
    order.version += max(1, len(change.entries))
    order.updated_at = now()
    _execute(session, _SAVE, order, change, change.lines)


def replace_lines(session: Session, order: Order) -> None:
    session.execute(_DROP_LINES, {"order_id": order.order_id})
    session.execute(_ADD_LINES, {"order_id": order.order_id, "lines": _lines(order.lines)})


def now() -> datetime:
    return datetime.now(UTC)


def _execute(session: Session, statement: TextClause, order: Order, change: Change, lines: Sequence[Line]) -> None:
    first = order.version - max(1, len(change.entries)) + 1
    for payment in order.payments:
        payment["created_at"] = payment["created_at"] or order.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # as _TIME
    parameters = {
        **{name: getattr(order, name) for name in _PLAIN},
        **{name: _text(getattr(order, name)) for name in ("address", "metadata", "document")},
        "lines": _lines(lines),
        "journey": _journey(first, change.entries),
        "payments": orjson.dumps(change.payments, default=str).decode(),
        "events": orjson.dumps(outbox.rows(order.order_id, order.version, change.events())).decode(),
    }
    session.execute(statement, parameters)


_PLAIN = (
    "order_id",
    "customer_id",
    "creator_id",
    "facility_id",
    "managed_by",
    "status",
    "currency",
    "total_amount",
    "order_price",
    "rounding_adjustment",
    "order_datetime",
    "eta",
    "version",
    "created_at",
    "updated_at",
)


def _text(document: bytes | None) -> str | None:
    return None if document is None else document.decode()


def _lines(lines: Sequence[Line]) -> str:
    return orjson.dumps(
        [{name: getattr(line, name) for name in Line.__slots__} for line in lines], default=_plain_text
    ).decode()


def _plain_text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else str(value)


def _journey(first: int, entries: Sequence[JourneyEntry]) -> str:
    rows = [
        {
            "seq": seq,
            "line_no": entry.line_no,
            "current_status": entry.current_status,
            "previous_status": entry.previous_status,
            "skipped": entry.skipped or None,
            "actor_id": entry.actor_id,
            "actor_type": entry.actor_type,
            "reason": entry.reason,
            "remarks": entry.remarks,
        }
        for seq, entry in enumerate(entries, first)
    ]
    return orjson.dumps(rows).decode()


def order_of(row: Any) -> Order:
    """An order from a row of `WHOLE`."""
    return _order(row, row)


def _order(row: Any, children: Any) -> Order:
    return Order(
        order_id=row.order_id,
        customer_id=row.customer_id,
        creator_id=row.creator_id,
        managed_by=row.managed_by,
        status=row.status,
        currency=row.currency,
        total_amount=row.total_amount,
        created_at=row.created_at,
        updated_at=row.updated_at,
        order_datetime=row.order_datetime,
        version=row.version,
        facility_id=row.facility_id,
        order_price=row.order_price,
        rounding_adjustment=row.rounding_adjustment,
        eta=row.eta,
        address=_bytes(row.address),
        metadata=_bytes(row.metadata),
        document=_bytes(row.document),
        lines=[_line(values) for values in orjson.loads(children.lines or b"[]")],
        payments=orjson.loads(children.payments or b"[]"),
        returns=orjson.loads(children.returns or b"[]"),
    )


def _line(values: list[Any]) -> Line:
    line_no, sku, name, quantity, unit_price, sale_price, status = values[:7]
    cancelled, shipped, delivered, returned, refunded = map(Decimal, values[7:12])
    return Line(
        line_no=line_no,
        sku=sku,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        sale_price=Decimal(sale_price),
        name=name,
        status=status,
        cancelled_quantity=cancelled,
        shipped_quantity=shipped,
        delivered_quantity=delivered,
        returned_quantity=returned,
        refunded_quantity=refunded,
        metadata=_bytes(values[12]),
    )


def _bytes(document: str | None) -> bytes | None:
    return None if document is None else document.encode()
