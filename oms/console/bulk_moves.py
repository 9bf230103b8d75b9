"""Give many orders a status: first what would become of each, then what became of each.

Every order is a transaction of its own: one that refuses keeps none of the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import Response, request
from sqlalchemy.orm import Session

from oms.accounts.actor import Actor
from oms.console import access, order_forms
from oms.console.blueprint import blueprint
from oms.console.pages import page
from oms.errors import Invalid, OmsError, PreconditionFailed
from oms.idempotency import Answer, Claim
from oms.ids import ORDER_ID, new_id
from oms.orders import bodies, cache, changes, lifecycle, store
from oms.orders.order import Order, Why
from oms.transactions import look, transaction

MOST = 100
DONE, UNCHANGED, REFUSED = "done", "unchanged", "refused"
_BODY = bodies.StatusBody()


@dataclass(frozen=True, slots=True)
class Fate:
    """What would or did become of one order; `why` is set where it is refused."""

    order_id: str
    version: int
    status: str
    result: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """What is asked of all of them."""

    status: str
    why: Why
    key: str
    actor: Actor


@blueprint.route("/bulk", methods=["GET"])
@access.staff
def orders_preview() -> Response:
    """Which of the chosen orders may get the status, which not, and why."""
    target = lifecycle.parse(request.args.get("status", ""))
    found = look(lambda connection: store.get_many(connection, _chosen(request.args.getlist("order"))))
    fates = [_foreseen(order, target, access.actor()) for order in found]
    movable = [fate for fate in fates if fate.result == DONE]
    return page("bulk_preview.html", target=target, fates=fates, movable=movable, key=new_id())


@blueprint.route("/bulk", methods=["POST"])
@access.staff
def orders_carry_out() -> Response:
    """Move those that may be moved, and tell what became of each; sent again it moves nothing twice."""
    typed = {name: request.form.get(name, "").strip() for name in ("status", "remarks")}
    body = order_forms.loaded(_BODY, typed)
    move = Move(lifecycle.parse(body["status"]), Why(None, body.get("remarks")), order_forms.sent_key(), access.actor())
    chosen = _chosen(request.form.getlist("order"))
    fates = [_moved(move, order_id, _version(order_id)) for order_id in chosen]
    return page("bulk_result.html", target=move.status, fates=fates, done=sum(fate.result == DONE for fate in fates))


def _chosen(order_ids: Sequence[str]) -> list[str]:
    """In the order they were chosen, each once. Raises `Invalid` nothing_chosen or too_many."""
    found = [order_id for order_id in dict.fromkeys(order_ids) if ORDER_ID.fullmatch(order_id)]
    if not found:
        raise Invalid("Choose some orders first.", code="nothing_chosen")
    if len(found) > MOST:
        raise Invalid(f"Choose {MOST} orders at most.", code="too_many")
    return found


def _foreseen(order: Order, target: str, actor: Actor) -> Fate:
    fate = partial(Fate, order.order_id, order.version, order.status)
    try:
        step = changes.foreseen(order, target, actor)
    except OmsError as error:
        return fate(REFUSED, error.detail)
    return fate(DONE if step.applied else UNCHANGED)


def _moved(move: Move, order_id: str, version: int) -> Fate:
    fate = partial(Fate, order_id, version, move.status)
    try:
        return fate(transaction(lambda session: _once(session, move, order_id, version)))
    except PreconditionFailed:
        return fate(REFUSED, "It has changed since the preview; look at it again.")
    except OmsError as error:
        return fate(REFUSED, error.detail)


def _once(session: Session, move: Move, order_id: str, version: int) -> str:
    claim = Claim(f"console:{move.actor.id}", f"{move.key}:{order_id}", move.status.encode())
    if claim.take(session) is not None:
        return DONE
    outcome = changes.change_status(session, order_id, move.status, move.actor, move.why, [version])
    if not outcome.applied:
        return UNCHANGED
    cache.announce(session, outcome.order)
    claim.keep(session, Answer(b""))
    return DONE


def _version(order_id: str) -> int:
    try:
        return int(request.form.get(f"version-{order_id}", ""))
    except ValueError as error:
        raise Invalid("The form says nothing about the orders it is for.", code="version_missing") from error
