"""The SQL of orders: each read is one query, each write is one statement.

An ORM unit of work reaches a few hundred orders a second on a small machine, one statement several thousand; so rows go
in and come out as JSON. A write carries only the parts that it has something for: planning the others costs time.
"""

from functools import cache

from oms import audit, idempotency, outbox
from oms.driver_sql import DriverStatement, compiled

_HEADER = """
    orders.order_id, customer_id, creator_id, facility_id, managed_by, orders.status, currency, total_amount,
    order_price, rounding_adjustment, order_datetime, eta, CAST(address AS text) AS address,
    CAST(orders.metadata AS text) AS metadata, CAST(document AS text) AS document, invoice_number, exchange_of, version,
    orders.created_at, orders.updated_at, {adjustments} AS adjustments
"""
# Nothing at all for the many that have none of it.
_ADJUSTMENTS = """
    CASE WHEN {table}.discount + {table}.handling_charge + {table}.delivery_charge + {table}.packaging_charge
        + {table}.surge_charge > 0 OR {table}.tax_lines IS NOT NULL
    THEN json_build_array(CAST({table}.discount AS text), CAST({table}.handling_charge AS text),
        CAST({table}.delivery_charge AS text), CAST({table}.packaging_charge AS text),
        CAST({table}.surge_charge AS text), {table}.tax_lines) END
"""
_REFUNDS = """
    (SELECT json_agg(json_build_object('refund_id', refund_id, 'payment_id', refunds.payment_id, 'cause', cause,
        'status', refunds.status, 'amount', CAST(refunds.amount AS text), 'reason', refunds.reason,
        'remarks', refunds.remarks, 'items', items, 'credit_note_number', credit_note_number,
        'provider_refund_id', provider_refund_id, 'by_hand', by_hand, 'attempts', attempts, 'key_no', key_no,
        'next_attempt_at', next_attempt_at,
        'error', refunds.error, 'created_at', refunds.created_at) ORDER BY refund_id)
    FROM refunds WHERE refunds.order_id = payments.order_id AND refunds.payment_id = payments.payment_id)
"""
_CHILDREN = f"""
    (SELECT CAST(json_agg(json_build_array(line_no, sku, name, CAST(quantity AS text), CAST(unit_price AS text),
            CAST(sale_price AS text), status, CAST(cancelled_quantity AS text), CAST(shipped_quantity AS text),
            CAST(delivered_quantity AS text), CAST(returned_quantity AS text), CAST(refunded_quantity AS text),
            CAST(metadata AS text), {_ADJUSTMENTS.format(table="order_items")}, return_window_days, delivered_at)
            ORDER BY line_no) AS text)
     FROM order_items WHERE order_items.order_id = {{order_id}}) AS lines,
    (SELECT CAST(json_agg(json_build_object('payment_id', payment_id, 'mode', mode, 'status', payments.status,
            'amount', CAST(amount AS text), 'captured_amount', CAST(captured_amount AS text),
            'refunded_amount', CAST(refunded_amount AS text), 'reserved_amount', CAST(reserved_amount AS text),
            'attested', attested, 'create_payment_order', create_payment_order, 'provider', provider,
            'provider_order_id', provider_order_id, 'provider_payment_id', provider_payment_id, 'error', error,
            'created_at', payments.created_at, 'refunds', {_REFUNDS}) ORDER BY payment_id) AS text)
     FROM payments WHERE payments.order_id = {{order_id}}) AS payments,
    (SELECT CAST(json_agg(json_build_object('return_id', return_id, 'status', status, 'reason', reason,
            'remarks', remarks, 'resolution', resolution, 'replacement_order_id', replacement_order_id,
            'created_at', return_requests.created_at, 'updated_at', return_requests.updated_at,
            'items', (SELECT json_agg(json_build_object('line_no', line_no, 'quantity', CAST(quantity AS text),
                    'accepted_quantity', CAST(accepted_quantity AS text), 'condition', condition) ORDER BY line_no)
                FROM return_items WHERE return_items.order_id = return_requests.order_id
                    AND return_items.return_id = return_requests.return_id)) ORDER BY return_id) AS text)
     FROM return_requests WHERE return_requests.order_id = {{order_id}}) AS returns
"""
_HEADER = _HEADER.format(adjustments=_ADJUSTMENTS.format(table="orders"))
# Everything of an order in one query: to be completed with FROM orders WHERE ...
WHOLE = f"SELECT {_HEADER}, {_CHILDREN.format(order_id='orders.order_id')} FROM orders"
_MINE = "(CAST(:owner AS text) IS NULL OR customer_id = :owner)"
_GET = f"{WHOLE} WHERE orders.order_id = :order_id AND {_MINE}"
GET = compiled(_GET)
GET_MANY = compiled(f"{WHOLE} WHERE orders.order_id = ANY(:order_ids)")
# Two statements on purpose, in one message: a sub-select beside FOR UPDATE would still show the lines as they were
# before the wait, while the second statement has a snapshot of its own. The driver hands out what the last one found.
LOCK = compiled(f"SELECT 1 FROM orders WHERE order_id = :order_id AND {_MINE} FOR UPDATE; {_GET}")

