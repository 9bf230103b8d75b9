"""Working off an import: the next chunk of it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import broken_rules, queues
from oms.accounts.actor import Actor
from oms.bulk import records, uploads
from oms.bulk.imports import MAX_ATTEMPTS
from oms.bulk.models import OPEN
from oms.bulk.uploads import Record
from oms.errors import Invalid, OmsError
from oms.orders import bodies, placement, store
from oms.orders.order import Order
from oms.orders.store import Change
from oms.transactions import after_commit

# What is told of one order, however much is wrong with it.
MAX_ERRORS = 20

_CANDIDATES = text(f"SELECT import_id FROM order_imports WHERE {OPEN} ORDER BY worked_at LIMIT 20")
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('oms.import'), hashtext(:import_id))")
_NEXT = text(f"""
    SELECT order_imports.import_id, actor_id, actor_kind, actor_scopes, columns, dry_run, next_chunk, content
    FROM order_imports LEFT JOIN order_import_chunks
        ON order_import_chunks.import_id = order_imports.import_id AND chunk_no = next_chunk
    WHERE order_imports.import_id = :import_id AND {OPEN}
""")
_TAKEN = text("SELECT order_id FROM orders WHERE order_id = ANY(:order_ids)")
_ADD_ERRORS = text("""
    INSERT INTO order_import_errors (import_id, row_no, position, order_id, code, pointer, detail)
    SELECT :import_id, row_no, position, order_id, code, pointer, detail
    FROM unnest(CAST(:row_no AS int[]), CAST(:position AS smallint[]), CAST(:order_id AS text[]), CAST(:code AS text[]),
        CAST(:pointer AS text[]), CAST(:detail AS text[]))
        AS found (row_no, position, order_id, code, pointer, detail)
""")
_DROP_CHUNK = text("DELETE FROM order_import_chunks WHERE import_id = :import_id AND chunk_no = :chunk_no")
# No row when somebody else has done the chunk, or the import was cancelled meanwhile: then nothing of it may stay.
_ADVANCE = text(f"""
    UPDATE order_imports SET next_chunk = next_chunk + 1, done = done + :done, failed = failed + :failed, attempts = 0,
        worked_at = clock_timestamp(), error = NULL,
        status = CASE WHEN done + :done >= total THEN 'completed' ELSE 'running' END,
        finished_at = CASE WHEN done + :done >= total THEN now() END
    WHERE import_id = :import_id AND next_chunk = :chunk_no AND {OPEN}
""")
_STUMBLE = text(f"""
    UPDATE order_imports SET attempts = attempts + 1, error = :error, worked_at = now(),
        status = CASE WHEN attempts + 1 >= :most THEN 'failed' ELSE status END,
        finished_at = CASE WHEN attempts + 1 >= :most THEN now() END
    WHERE import_id = :import_id AND {OPEN}
""")


class OvertakenError(OmsError):
    """Somebody else has done the chunk, or ended the import."""


@dataclass(slots=True)
class Progress:
    """What became of a chunk: how many records there were, and how many of them were refused."""

    import_id: str
    done: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Chunk:
    """The orders to place, each with its record, and what was wrong with the other records."""

    wanted: list[tuple[Record, Order, Change]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0

    def refuse(self, record: Record, order_id: str | None, code: str, places: Sequence[Any]) -> None:
        self.refused += 1
        for position, place in enumerate(places[:MAX_ERRORS]):
            row = {"row_no": records.row_of(record, place["pointer"]), "position": position, "order_id": order_id}
            self.errors.append({**row, "code": code, "pointer": place["pointer"], "detail": place["detail"]})


def candidates(session: Session) -> list[str]:
    """Imports with something left to do, those that have waited longest first."""
    return list(session.execute(_CANDIDATES).scalars())


def work(session: Session, import_id: str) -> Progress | None:
    """Do the next chunk of an import; None when somebody else is at it, or nothing is left.

    Raises `OvertakenError`, and `Conflict` order_id_taken when one of its ids was taken at this very moment: the next
    attempt finds that out before.
    """
    if not session.execute(_LOCK, {"import_id": import_id}).scalar():
        return None
    # A statement of its own: its snapshot has to be younger than the lock.
    job = session.execute(_NEXT, {"import_id": import_id}).one_or_none()
    if job is None or job.content is None:
        return None
    found = uploads.read_chunk(bytes(job.content))
    chunk = _drawn_up(found, job)
    _refuse_taken(session, chunk)
    if not job.dry_run:
        for _, order, change in chunk.wanted:
            store.create(session, order, change)
        after_commit(session, _ring)
    _note(session, import_id, chunk.errors)
    progress = Progress(import_id, len(found), chunk.refused)
    step = {"import_id": import_id, "chunk_no": job.next_chunk, "done": progress.done, "failed": progress.failed}
    if not session.execute(_ADVANCE, step).rowcount:  # type: ignore[attr-defined]
        raise OvertakenError("The import has moved on.")
    session.execute(_DROP_CHUNK, step)
    return progress


def _ring() -> None:
    queues.wake(queues.PUBLISH_OUTBOX)


def stumble(session: Session, import_id: str, error: str) -> None:
    """Note that a chunk could not be done; an import that stumbles `MAX_ATTEMPTS` times over one chunk has failed."""
    session.execute(_STUMBLE, {"import_id": import_id, "error": error, "most": MAX_ATTEMPTS})


def _drawn_up(found: Sequence[Record], job: Any) -> _Chunk:
    chunk, actor = _Chunk(), Actor(job.actor_id, job.actor_kind, frozenset(job.actor_scopes))
    for record in found:
        order_id = None
        try:
            body = records.body_of(record, job.columns)
            order_id = _shown_id(body)
            data = bodies.read_order(body)
            _refuse_to_open(data)
            order, change, _ = placement.draw_up(data, actor)
            chunk.wanted.append((record, order, change))
        except ValidationError as error:
            chunk.refuse(record, order_id, "invalid", broken_rules.places(error.messages))
        except OmsError as error:
            chunk.refuse(record, order_id, error.code, error.errors or [{"pointer": "", "detail": error.detail}])
    return chunk


def _shown_id(body: Any) -> str | None:
    """The id that was sent, for people to find it by, whatever it is worth."""
    wanted = body.get("order_id") if isinstance(body, dict) else None
    return wanted[:50] if isinstance(wanted, str) else None


def _refuse_to_open(data: Any) -> None:
    for position, part in enumerate(data.get("payment") or ()):
        if part["create_payment_order"]:
            pointer, detail = f"/payment/{position}/create_payment_order", "An import opens no payments at providers."
            raise Invalid.at(pointer, detail, code="not_in_imports")


def _refuse_taken(session: Session, chunk: _Chunk) -> None:
    """Ids that others have, or that an earlier record of the chunk has."""
    order_ids = [order.order_id for _, order, _ in chunk.wanted]
    taken = set(session.execute(_TAKEN, {"order_ids": order_ids}).scalars())
    wanted, chunk.wanted = chunk.wanted, []
    for record, order, change in wanted:
        if order.order_id in taken:
            place = {"pointer": "/order_id", "detail": "This order id is taken."}
            chunk.refuse(record, order.order_id, "order_id_taken", [place])
        else:
            chunk.wanted.append((record, order, change))
            taken.add(order.order_id)


def _note(session: Session, import_id: str, errors: Sequence[dict[str, Any]]) -> None:
    if errors:
        columns = {name: [error[name] for error in errors] for name in errors[0]}
        session.execute(_ADD_ERRORS, {"import_id": import_id, **columns})
