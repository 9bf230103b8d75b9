"""Record that money has arrived, give some back, and look after refunds that got stuck."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from oms.console import access, order_forms
from oms.console.blueprint import blueprint
from oms.console.order_forms import OrderForm, units
from oms.console.order_page import found_order
from oms.errors import Invalid, NotFound
from oms.gateway import asking
from oms.orders import balance, captures, notes, payment_bodies, refunds
from oms.orders.order import Outcome, Payment, payment_of
from oms.providers import registry
from oms.transactions import read

CAPTURE = OrderForm("capture.html", "Record a payment", "Record the payment", "The payment is recorded.")
ASK = OrderForm("ask_provider.html", "Capture at the provider", "Capture", "The provider has captured the payment.")
REFUND = OrderForm("refund.html", "Refund", "Refund", "The refund is on its way.", "danger")
RETRY = OrderForm("retry_refund.html", "Try the refund again", "Try again", "The refund is tried again.")
BY_HAND = OrderForm(
    "retry_refund.html", "Record a refund given by hand", "It has been given back", "The refund is recorded."
)
HOW = {"retry": RETRY, "by-hand": BY_HAND}
REASONS = {
    "damaged": "Damaged or wrong goods",
    "missing": "Something was missing",
    "too_slow": "Delivered too late",
    "price": "Price correction",
    "good_will": "Good will",
    "other": "Other (say what in the remarks)",
}
_CAPTURE_BODY, _REFUND_BODY = payment_bodies.CaptureBody(), payment_bodies.RefundBody()


@blueprint.route("/orders/<order_id>/payments/<payment_id>/capture", methods=["GET"])
@access.staff
def capture_form(order_id: str, payment_id: str) -> Response:
    """Asks how much has arrived; or, of a provider's part, whether to ask the provider."""
    payment = payment_of(read(lambda session: found_order(session, order_id)), payment_id)
    form = ASK if registry.provider(payment.provider).confirms else CAPTURE
    return order_forms.show(form, order_id, payment=payment)


@blueprint.route("/orders/<order_id>/payments/<payment_id>/capture", methods=["POST"])
@access.staff
def capture(order_id: str, payment_id: str) -> AnyResponse:
    """The money has arrived."""
    payment = payment_of(read(lambda session: found_order(session, order_id)), payment_id)
    if registry.provider(payment.provider).confirms:
        return _ask_provider(order_id, payment)

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        amount = order_forms.loaded(_CAPTURE_BODY, {"amount": _typed("amount")}).get("amount")
        return captures.capture_by_hand(session, order_id, payment_id, amount, access.actor(), versions)[0]

    return order_forms.submit(CAPTURE, order_id, work, payment=payment)


def _ask_provider(order_id: str, payment: Payment) -> AnyResponse:
    """What the provider answers is recorded as its word; that somebody asked is recorded as his."""

    def note(session: Session, versions: Sequence[int]) -> Outcome:
        asked = f"Asked {payment.provider} to capture {payment.payment_id}."
        return notes.add_note(session, order_id, asked, access.actor(), versions)

    def ask() -> None:
        order = read(lambda session: found_order(session, order_id))
        asking.capture(order, payment_of(order, payment.payment_id))

    return order_forms.submit(ASK, order_id, note, ask, payment=payment)


@blueprint.route("/orders/<order_id>/refund", methods=["GET"])
@access.staff
def refund_form(order_id: str) -> Response:
    """Asks for an amount or for units, and why."""
    return order_forms.show(REFUND, order_id, reasons=REASONS, held=balance.held)


@blueprint.route("/orders/<order_id>/refund", methods=["POST"])
@access.staff
def refund(order_id: str) -> AnyResponse:
    """Give back the amount, or the price of the units."""

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        body = order_forms.loaded(_REFUND_BODY, {**_wanted(), "reason": _typed("reason"), "remarks": _typed("remarks")})
        if "reason" not in body:
            raise Invalid("Say why.", code="reason_missing")
        return refunds.request_refund(session, order_id, body, access.actor(), versions)[0]

    return order_forms.submit(REFUND, order_id, work, reasons=REASONS, held=balance.held)


@blueprint.route("/orders/<order_id>/refunds/<refund_id>/<how>", methods=["GET"])
@access.staff
def retry_form(order_id: str, refund_id: str, how: str) -> Response:
    """Asks whether the refund is to be tried again, or was given by hand."""
    return order_forms.show(_form_of(how), order_id, refund_id=refund_id)


@blueprint.route("/orders/<order_id>/refunds/<refund_id>/<how>", methods=["POST"])
@access.staff
def retry(order_id: str, refund_id: str, how: str) -> AnyResponse:
    """Try it again, or record that it was given by hand."""
    form = _form_of(how)

    def work(session: Session, versions: Sequence[int]) -> Outcome:
        actor = access.actor()
        return refunds.retry(session, order_id, refund_id, actor, versions, by_hand=form is BY_HAND)[0]

    return order_forms.submit(form, order_id, work, refund_id=refund_id)


def _form_of(how: str) -> OrderForm:
    if how not in HOW:
        raise NotFound(f"There is no step {how}.")
    return HOW[how]


def _wanted() -> dict[str, Any]:
    if request.form.get("what", "amount") == "amount":
        return {"amount": _typed("amount")}
    wanted = [{"line_no": line_no, "quantity": typed} for line_no, typed in units("units")]
    if not wanted:
        raise Invalid("Say how many units of which line.", code="nothing_to_refund")
    return {"items": wanted}


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()
