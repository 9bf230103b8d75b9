"""what the journey and the outbox need to become the first partition of themselves

A unique index that has the time in it, and the promise that no row is of a later time than the partition will hold:
everything up to the end of the next month (the journey) or of tomorrow (the outbox). Writes of the two tables wait while
the indexes are built: about four seconds for six million journey entries. 0007 validates the promises beside live
traffic, and 0008 then has nothing to look at.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = {
    "order_journey": ("order_id, seq, created_at", "month"),
    "outbox_events": ("order_id, version, position, created_at", "day"),
}


def upgrade() -> None:
    for table, (key, unit) in TABLES.items():
        op.execute(f"CREATE UNIQUE INDEX pk_{table}_before ON {table} ({key})")
        op.execute(f"""
            DO $$ BEGIN EXECUTE format(
                'ALTER TABLE {table} ADD CONSTRAINT ck_{table}_until CHECK (created_at < %L) NOT VALID',
                date_trunc('{unit}', now(), 'UTC') + interval '2 {unit}s'
            ); END $$
        """)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_until")
        op.execute(f"DROP INDEX pk_{table}_before")
