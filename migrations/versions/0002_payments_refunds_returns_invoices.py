"""payments with providers, refunds over several payments, returns, invoices, charges and taxes

New columns have constant defaults, so no table is rewritten. Checks on the large tables are added without looking at
the rows that are there; 0003 does that beside live traffic, and 0004 builds the indexes of payments.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

AMOUNTS = ("discount", "handling_charge", "delivery_charge", "packaging_charge", "surge_charge", "tax_amount")
MONEY = sa.Numeric(precision=15, scale=3)
MOMENT = sa.DateTime(timezone=True)
REFUNDED_BEFORE = "refunded_quantity >= 0 AND refunded_quantity <= quantity"
REFUNDED = "refunded_quantity >= 0 AND cancelled_quantity + refunded_quantity <= quantity"


def upgrade() -> None:
    for table in ("orders", "order_items"):
        for name in AMOUNTS:
            op.add_column(table, sa.Column(name, MONEY, server_default="0", nullable=False))
            _add_check(table, name, f"{name} >= 0 AND {name} <= 999999999999.999")
        op.add_column(table, sa.Column("tax_lines", postgresql.JSON(), nullable=True))
    op.add_column("orders", sa.Column("invoice_number", sa.String(60), nullable=True))
    op.add_column("orders", sa.Column("exchange_of", sa.String(50), nullable=True))
    op.add_column("order_items", sa.Column("return_window_days", sa.SmallInteger(), nullable=True))
    op.add_column("order_items", sa.Column("delivered_at", MOMENT, nullable=True))
    _add_check("order_items", "return_window_days", "return_window_days >= 0")
    op.drop_constraint(op.f("ck_order_items_refunded_within_ordered"), "order_items")
    _add_check("order_items", "refunded_within_ordered", REFUNDED)
    op.add_column("order_journey", sa.Column("event", sa.String(30), nullable=True))
    op.add_column("order_journey", sa.Column("details", postgresql.JSON(), nullable=True))
    _upgrade_payments()
    _upgrade_refunds()
    op.add_column("return_requests", sa.Column("resolution", sa.String(10), server_default="refund", nullable=False))
    op.add_column("return_requests", sa.Column("replacement_order_id", sa.String(50), nullable=True))
    op.create_check_constraint(
        op.f("ck_return_requests_resolution"), "return_requests", "resolution IN ('refund', 'exchange')"
    )
    _create_payment_events()
    _create_invoices()


def _add_check(table: str, name: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")


def _upgrade_payments() -> None:
    op.add_column("payments", sa.Column("provider", sa.String(20), server_default="manual", nullable=False))
    op.add_column("payments", sa.Column("provider_order_id", sa.String(255), nullable=True))
    op.add_column("payments", sa.Column("provider_payment_id", sa.String(255), nullable=True))
    op.add_column("payments", sa.Column("asked_at", MOMENT, nullable=True))
    op.add_column("payments", sa.Column("error", sa.String(200), nullable=True))


def _upgrade_refunds() -> None:
    for column in (
        sa.Column("remarks", sa.String(1000), nullable=True),
        sa.Column("items", postgresql.JSON(), nullable=True),
        sa.Column("credit_note_number", sa.String(60), nullable=True),
        sa.Column("provider_refund_id", sa.String(255), nullable=True),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("key_no", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(200), nullable=True),
    ):
        op.add_column("refunds", column)
    op.drop_constraint(op.f("pk_refunds"), "refunds")
    op.create_primary_key(op.f("pk_refunds"), "refunds", ["order_id", "refund_id", "payment_id"])
    op.create_index(
        "ix_refunds_due",
        "refunds",
        ["next_attempt_at"],
        postgresql_where=sa.text("status IN ('created', 'pending')"),
    )


def _create_payment_events() -> None:
    op.create_table(
        "payment_events",
        sa.Column("provider", sa.String(20), nullable=False),
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("order_id", sa.String(50), nullable=True),
        sa.Column("subject", sa.String(255), nullable=True),
        sa.Column("occurred_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_payment_events")),
    )
    op.create_index("ix_payment_events_received_at", "payment_events", ["received_at"], postgresql_using="brin")


def _create_invoices() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("series", sa.String(40), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "invoices",
        sa.Column("series", sa.String(40), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(14), nullable=False),
        sa.Column("order_id", sa.String(50), nullable=False),
        sa.Column("document", postgresql.JSON(), nullable=False),
        sa.Column("issued_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note', 'refund_voucher')", name=op.f("ck_invoices_kind")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_invoices_number")),
        sa.PrimaryKeyConstraint("series", "number", name=op.f("pk_invoices")),
    )
    op.create_index("ix_invoices_order_id", "invoices", ["order_id"])
    op.execute("""
        CREATE FUNCTION refuse_to_change_an_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'an issued document is never changed' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER invoices_are_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_an_invoice()
    """)


def downgrade() -> None:
    op.drop_table("invoices")
    op.execute("DROP FUNCTION refuse_to_change_an_invoice()")
    op.drop_table("invoice_series")
    op.drop_table("payment_events")
    op.drop_column("return_requests", "replacement_order_id")
    op.drop_column("return_requests", "resolution")
    _downgrade_refunds()
    for name in ("error", "asked_at", "provider_payment_id", "provider_order_id", "provider"):
        op.drop_column("payments", name)
    op.drop_column("order_journey", "details")
    op.drop_column("order_journey", "event")
    op.drop_constraint(op.f("ck_order_items_refunded_within_ordered"), "order_items")
    op.create_check_constraint(op.f("ck_order_items_refunded_within_ordered"), "order_items", REFUNDED_BEFORE)
    for name in ("delivered_at", "return_window_days"):
        op.drop_column("order_items", name)
    for name in ("exchange_of", "invoice_number"):
        op.drop_column("orders", name)
    for table in ("orders", "order_items"):
        for name in ("tax_lines", *AMOUNTS):
            op.drop_column(table, name)


def _downgrade_refunds() -> None:
    """Before, a refund was one row; those that were spread over payments keep a row each under ids of their own."""
    op.drop_index("ix_refunds_due", "refunds")
    op.drop_constraint(op.f("pk_refunds"), "refunds")
    op.execute("""
        UPDATE refunds SET refund_id = left(encode(sha256(CAST(refund_id || payment_id AS bytea)), 'hex'), 26)
        WHERE EXISTS (SELECT 1 FROM refunds AS other WHERE other.order_id = refunds.order_id
            AND other.refund_id = refunds.refund_id AND other.payment_id < refunds.payment_id)
    """)
    op.create_primary_key(op.f("pk_refunds"), "refunds", ["order_id", "refund_id"])
    for name in (
        "error",
        "next_attempt_at",
        "key_no",
        "attempts",
        "by_hand",
        "provider_refund_id",
        "credit_note_number",
        "items",
        "remarks",
    ):
        op.drop_column("refunds", name)
