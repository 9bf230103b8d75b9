"""Notes of the staff about an order: in its journey, and shown to nobody else."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.errors import Forbidden
from oms.orders import store
from oms.orders.order import Outcome, Why, refuse_other_version
from oms.orders.store import Change

NOTE = "note"


def add_note(
    session: Session, order_id: str, text: str, actor: Actor, expected: Sequence[int] | None = None
) -> Outcome:
    """Write down what the shop should know. Raises `NotFound`, `PreconditionFailed` or `Forbidden` note_not_yours."""
    if not actor.is_staff:
        raise Forbidden("Notes are for the shop's own people.", code="note_not_yours")
    order = store.lock(session, order_id, None)
    refuse_other_version(order, expected)
    change = Change()
    change.note(order, actor, NOTE, {}, Why(remarks=text))
    store.save(session, order, change)
    return Outcome(order, applied=True)
