"""look at the rows that were there before the checks of 0006

`VALIDATE` reads the tables beside live traffic: it takes no lock that a read or a write has to wait for.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("order_journey", "outbox_events"):
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_until")


def downgrade() -> None:
    """A validated check is no different to the code before it."""
