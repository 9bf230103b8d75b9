"""the audit log, figures by the hour for the dashboard, and dead letters that are given up for good

New tables, and columns that are null in the rows there are: nothing is rewritten or looked at. dead_letters is small.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
AUDIT_INDEXES = {
    "ix_audit_entries_actor": ["actor_id", "id"],
    "ix_audit_entries_actor_action": ["actor_id", "action", "id"],
    "ix_audit_entries_action": ["action", "id"],
    "ix_audit_entries_subject": ["subject_id", "id"],
}


def upgrade() -> None:
    _create_audit_log()
    op.create_table(
        "hourly_figures",
        sa.Column("hour", MOMENT, nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("facilities", postgresql.JSONB(), nullable=False),
        sa.Column("captured", postgresql.JSONB(), nullable=True),
        sa.Column("refunded", postgresql.JSONB(), nullable=True),
        sa.Column("counted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_hourly_figures")),
    )
    op.add_column("dead_letters", sa.Column("discarded_at", MOMENT, nullable=True))
    op.add_column("dead_letters", sa.Column("discard_reason", sa.String(200), nullable=True))
    waiting = sa.text("replayed_at IS NULL AND discarded_at IS NULL")
    op.create_index("ix_dead_letters_open", "dead_letters", ["id"], postgresql_where=waiting)
    op.create_index("ix_dead_letters_topic", "dead_letters", ["topic", "id"], postgresql_where=waiting)
    op.drop_index("ix_dead_letters_waiting", "dead_letters")


def _create_audit_log() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("actor_id", sa.String(50), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("subject_kind", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.String(200), nullable=False),
        sa.Column("details", postgresql.JSON(), nullable=True),
        sa.Column("request_id", sa.String(128), nullable=True),
        sa.Column("address", sa.String(45), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    for name, columns in AUDIT_INDEXES.items():
        op.create_index(name, "audit_entries", columns)
    op.execute("""
        CREATE FUNCTION refuse_to_change_an_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'an audit entry is never changed' USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_entries_are_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_an_audit_entry()
    """)


def downgrade() -> None:
    op.create_index(
        "ix_dead_letters_waiting", "dead_letters", ["id"], postgresql_where=sa.text("replayed_at IS NULL")
    )
    for name in ("ix_dead_letters_topic", "ix_dead_letters_open"):
        op.drop_index(name, "dead_letters")
    for name in ("discard_reason", "discarded_at"):
        op.drop_column("dead_letters", name)
    op.drop_table("hourly_figures")
    op.drop_table("audit_entries")
    op.execute("DROP FUNCTION refuse_to_change_an_audit_entry()")
