"""Imports: an upload is kept in PostgreSQL and worked off a chunk at a time.

A chunk's orders, what was wrong with others, and how far the import is then are one transaction. So whoever is killed
in the middle has done nothing of a chunk, and whoever comes next does all of it: every record has its effect once.
"""

from collections.abc import Mapping
from typing import IO, Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import queues
from oms.accounts.actor import Actor
from oms.bulk import uploads
from oms.bulk.models import OPEN
from oms.errors import Conflict, Invalid, NotFound
from oms.gate import Gate
from oms.ids import new_id
from oms.transactions import after_commit

MAX_ATTEMPTS = 5
# Uploads that are taken in at once.
gate = Gate("imports")
_SHOWN = """import_id, actor_id, file_name, format, dry_run, status, total, done, failed, error, created_at, worked_at,
    finished_at"""
_MINE = "(CAST(:owner AS text) IS NULL OR actor_id = :owner)"

_ADD_CHUNK = text("""
    INSERT INTO order_import_chunks (import_id, chunk_no, content) VALUES (:import_id, :chunk_no, :content)
""")
_ADD = text("""
    INSERT INTO order_imports (import_id, actor_id, actor_kind, actor_scopes, file_name, format, columns, digest,
        dry_run, total)
    VALUES (:import_id, :actor_id, :actor_kind, :actor_scopes, :file_name, :format, :columns, :digest, :dry_run, :total)
""")
_FIND = text(f"SELECT {_SHOWN} FROM order_imports WHERE import_id = :import_id AND {_MINE}")
_PAGE = text(f"""
    SELECT {_SHOWN} FROM order_imports WHERE import_id < :before ORDER BY import_id DESC LIMIT :limit
""")
_PAGE_OF_ACTOR = text(f"""
    SELECT {_SHOWN} FROM order_imports WHERE actor_id = :owner AND import_id < :before
    ORDER BY import_id DESC LIMIT :limit
""")
_ERRORS = text("""
    SELECT row_no, position, order_id, code, pointer, detail FROM order_import_errors
    WHERE import_id = :import_id AND (row_no, position) > (:row_no, :position) ORDER BY row_no, position LIMIT :limit
""")
_CANCEL = text(f"""
    UPDATE order_imports SET status = 'cancelled', finished_at = now()
    WHERE import_id = :import_id AND {_MINE} AND {OPEN}
""")
_DROP_CHUNKS = text("DELETE FROM order_import_chunks WHERE import_id = :import_id")
_SAME = text(f"""
    SELECT {_SHOWN} FROM order_imports
    WHERE {OPEN} AND digest = :digest AND dry_run = :dry_run AND actor_id = :actor_id ORDER BY worked_at LIMIT 1
""")
_LATE = text(f"""
    SELECT EXISTS (SELECT 1 FROM order_imports WHERE {OPEN} AND worked_at <= now() - make_interval(secs => :seconds))
""")
_IDLE = text(f"SELECT EXTRACT(EPOCH FROM clock_timestamp() - min(worked_at)) FROM order_imports WHERE {OPEN}")
_OLD = text("""
    SELECT import_id FROM order_imports WHERE finished_at < now() - make_interval(days => :days)
    ORDER BY finished_at LIMIT 1
""")
_DROP_ERRORS = text("""
    DELETE FROM order_import_errors WHERE import_id = :import_id AND row_no <= COALESCE((
        SELECT row_no FROM order_import_errors WHERE import_id = :import_id ORDER BY row_no OFFSET :batch LIMIT 1),
        2147483647)
""")
_DROP = text("DELETE FROM order_imports WHERE import_id = :import_id")


