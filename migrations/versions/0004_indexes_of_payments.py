"""find payments by what their provider calls them, and those that wait for their money

A migration of its own, so that only writes of payments wait, and only while these are built. Not concurrently: that would
wait for the releases that wait for this one.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_payments_provider_order": ("provider_order_id", "provider_order_id IS NOT NULL"),
    "ix_payments_provider_payment": ("provider_payment_id", "provider_payment_id IS NOT NULL"),
    "ix_payments_unsettled": ("created_at", "provider_order_id IS NOT NULL AND status IN ('pending', 'authorized')"),
}


def upgrade() -> None:
    for name, (column, where) in INDEXES.items():
        op.create_index(name, "payments", [column], postgresql_where=sa.text(where))


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "payments")