_AMOUNTS = "discount, handling_charge, delivery_charge, packaging_charge, surge_charge, tax_amount"
_LINE_RECORD = """(line_no smallint, sku text, name text, quantity numeric, unit_price numeric, sale_price numeric,
    status text, cancelled_quantity numeric, shipped_quantity numeric, delivered_quantity numeric,
    returned_quantity numeric, refunded_quantity numeric, discount numeric, handling_charge numeric,
    delivery_charge numeric, packaging_charge numeric, surge_charge numeric, tax_amount numeric, tax_lines json,
    return_window_days smallint, delivered_at timestamptz, metadata text)"""
_INSERT_LINES = f"""
    INSERT INTO order_items (order_id, line_no, sku, name, quantity, unit_price, sale_price, status,
        cancelled_quantity, shipped_quantity, delivered_quantity, returned_quantity, refunded_quantity, {_AMOUNTS},
        tax_lines, return_window_days, delivered_at, metadata)
    SELECT :order_id, line_no, sku, name, quantity, unit_price, sale_price, status, cancelled_quantity,
        shipped_quantity, delivered_quantity, returned_quantity, refunded_quantity, {_AMOUNTS}, tax_lines,
        return_window_days, delivered_at, CAST(metadata AS json)
    FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line {_LINE_RECORD}
"""
_INSERT_JOURNEY = """
    journeyed AS (
        INSERT INTO order_journey (order_id, seq, line_no, current_status, previous_status, skipped, event, details,
            actor_id, actor_type, reason, remarks, created_at)
        SELECT :order_id, seq, line_no, current_status, previous_status, skipped, event, details, actor_id, actor_type,
            reason, remarks, :updated_at
        FROM jsonb_to_recordset(CAST(:journey AS jsonb)) AS entry (seq int, line_no smallint, current_status text,
            previous_status text, skipped text[], event text, details json, actor_id text, actor_type text,
            reason text, remarks text)
    )
"""
_PARTS = {
    "kept": idempotency.KEPT,
    "audited": audit.INSERT,
    "payments": """
    paid AS (
        INSERT INTO payments (order_id, payment_id, mode, status, amount, captured_amount, refunded_amount,
            reserved_amount, attested, create_payment_order, provider, provider_order_id, provider_payment_id, error,
            created_at, updated_at)
        SELECT :order_id, payment_id, mode, status, amount, captured_amount, refunded_amount, reserved_amount, attested,
            create_payment_order, provider, provider_order_id, provider_payment_id, error, created_at, :updated_at
        FROM jsonb_to_recordset(CAST(:payments AS jsonb)) AS payment (payment_id text, mode text, status text,
            amount numeric, captured_amount numeric, refunded_amount numeric, reserved_amount numeric,
            attested boolean, create_payment_order boolean, provider text, provider_order_id text,
            provider_payment_id text, error text, created_at timestamptz)
        ON CONFLICT (order_id, payment_id) DO UPDATE SET status = EXCLUDED.status, amount = EXCLUDED.amount,
            captured_amount = EXCLUDED.captured_amount, refunded_amount = EXCLUDED.refunded_amount,
            reserved_amount = EXCLUDED.reserved_amount, provider_order_id = EXCLUDED.provider_order_id,
            provider_payment_id = EXCLUDED.provider_payment_id, error = EXCLUDED.error,
            updated_at = EXCLUDED.updated_at
    )
""",
    "refunds": """
    refunded AS (
        INSERT INTO refunds (order_id, refund_id, payment_id, cause, reason, remarks, status, amount, items,
            credit_note_number, provider_refund_id, by_hand, attempts, key_no, next_attempt_at, error, created_at,
            updated_at)
        SELECT :order_id, refund_id, payment_id, cause, reason, remarks, status, amount, items, credit_note_number,
            provider_refund_id, by_hand, attempts, key_no, next_attempt_at, error, created_at, :updated_at
        FROM jsonb_to_recordset(CAST(:refunds AS jsonb)) AS refund (refund_id text, payment_id text, cause text,
            reason text, remarks text, status text, amount numeric, items json, credit_note_number text,
            provider_refund_id text, by_hand boolean, attempts smallint, key_no smallint,
            next_attempt_at timestamptz, error text, created_at timestamptz)
        ON CONFLICT (order_id, refund_id, payment_id) DO UPDATE SET status = EXCLUDED.status,
            credit_note_number = EXCLUDED.credit_note_number, provider_refund_id = EXCLUDED.provider_refund_id,
            by_hand = EXCLUDED.by_hand, attempts = EXCLUDED.attempts, key_no = EXCLUDED.key_no,
            next_attempt_at = EXCLUDED.next_attempt_at, error = EXCLUDED.error, updated_at = EXCLUDED.updated_at
    )
""",
    "returns": """
    requested AS (
        INSERT INTO return_requests (order_id, return_id, status, reason, remarks, resolution, replacement_order_id,
            created_at, updated_at)
        SELECT :order_id, return_id, status, reason, remarks, resolution, replacement_order_id, created_at, :updated_at
        FROM jsonb_to_recordset(CAST(:returns AS jsonb)) AS request (return_id text, status text, reason text,
            remarks text, resolution text, replacement_order_id text, created_at timestamptz)
        ON CONFLICT (order_id, return_id) DO UPDATE SET status = EXCLUDED.status,
            replacement_order_id = EXCLUDED.replacement_order_id, updated_at = EXCLUDED.updated_at
    ), requested_items AS (
        INSERT INTO return_items (order_id, return_id, line_no, quantity, accepted_quantity, condition)
        SELECT :order_id, return_id, line_no, quantity, accepted_quantity, condition
        FROM jsonb_to_recordset(CAST(:return_items AS jsonb)) AS item (return_id text, line_no smallint,
            quantity numeric, accepted_quantity numeric, condition text)
        ON CONFLICT (order_id, return_id, line_no) DO UPDATE SET accepted_quantity = EXCLUDED.accepted_quantity,
            condition = EXCLUDED.condition
    )
""",
}
_PLACED = f"""
    placed AS (
        INSERT INTO orders (order_id, customer_id, creator_id, facility_id, managed_by, status, currency, total_amount,
            order_price, rounding_adjustment, {_AMOUNTS}, tax_lines, order_datetime, eta, address, metadata, document,
            invoice_number, exchange_of, version, created_at, updated_at)
        VALUES (:order_id, :customer_id, :creator_id, :facility_id, :managed_by, :status, :currency, :total_amount,
            :order_price, :rounding_adjustment, :discount, :handling_charge, :delivery_charge, :packaging_charge,
            :surge_charge, :tax_amount, CAST(:tax_lines AS json), :order_datetime, :eta, CAST(:address AS json),
            CAST(:metadata AS json), CAST(:document AS json), :invoice_number, :exchange_of, :version, :created_at,
            :updated_at)
    ), lined AS ({_INSERT_LINES})
"""
_SAVED = f"""
    saved AS (
        UPDATE orders SET status = :status, facility_id = :facility_id, total_amount = :total_amount,
            order_price = :order_price, rounding_adjustment = :rounding_adjustment, discount = :discount,
            handling_charge = :handling_charge, delivery_charge = :delivery_charge,
            packaging_charge = :packaging_charge, surge_charge = :surge_charge, tax_amount = :tax_amount,
            tax_lines = CAST(:tax_lines AS json), eta = :eta, address = CAST(:address AS json),
            metadata = CAST(:metadata AS json), document = CAST(:document AS json), invoice_number = :invoice_number,
            version = :version, updated_at = :updated_at
        WHERE order_id = :order_id{{as_read}}
    ), lined AS (
        UPDATE order_items SET quantity = line.quantity, status = line.status,
            cancelled_quantity = line.cancelled_quantity, shipped_quantity = line.shipped_quantity,
            delivered_quantity = line.delivered_quantity, returned_quantity = line.returned_quantity,
            refunded_quantity = line.refunded_quantity, tax_amount = line.tax_amount, tax_lines = line.tax_lines,
            delivered_at = line.delivered_at
        FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line {_LINE_RECORD}
        WHERE order_items.order_id = :order_id AND order_items.line_no = line.line_no
    )
"""
DROP_LINES = compiled("DELETE FROM order_items WHERE order_id = :order_id")
ADD_LINES = compiled(_INSERT_LINES)


@cache
def create(parts: frozenset[str]) -> DriverStatement:
    """Inserts an order with its lines, journey and events, and the named parts (`kept` is a stored answer)."""
    return _write(_PLACED, parts)


@cache
def save(parts: frozenset[str]) -> DriverStatement:
    """Updates an order and its changed lines, appends journey and events, and writes the named parts."""
    return _write(_SAVED.format(as_read=""), parts)


@cache
def save_if_unchanged(parts: frozenset[str]) -> DriverStatement:
    """The same for an order that nobody holds: divides by zero, and so changes nothing, unless it still has the
    version `read_version`. The order's row comes first here too, since the result is made of it."""
    guarded = _SAVED.format(as_read=" AND version = :read_version RETURNING order_id")
    return _write(guarded, parts, "SELECT 1 / count(*) FROM saved")


def _write(first: str, parts: frozenset[str], result: str = "SELECT 1") -> DriverStatement:
    optional = [_PARTS[name] for name in sorted(parts)]
    return compiled(f"WITH {', '.join([first, _INSERT_JOURNEY, *optional, outbox.INSERT])} {result}")
