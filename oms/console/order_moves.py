"""Change the status of an order, cancel it whole or in part, add a note."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from oms.console import access, order_forms
from oms.console.blueprint import blueprint
from oms.console.formats import words
from oms.console.order_forms import OrderForm, units
from oms.errors import Invalid, NotFound
from oms.orders import bodies, cancellation, changes, lifecycle, notes, vocabulary
from oms.orders.order import Outcome, Why

CANCEL = OrderForm(
    "cancel.html", "Cancel the order or some of it", "Confirm the cancellation", "The cancellation is done.", "danger"
)
NOTE = OrderForm("note.html", "Add a note", "Add the note", "The note is in the journey.")
_STATUS_BODY, _CANCEL_BODY = bodies.StatusBody(), bodies.CancelBody()


def _move(status: str) -> OrderForm:
    if status not in lifecycle.STATUSES:
        raise NotFound(f"There is no status {status}.")
    name = words(status).lower()
    return OrderForm("move.html", f"Mark as {name}", f"Mark as {name}", f"The order is {name}.")


@blueprint.route("/orders/<order_id>/status/<status>", methods=["GET"])
@access.staff
def move_form(order_id: str, status: str) -> Response:
    """Asks whether the order shall have this status."""
    return order_forms.show(_move(status), order_id, target=status)


@blueprint.route("/orders/<order_id>/status/<status>", methods=["POST"])
@access.staff
def move(order_id: str, status: str) -> AnyResponse:
    """Give the order this status."""

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        body = order_forms.loaded(_STATUS_BODY, {"status": status, **_reasons()})
        why = Why(body.get("reason"), body.get("remarks"))
        return changes.change_status(session, order_id, body["status"], access.actor(), why, versions)

    return order_forms.submit(_move(status), order_id, work, target=status)


@blueprint.route("/orders/<order_id>/cancel", methods=["GET"])
@access.staff
def cancel_form(order_id: str) -> Response:
    """Asks what is to be cancelled, and why."""
    return order_forms.show(CANCEL, order_id, reasons=vocabulary.CANCEL_REASONS)


@blueprint.route("/orders/<order_id>/cancel", methods=["POST"])
@access.staff
def cancel(order_id: str) -> AnyResponse:
    """Cancel the order, or the units that were typed in."""

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        body = order_forms.loaded(_CANCEL_BODY, {**_reasons(), **_cancelled_units()})
        if "reason" not in body:
            raise Invalid("Say why.", code="reason_missing")
        return cancellation.cancel_order(session, order_id, access.actor(), body, versions)

    return order_forms.submit(CANCEL, order_id, work, reasons=vocabulary.CANCEL_REASONS)


@blueprint.route("/orders/<order_id>/note", methods=["GET"])
@access.staff
def note_form(order_id: str) -> Response:
    """Asks for the note."""
    return order_forms.show(NOTE, order_id)


@blueprint.route("/orders/<order_id>/note", methods=["POST"])
@access.staff
def note(order_id: str) -> AnyResponse:
    """Add the note. It is no conflict if the order has changed meanwhile."""

    def work(session: Session, _: Sequence[int]) -> Outcome:
        body = order_forms.loaded(_CANCEL_BODY, _reasons())
        if "remarks" not in body:
            raise Invalid("Write something.", code="note_missing")
        return notes.add_note(session, order_id, body["remarks"], access.actor())

    return order_forms.submit(NOTE, order_id, work)


def _reasons() -> dict[str, Any]:
    return {"reason": request.form.get("reason", "").strip(), "remarks": request.form.get("remarks", "").strip()}


def _cancelled_units() -> dict[str, Any]:
    """Nothing for the whole order."""
    if request.form.get("what", "all") == "all":
        return {}
    wanted = [{"line_no": line_no, "quantity": typed} for line_no, typed in units("units")]
    if not wanted:
        raise Invalid("Say how many units of which line.", code="nothing_to_cancel")
    return {"items": wanted}
