"""imports of orders: the uploads that wait, how far they are, and what was wrong

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN = "status IN ('queued', 'running')"


def upgrade() -> None:
    op.create_table(
        "order_imports",
        sa.Column("import_id", sa.String(26), nullable=False),
        sa.Column("actor_id", sa.String(50), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("file_name", sa.String(200)),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(10), server_default="queued", nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_chunk", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("worked_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", MOMENT),
        sa.PrimaryKeyConstraint("import_id", name="pk_order_imports"),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'completed', 'cancelled', 'failed')", name="ck_order_imports_status"
        ),
        sa.CheckConstraint("failed >= 0 AND failed <= done AND done <= total", name="ck_order_imports_progress"),
    )
    op.create_index("ix_order_imports_open", "order_imports", ["worked_at"], postgresql_where=sa.text(OPEN))
    op.create_index("ix_order_imports_finished", "order_imports", ["finished_at"])
    op.create_index("ix_order_imports_actor", "order_imports", ["actor_id", "import_id"])
    op.create_table(
        "order_import_chunks",
        sa.Column("import_id", sa.String(26), nullable=False),
        sa.Column("chunk_no", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "chunk_no", name="pk_order_import_chunks"),
    )
    op.create_table(
        "order_import_errors",
        sa.Column("import_id", sa.String(26), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("order_id", sa.String(50)),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "row_no", "position", name="pk_order_import_errors"),
    )


def downgrade() -> None:
    for table in ("order_import_errors", "order_import_chunks", "order_imports"):
        op.drop_table(table)
