"""The tables of imports. No foreign keys: they are written by one module, and lie where invoices lie."""

from datetime import datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from oms.extensions import Base

STATUSES = ("queued", "running", "completed", "cancelled", "failed")
OPEN = "status IN ('queued', 'running')"
_MOMENT = DateTime(timezone=True)


class OrderImport(Base):
    """An upload and how far it is: of `total` orders `done` have been looked at, and `failed` of those refused.

    `columns` are those of a CSV file. Orders are placed in the name of whoever sent the file.
    """

    __tablename__ = "order_imports"

    import_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    actor_id: Mapped[str] = mapped_column(String(50))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    file_name: Mapped[str | None] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(10))
    columns: Mapped[list[str]] = mapped_column(ARRAY(Text))
    digest: Mapped[str] = mapped_column(String(64))
    dry_run: Mapped[bool] = mapped_column(Boolean)
    status: Mapped[str] = mapped_column(String(10), server_default="queued")
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer, server_default="0")
    failed: Mapped[int] = mapped_column(Integer, server_default="0")
    next_chunk: Mapped[int] = mapped_column(Integer, server_default="0")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
    worked_at: Mapped[datetime] = mapped_column(_MOMENT, server_default=func.now())
    finished_at: Mapped[datetime | None] = mapped_column(_MOMENT)

    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(map(repr, STATUSES))})", name="status"),
        CheckConstraint("failed >= 0 AND failed <= done AND done <= total", name="progress"),
        Index("ix_order_imports_open", "worked_at", postgresql_where=text(OPEN)),
        Index("ix_order_imports_finished", "finished_at"),
        Index("ix_order_imports_actor", "actor_id", "import_id"),
    )


class OrderImportChunk(Base):
    """Some orders of an upload as they were sent; gone once they have been looked at."""

    __tablename__ = "order_import_chunks"

    import_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    chunk_no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class OrderImportError(Base):
    """What was wrong with an order of an upload, and in which row of the file."""

    __tablename__ = "order_import_errors"

    import_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    row_no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    order_id: Mapped[str | None] = mapped_column(String(50))
    code: Mapped[str] = mapped_column(String(50))
    pointer: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
