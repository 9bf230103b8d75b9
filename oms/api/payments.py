"""Payments and refunds over HTTP."""

from collections.abc import Callable
from typing import Any

from flask import Response, request
from sqlalchemy.orm import Session

from oms import strict_json
from oms.api import access, conditional, idempotency, openapi, order_answers
from oms.api.money_schemas import PaymentAnswer, PaymentsView, RefundAnswer, RefundsView
from oms.api.openapi import OmsBlueprint
from oms.api.orders import CHANGE_DOC, CHANGE_PROBLEMS
from oms.errors import Forbidden
from oms.gateway import asking, opening
from oms.idempotency import Answer
from oms.orders import captures, payment_bodies, payments, refunds
from oms.orders.order import Order, Outcome, Payment, Refund, Why, etag, payment_of, refuse_other_version
from oms.orders.representation import payment_document, refund_document, refund_documents
from oms.providers import registry

blueprint = OmsBlueprint("payments", __name__, url_prefix="/orders", description="Payments and refunds of an order")


@blueprint.route("/<order_id>/payments", methods=["POST"])
@access.payments_or_customer
@blueprint.arguments(payment_bodies.PaymentBody)
@blueprint.response(201, PaymentAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="addPayment", **CHANGE_DOC)
def add_payment(data: dict[str, Any], order_id: str) -> Response:
    """Add a part of what the order is paid with; the amount due is the server's.

    A part that goes to a payment provider is opened there, and `checkout` holds what its page needs. While the provider
    gives no answer `checkout` is null: the same request with the same `Idempotency-Key` asks it again.
    """
    expected, actor = conditional.expected_versions(), access.actor()

    def work(session: Session) -> Answer:
        outcome, payment = payments.add_payment(session, order_id, data, actor, expected)
        return _payment_answer(session, outcome, payment, 201)

    return _with_checkout(order_id, idempotency.run(work, openapi.read_body(request)))


def _with_checkout(order_id: str, answer: Answer) -> Response:
    """The part as it is once its provider has opened it; a replayed answer asks again where nothing was opened."""
    written, response = strict_json.read(answer.body), idempotency.response(answer)
    if not registry.provider(written["provider"]).confirms:
        return response
    order, payment, checkout = opening.open_part(order_id, written["payment_id"])
    response.data = strict_json.write({**_document(order, payment), "checkout": checkout})
    response.headers["ETag"] = etag(order.version)
    return response


def _document(order: Order, payment: Payment) -> dict[str, Any]:
    return {**payment_document(payment, order.currency), **order_answers.stand(order)}


def _payment_answer(session: Session, outcome: Outcome, payment: Payment, status: int = 200) -> Answer:
    document = {**payment_document(payment, outcome.order.currency), "checkout": None}
    return order_answers.changed(session, outcome, document, status)


@blueprint.route("/<order_id>/payments", methods=["GET"])
@access.orders_read
@blueprint.response(200, PaymentsView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="listPayments")
def list_payments(order_id: str) -> Response:
    """What the order is paid with, refunds included."""
    return order_answers.part(
        order_id,
        lambda order: {"payments": [payment_document(payment, order.currency) for payment in order.payments]},
    )


@blueprint.route("/<order_id>/payments/<payment_id>/capture", methods=["POST"])
@access.payments_or_customer
@blueprint.arguments(payment_bodies.CaptureBody, required=False)
@blueprint.response(200, PaymentAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="capturePayment", **CHANGE_DOC)
def capture_payment(data: dict[str, Any], order_id: str, payment_id: str) -> Response:
    """The money has been received. For a provider's part the provider is asked; for others staff say so.

    The capture of the last part confirms the order.
    """
    expected, actor = conditional.expected_versions(), access.actor()
    order = order_answers.found(order_id)
    payment = payment_of(order, payment_id)
    if registry.provider(payment.provider).confirms and payment.status != "captured":
        if "amount" in data:
            raise Forbidden("The provider says how much was captured.", code="amount_not_yours")
        refuse_other_version(order, expected)
        outcome, payment = asking.capture(order, payment)
        response = order_answers.json({**_document(outcome.order, payment), "checkout": None})
        response.headers["ETag"] = etag(outcome.order.version)
        return response

    def work(session: Session) -> Answer:
        outcome, captured = captures.capture_by_hand(session, order_id, payment_id, data.get("amount"), actor, expected)
        return _payment_answer(session, outcome, captured)

    return idempotency.commit(work, openapi.sent_body(request))


