"""vacuum the tables that change most after a fiftieth of their rows, not after a fifth

Half of an order's changes move it to another status, which adds an entry to its indexes; those of orders by status grew
to five times their size in a million changes between two rounds of autovacuum. Room left in the pages (fillfactor) would
not help: 98 % of the changes of lines and payments stay in their page without it, and a change of status can't.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("orders", "order_items", "payments", "refunds", "idempotency_keys", "inbox_events", "token_families")
SETTINGS = {
    "autovacuum_vacuum_scale_factor": "0.02",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
}


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} SET ({', '.join(f'{name} = {value}' for name, value in SETTINGS.items())})")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} RESET ({', '.join(SETTINGS)})")
