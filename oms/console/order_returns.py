"""Goods that come back: announced for a customer, accepted, received, rejected."""

from collections.abc import Sequence

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from oms.console import access, order_forms
from oms.console.blueprint import blueprint
from oms.console.order_forms import OrderForm, units
from oms.console.order_page import found_order
from oms.errors import Invalid, NotFound
from oms.orders import return_bodies, return_steps, returns, vocabulary
from oms.orders.order import Outcome, return_of
from oms.transactions import read

ANNOUNCE = OrderForm("return_request.html", "Ask for a return", "Ask for the return", "The return is announced.")
STEPS = {
    "accept": (
        return_steps.ACCEPTED,
        OrderForm("return_step.html", "Accept the return", "Accept", "The return is accepted."),
    ),
    "reject": (
        return_steps.REJECTED,
        OrderForm("return_step.html", "Reject the return", "Reject", "The return is rejected.", "danger"),
    ),
    "receive": (
        return_steps.RECEIVED,
        OrderForm("return_receive.html", "Receive the goods", "Receive", "The goods are received."),
    ),
}
_ASK_BODY, _STEP_BODY, _RECEIVE_BODY = (
    return_bodies.ReturnBody(),
    return_bodies.ReturnStepBody(),
    return_bodies.ReceiveBody(),
)


@blueprint.route("/orders/<order_id>/return", methods=["GET"])
@access.staff
def announce_form(order_id: str) -> Response:
    """Asks what comes back."""
    return order_forms.show(ANNOUNCE, order_id, reasons=vocabulary.return_reasons())


@blueprint.route("/orders/<order_id>/return", methods=["POST"])
@access.staff
def announce(order_id: str) -> AnyResponse:
    """Announce that units come back."""

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        wanted = [{"line_no": line_no, "quantity": typed} for line_no, typed in units("units")]
        if not wanted:
            raise Invalid("Say how many units of which line.", code="nothing_to_return")
        named = {name: request.form.get(name, "").strip() for name in ("reason", "remarks", "resolution")}
        body = order_forms.loaded(_ASK_BODY, {"items": wanted, **named})
        return returns.request_return(session, order_id, body, access.actor(), versions)[0]

    return order_forms.submit(ANNOUNCE, order_id, work, reasons=vocabulary.return_reasons())


@blueprint.route("/orders/<order_id>/returns/<return_id>/<step>", methods=["GET"])
@access.staff
def return_form(order_id: str, return_id: str, step: str) -> Response:
    """Asks whether the step is to be taken, and what has arrived."""
    found = return_of(read(lambda session: found_order(session, order_id)), return_id)
    return order_forms.show(_step(step)[1], order_id, found=found)


@blueprint.route("/orders/<order_id>/returns/<return_id>/<step>", methods=["POST"])
@access.staff
def take_return_step(order_id: str, return_id: str, step: str) -> AnyResponse:
    """Take the step."""
    found = return_of(read(lambda session: found_order(session, order_id)), return_id)
    target, form = _step(step)

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        remarks = request.form.get("remarks", "").strip()
        if target == return_steps.RECEIVED:
            body = order_forms.loaded(_RECEIVE_BODY, {"items": _arrived(), "remarks": remarks})
        else:
            body = order_forms.loaded(_STEP_BODY, {"remarks": remarks})
        if target == return_steps.REJECTED and not remarks:
            raise Invalid("Say why; the customer will ask.", code="reason_missing")
        return returns.take_step(session, order_id, return_id, target, body, access.actor(), versions)[0]

    return order_forms.submit(form, order_id, work, found=found)


def _step(name: str) -> tuple[str, OrderForm]:
    if name not in STEPS:
        raise NotFound(f"There is no step {name}.")
    return STEPS[name]


def _arrived() -> list[dict[str, object]]:
    """What was taken back of each line, none of it included; an empty field means all that was announced."""
    found: list[dict[str, object]] = []
    for name, value in request.form.items():
        start, _, line_no = name.rpartition("-")
        if start == "accepted" and line_no.isdecimal() and value.strip():
            condition = request.form.get(f"condition-{line_no}", "").strip()
            named = {"condition": condition} if condition else {}
            found.append({"line_no": int(line_no), "accepted_quantity": value.strip(), **named})
    return found
