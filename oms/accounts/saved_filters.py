"""Filters of lists that somebody keeps under a name. Each person has his own."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from oms.accounts.models import SavedFilter
from oms.errors import Conflict, Invalid
from oms.ids import new_id

MOST = 30
LONGEST_NAME = 60
LONGEST_QUERY = 2000


@dataclass(frozen=True, slots=True)
class Kept:
    """`query` is the part of an address that stands for the filter."""

    id: str
    name: str
    query: str


def of_user(session: Session, user_id: str) -> list[Kept]:
    """By name; no more than there can be."""
    found = select(SavedFilter.id, SavedFilter.name, SavedFilter.query).where(SavedFilter.user_id == user_id)
    return [Kept(*row) for row in session.execute(found.order_by(SavedFilter.name).limit(MOST))]


def save(session: Session, user_id: str, name: str, query: str) -> None:
    """Keep a filter; one of the same name is replaced. Raises `Invalid` (nothing_to_save) or `Conflict` (too_many)."""
    called = "".join(filter(str.isprintable, " ".join(name.split())))[:LONGEST_NAME]
    if not called or not query or len(query) > LONGEST_QUERY:
        raise Invalid("Choose some filters and give them a name.", code="nothing_to_save")
    others: Sequence[str] = session.scalars(
        select(SavedFilter.name).where(SavedFilter.user_id == user_id).limit(MOST)
    ).all()
    if len(others) >= MOST and called not in others:
        raise Conflict(f"There are {MOST} filters already; remove one.", code="too_many")
    kept = insert(SavedFilter).values(id=new_id(), user_id=user_id, name=called, query=query)
    session.execute(
        kept.on_conflict_do_update(
            index_elements=["user_id", "name"], set_={"query": kept.excluded.query, "created_at": func.now()}
        )
    )


def remove(session: Session, user_id: str, filter_id: str) -> None:
    """Forget one; somebody else's, or one that is not there, changes nothing."""
    session.execute(delete(SavedFilter).where(SavedFilter.user_id == user_id, SavedFilter.id == filter_id))
