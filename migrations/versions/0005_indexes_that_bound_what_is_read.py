"""indexes by which every list, search and purge reads a bounded number of rows

An index by time alone invites the planner to walk over all the newer orders that a filter drops; lists go by status
instead, each from its newest on. A BRIN index has to be read whole where old and new rows lie side by side, as they do
once a purge has made room; purges now find the oldest rows by a B-tree.

Writes of a table wait while its indexes are built: about two seconds for a million orders and four for their lines. The
old indexes go last, so that nothing is without one.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEWEST = [sa.text("created_at DESC"), sa.text("order_id DESC")]
PHONE = sa.text("(address ->> 'phone')")
HAS_PHONE = {"postgresql_where": sa.text("address ->> 'phone' IS NOT NULL")}
BRIN = {"postgresql_using": "brin"}
BEFORE = {
    "ix_orders_created": ("orders", NEWEST, {}),
    "ix_orders_customer": ("orders", ["customer_id", *NEWEST], {}),
    "ix_orders_facility": ("orders", ["facility_id", *NEWEST], {}),
    "ix_orders_phone": ("orders", [PHONE], HAS_PHONE),
    "ix_order_items_sku": ("order_items", ["sku"], {}),
    "ix_outbox_events_created_at": ("outbox_events", ["created_at"], BRIN),
    "ix_idempotency_keys_created_at": ("idempotency_keys", ["created_at"], BRIN),
    "ix_inbox_events_received_at": ("inbox_events", ["received_at"], BRIN),
    "ix_payment_events_received_at": ("payment_events", ["received_at"], BRIN),
}
AFTER = {
    "ix_orders_customer_newest": (
        "orders",
        ["customer_id", *NEWEST],
        {"postgresql_include": ["status", "facility_id"]},
    ),
    "ix_orders_facility_status": ("orders", ["facility_id", "status", *NEWEST], {}),
    "ix_orders_phone_newest": ("orders", [PHONE, *NEWEST], HAS_PHONE),
    "ix_order_items_sku_order": ("order_items", ["sku", "order_id"], {}),
    "ix_outbox_events_created": ("outbox_events", ["created_at"], {}),
    "ix_idempotency_keys_created": ("idempotency_keys", ["created_at"], {}),
    "ix_inbox_events_received": ("inbox_events", ["received_at"], {}),
    "ix_payment_events_received": ("payment_events", ["received_at"], {}),
    "ix_refunds_failed": ("refunds", ["created_at"], {"postgresql_where": sa.text("status = 'failed'")}),
    "ix_users_admins": ("users", ["created_at", "id"], {"postgresql_where": sa.text("role = 'admin'")}),
}


def upgrade() -> None:
    _exchange(BEFORE, AFTER)


def downgrade() -> None:
    _exchange(AFTER, BEFORE)


def _exchange(old: dict, new: dict) -> None:  # type: ignore[type-arg]
    for name, (table, columns, options) in new.items():
        op.create_index(name, table, columns, **options)
    for name, (table, _, _) in old.items():
        op.drop_index(name, table)
