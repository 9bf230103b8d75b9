"""endpoints of webhooks, what is to be delivered to them, and the scope for API keys that look after them

New tables, and a check of a small one: nothing waits.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WAITS = sa.text("status = 'waiting'")
SCOPES = ("orders:read", "orders:write", "fulfilment", "payments")
# They are written several times each, and deleted in the end.
STORAGE = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05"


def upgrade() -> None:
    _endpoints()
    _messages()
    _deliveries()
    _attempts()
    for table in ("webhook_deliveries", "webhook_messages", "webhook_attempts"):
        op.execute(f"ALTER TABLE {table} SET ({STORAGE})")
    _admit((*SCOPES, "webhooks"))


def downgrade() -> None:
    op.execute("UPDATE api_keys SET scopes = array_remove(scopes, 'webhooks') WHERE scopes <> ARRAY['webhooks']")
    op.execute("DELETE FROM api_keys WHERE scopes = ARRAY['webhooks']")
    _admit(SCOPES)
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_messages", "webhook_endpoints"):
        op.drop_table(table)


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.String(200), server_default="", nullable=False),
        sa.Column("event_types", ARRAY(sa.Text()), nullable=False),
        sa.Column("customer_id", sa.String(50)),
        sa.Column("facility_id", sa.String(50)),
        sa.Column("ordered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.String(10), server_default="enabled", nullable=False),
        sa.Column("disabled_reason", sa.String(10)),
        sa.Column("disabled_at", TIME),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_secret_until", TIME),
        sa.Column("failing_since", TIME),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_by", sa.String(50), nullable=False),
        sa.Column("created_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
        sa.CheckConstraint(
            "status IN ('enabled', 'paused', 'disabled', 'deleted')", name=op.f("ck_webhook_endpoints_status")
        ),
        sa.CheckConstraint(
            "disabled_reason IN ('by_hand', 'gone', 'failing')", name=op.f("ck_webhook_endpoints_disabled_reason")
        ),
        sa.CheckConstraint(
            "(status = 'disabled') = (disabled_reason IS NOT NULL)",
            name=op.f("ck_webhook_endpoints_disabled_with_reason"),
        ),
        sa.CheckConstraint("cardinality(event_types) > 0", name=op.f("ck_webhook_endpoints_some_event_type")),
    )


def _messages() -> None:
    op.create_table(
        "webhook_messages",
        sa.Column("event_id", sa.String(26), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_webhook_messages"),
    )
    op.create_index("ix_webhook_messages_created", "webhook_messages", ["created_at"])


def _deliveries() -> None:
    table = "webhook_deliveries"
    op.create_table(
        table,
        sa.Column("endpoint_id", sa.String(26), nullable=False),
        sa.Column("event_id", sa.String(26), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("order_id", sa.String(50)),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.String(10), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("claimed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("endpoint_id", "event_id", name="pk_webhook_deliveries"),
        sa.CheckConstraint("status IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_status")),
    )
    op.create_index(f"ix_{table}_due", table, ["endpoint_id", "next_attempt_at"], postgresql_where=WAITS)
    order = ["endpoint_id", "order_id", "version", "position"]
    op.create_index(f"ix_{table}_order", table, order, postgresql_where=WAITS)
    op.create_index(f"ix_{table}_claimed", table, ["endpoint_id"], postgresql_where=sa.text("claimed"))
    op.create_index(f"ix_{table}_status", table, ["endpoint_id", "status", "event_id"])
    op.create_index(f"ix_{table}_created", table, ["created_at"])


def _attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("endpoint_id", sa.String(26), nullable=False),
        sa.Column("event_id", sa.String(26), nullable=False),
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("attempted_at", TIME, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("status_code", sa.SmallInteger()),
        sa.Column("error", sa.String(200)),
        sa.Column("response", sa.Text()),
        sa.PrimaryKeyConstraint("endpoint_id", "event_id", "id", name="pk_webhook_attempts"),
    )


def _admit(scopes: tuple[str, ...]) -> None:
    words = ", ".join(f"'{scope}'" for scope in scopes)
    op.drop_constraint("ck_api_keys_known_scopes", "api_keys")
    op.execute(f"ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_known_scopes CHECK (scopes <@ ARRAY[{words}]::text[])")