def accept(session: Session, file: IO[bytes], about: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Keep an upload; returns its document. `about`: format, file_name, digest, dry_run.

    Raises `Invalid` (unknown_columns, no_rows) or `Malformed` (not_utf8, invalid_csv).
    """
    import_id, total = new_id(), 0
    columns, records = uploads.opened(file, about["format"])
    for chunk_no, (content, count) in enumerate(uploads.chunks(records)):
        session.execute(_ADD_CHUNK, {"import_id": import_id, "chunk_no": chunk_no, "content": content})
        total += count
    if not total:
        raise Invalid("There is no order in the file.", code="no_rows")
    by = {"actor_id": actor.id, "actor_kind": actor.kind, "actor_scopes": sorted(actor.scopes)}
    session.execute(_ADD, {**about, **by, "import_id": import_id, "columns": columns, "total": total})
    return find(session, import_id, None)


def take_in(session: Session, file: IO[bytes], about: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """`accept` it and ring for the worker."""
    made = accept(session, file, about, actor)
    after_commit(session, _ring)
    return made


def _ring() -> None:
    queues.wake(queues.IMPORT_ORDERS)


def find(session: Session, import_id: str, owner: str | None) -> dict[str, Any]:
    """An import's document; raises `NotFound` when absent or not `owner`'s."""
    row = session.execute(_FIND, {"import_id": import_id, "owner": owner}).one_or_none()
    if row is None:
        raise NotFound("There is no such import.", code="import_not_found")
    return document(row)


def page(session: Session, limit: int, before: str | None, owner: str | None) -> list[dict[str, Any]]:
    """The newest imports before the one of this id, of `owner` or of all."""
    parameters = {"limit": limit, "before": before or "~", "owner": owner}
    return [document(row) for row in session.execute(_PAGE_OF_ACTOR if owner else _PAGE, parameters)]


def unfinished(session: Session, digest: str, dry_run: bool, actor: Actor) -> dict[str, Any] | None:
    """The import of the same file by the same actor that is still under way."""
    parameters = {"digest": digest, "dry_run": dry_run, "actor_id": actor.id}
    row = session.execute(_SAME, parameters).one_or_none()
    return None if row is None else document(row)


def errors(session: Session, import_id: str, after: tuple[int, int], limit: int) -> list[dict[str, Any]]:
    """What was wrong, by rows, after (row, position)."""
    parameters = {"import_id": import_id, "row_no": after[0], "position": after[1], "limit": limit}
    return [dict(row._mapping) for row in session.execute(_ERRORS, parameters)]


def cancel(session: Session, import_id: str, owner: str | None) -> dict[str, Any]:
    """Stop an import; what was placed stays. Raises `NotFound`, or `Conflict` import_ended."""
    if not session.execute(_CANCEL, {"import_id": import_id, "owner": owner}).rowcount:  # type: ignore[attr-defined]
        found = find(session, import_id, owner)
        if found["status"] != "cancelled":
            raise Conflict(f"The import is {found['status']} already.", code="import_ended")
    session.execute(_DROP_CHUNKS, {"import_id": import_id})
    return find(session, import_id, owner)


def waiting(session: Session, seconds: float) -> bool:
    """Whether some import has not been worked on for so long."""
    return bool(session.execute(_LATE, {"seconds": seconds}).scalar())


def idle(session: Session) -> float:
    """Seconds since something was done for the open import that has waited longest; 0 when none is open."""
    return max(0.0, float(session.execute(_IDLE).scalar() or 0))


def purge(session: Session, days: int, batch: int = 5000) -> int:
    """Forget an import that ended so many days ago, or a batch of its errors; 0 when there is none."""
    import_id = session.execute(_OLD, {"days": days}).scalar()
    if import_id is None:
        return 0
    dropped: Any = session.execute(_DROP_ERRORS, {"import_id": import_id, "batch": batch})
    if not dropped.rowcount:
        session.execute(_DROP_CHUNKS, {"import_id": import_id})
        session.execute(_DROP, {"import_id": import_id})
    return 1


def document(row: Any) -> dict[str, Any]:
    """An import as it is shown."""
    return {
        "import_id": row.import_id,
        "status": row.status,
        "dry_run": row.dry_run,
        "format": row.format,
        "file_name": row.file_name,
        "total": row.total,
        "done": row.done,
        "succeeded": row.done - row.failed,
        "failed": row.failed,
        "error": row.error,
        "created_by": row.actor_id,
        "created_at": row.created_at,
        "worked_at": row.worked_at,
        "finished_at": row.finished_at,
    }