@blueprint.route("/<order_id>/payments/<payment_id>/fail", methods=["POST"])
@access.payments_or_customer
@blueprint.arguments(payment_bodies.PaymentEndBody, required=False)
@blueprint.response(200, PaymentAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="failPayment", **CHANGE_DOC)
def fail_payment(data: dict[str, Any], order_id: str, payment_id: str) -> Response:
    """The part was not paid; another one can be added. Money that arrives for it all the same is recorded."""
    return _end(order_id, payment_id, "failed", data)


@blueprint.route("/<order_id>/payments/<payment_id>/void", methods=["POST"])
@access.payments_or_customer
@blueprint.arguments(payment_bodies.PaymentEndBody, required=False)
@blueprint.response(200, PaymentAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="voidPayment", **CHANGE_DOC)
def void_payment(data: dict[str, Any], order_id: str, payment_id: str) -> Response:
    """The part is not wanted any more. Money that arrives for it all the same is recorded."""
    return _end(order_id, payment_id, "voided", data)


def _end(order_id: str, payment_id: str, status: str, data: dict[str, Any]) -> Response:
    expected, actor, why = conditional.expected_versions(), access.actor(), Why(data.get("reason"))

    def work(session: Session) -> Answer:
        return _payment_answer(
            session, *payments.end_payment(session, order_id, payment_id, status, actor, why, expected)
        )

    return idempotency.commit(work, openapi.sent_body(request))


@blueprint.route("/<order_id>/refunds", methods=["POST"])
@access.payments
@blueprint.arguments(payment_bodies.RefundBody)
@blueprint.response(201, RefundAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="refund", **CHANGE_DOC)
def request_refund(data: dict[str, Any], order_id: str) -> Response:
    """Give back an amount, or the price of some units of some lines; the worker carries it out."""
    expected, actor = conditional.expected_versions(), access.actor()
    return _refund(lambda session: refunds.request_refund(session, order_id, data, actor, expected), 201)


@blueprint.route("/<order_id>/refunds", methods=["GET"])
@access.orders_read
@blueprint.response(200, RefundsView)
@blueprint.problems(401, 403, 404, 429, 503)
@blueprint.doc(operationId="listRefunds")
def list_refunds(order_id: str) -> Response:
    """The order's refunds, oldest first."""
    return order_answers.part(order_id, lambda order: {"refunds": refund_documents(order)})


@blueprint.route("/<order_id>/refunds/<refund_id>/retry", methods=["POST"])
@access.payments
@blueprint.arguments(payment_bodies.RetryBody, required=False)
@blueprint.response(200, RefundAnswer)
@blueprint.problems(*CHANGE_PROBLEMS)
@blueprint.doc(operationId="retryRefund", **CHANGE_DOC)
def retry_refund(data: dict[str, Any], order_id: str, refund_id: str) -> Response:
    """Try a failed refund again, with the same keys; or record that the money was given back by hand."""
    expected, actor, by_hand = conditional.expected_versions(), access.actor(), data["by_hand"]
    return _refund(lambda session: refunds.retry(session, order_id, refund_id, actor, expected, by_hand=by_hand), 200)


def _refund(step: Callable[[Session], tuple[Outcome, list[Refund]]], status: int) -> Response:
    def work(session: Session) -> Answer:
        outcome, shares = step(session)
        return order_answers.changed(session, outcome, refund_document(shares, outcome.order.currency), status)

    return idempotency.commit(work, openapi.sent_body(request))
