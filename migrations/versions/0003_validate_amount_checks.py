"""look at the rows that were there before the checks of 0002

`VALIDATE` reads the tables beside live traffic: it takes no lock that a read or a write has to wait for.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

AMOUNTS = ("discount", "handling_charge", "delivery_charge", "packaging_charge", "surge_charge", "tax_amount")


def upgrade() -> None:
    for name in AMOUNTS:
        op.execute(f"ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_{name}")
    for name in (*AMOUNTS, "return_window_days", "refunded_within_ordered"):
        op.execute(f"ALTER TABLE order_items VALIDATE CONSTRAINT ck_order_items_{name}")


def downgrade() -> None:
    """A validated check is no different to the code before it."""
