"""A shop large enough that the planner has a choice, with rows in every table that grows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from oms.ids import first_id
from tests import factories, generated
from tests.conftest import Servers
from tests.depth import THOROUGH

ORDERS = 20_000 if THOROUGH else 6_000
_OTHERS = """
    INSERT INTO users (id, email, firebase_uid, password_hash, updated_at, role)
        SELECT 'U' || n, n || '@example.com', CASE WHEN n % 2 = 0 THEN 'F' || n END,
            CASE WHEN n % 4 = 1 THEN 'x' END, now() - interval '1 day', CASE WHEN n = 7 THEN 'admin' ELSE 'customer' END
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO token_families (id, user_id, current_jti, expires_at)
        SELECT 'T' || n, 'U' || (1 + n % {rows}), 'J' || n, now() + n * interval '1 second' - interval '2 days'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO saved_filters (id, user_id, name, query) SELECT 'L' || n, 'U' || n, 'n', 'q'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO api_keys (id, name, secret_hash, scopes, created_by)
        SELECT 'K' || n, 'k', 'x', ARRAY['payments'], 'U7' FROM generate_series(1, 20) AS n;
    INSERT INTO idempotency_keys (caller, key, fingerprint, status, body, created_at)
        SELECT 'C' || n % 100, 'K' || n, '', 201, '', now() - n * interval '10 seconds' - interval '22 hours'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO inbox_events (consumer, event_id, topic, received_at)
        SELECT 'c', 'E' || n, 't', now() - n * interval '10 seconds' - interval '13 days 22 hours'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO dead_letters (consumer, event_id, topic, partition, "offset", headers, reason, attempts, replayed_at)
        SELECT 'c', 'E' || n, 't', 0, n, '[]', 'r', 5, CASE WHEN n > 9 THEN now() END
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO hourly_figures (hour, placed, facilities, counted_at)
        SELECT date_trunc('hour', now()) - n * interval '1 hour', n, '{{}}', now() FROM generate_series(0, {rows}) AS n;
    INSERT INTO payment_events (provider, event_id, kind, outcome, occurred_at, received_at)
        SELECT 'razorpay', 'E' || n, 'captured', 'applied', now(), now() - n * interval '1 hour'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO order_imports (import_id, actor_id, actor_kind, actor_scopes, format, columns, digest, dry_run, status,
            total, finished_at)
        SELECT 'I' || n, 'U' || n % 50, 'staff', '{{}}', 'csv', '{{}}', 'D' || n, false,
            CASE WHEN n > 9 THEN 'completed' ELSE 'running' END, 1,
            CASE WHEN n > 9 THEN now() - n * interval '1 hour' END
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO order_import_chunks (import_id, chunk_no, content)
        SELECT 'I' || n % 10, n, '' FROM generate_series(1, {rows}) AS n;
    INSERT INTO order_import_errors (import_id, row_no, position, code, pointer, detail)
        SELECT 'I' || n % 10, n, 0, 'invalid', '', '' FROM generate_series(1, {rows}) AS n;
    INSERT INTO order_processing (order_id, event_id) SELECT order_id, 'E' FROM orders;
    INSERT INTO invoices (series, number, label, kind, order_id, document)
        SELECT 'S', n, 'S-' || n, 'invoice', 'GEN-' || lpad(CAST(n AS text), 10, '0'), '{{}}'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO refunds (order_id, refund_id, payment_id, cause, status, amount)
        SELECT order_id, 'R', payment_id, 'more', 'processed', 1 FROM payments;
    INSERT INTO return_requests (order_id, return_id, status, reason)
        SELECT order_id, 'T', 'closed', 'other' FROM orders;
    INSERT INTO return_items (order_id, return_id, line_no, quantity) SELECT order_id, 'T', 1, 1 FROM orders;
    INSERT INTO webhook_endpoints (id, url, event_types, ordered, status, secret, created_by)
        SELECT 'W' || n, 'u', ARRAY['oms.*'], n % 2 = 0, CASE WHEN n = 4 THEN 'deleted' ELSE 'enabled' END, '', 'U7'
        FROM generate_series(1, 4) AS n;
    INSERT INTO webhook_messages (event_id, type, body, created_at)
        SELECT 'E' || n, 't', '{{}}', now() - n * interval '1 minute' - interval '29 days'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO webhook_deliveries
            (endpoint_id, event_id, type, order_id, version, status, next_attempt_at, claimed, created_at)
        SELECT 'W' || 1 + n % 4, 'E' || n, 't', 'GEN-' || n % 100, n,
            CASE n % 3 WHEN 0 THEN 'waiting' WHEN 1 THEN 'delivered' ELSE 'failed' END,
            now() - n * interval '1 second', n % 500 = 0, now() - n * interval '1 minute' - interval '29 days'
        FROM generate_series(1, {rows}) AS n;
    INSERT INTO webhook_attempts (endpoint_id, event_id, id, attempted_at, duration_ms)
        SELECT endpoint_id, event_id, 'A', now(), 5 FROM webhook_deliveries;
    UPDATE payments SET provider = 'razorpay', provider_order_id = 'o' || payment_id,
        provider_payment_id = 'p' || payment_id;
    UPDATE refunds SET status = 'failed' WHERE order_id IN (SELECT order_id FROM refunds ORDER BY order_id LIMIT 5);
    UPDATE outbox_events SET published_at = NULL WHERE version = 1 AND order_id LIKE 'GEN-00000000_0';
"""


_AUDITED = """
    INSERT INTO audit_entries (id, actor_id, actor_kind, action, subject_kind, subject_id)
    SELECT id, 'U' || n % 5, 'staff', CASE WHEN n = 8 THEN 'user.disabled' ELSE 'order.cancelled' END, 'order',
        'GEN-' || lpad(CAST(n AS text), 10, '0')
    FROM unnest(CAST(:ids AS text[])) WITH ORDINALITY AS made (id, n)
"""


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers) -> Iterator[Flask]:
    with generated.shop(app, servers, ORDERS, ORDERS / 60) as made:
        for statement in _OTHERS.format(rows=ORDERS).split(";\n"):
            if statement.strip():
                factories.execute(made, statement)
        moments = (datetime.now(UTC) - timedelta(minutes=10 * number) for number in range(ORDERS))
        factories.execute(made, _AUDITED, ids=[first_id(moment) for moment in moments])
        factories.vacuum(made)
        yield made
