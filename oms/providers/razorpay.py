"""Razorpay, by its public API: orders are opened here, paid in its checkout, and heard of through its webhook."""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from oms import strict_json
from oms.config import Settings
from oms.errors import Malformed
from oms.providers import answers, signatures
from oms.providers.answers import Unexpected
from oms.providers.http_client import Call, HttpClient
from oms.providers.minor_units import by_iso
from oms.providers.provider import (
    AUTHORIZED,
    CAPTURED,
    FAILED,
    OTHER,
    PAYMENT,
    PENDING,
    PROCESSED,
    REFUND,
    OpenedPayment,
    PaymentRequest,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    own_order_id,
    own_payment_id,
    short,
)

PAGE = 100
MAX_PAGES = 10
MAX_RECEIPT = 40
# A webhook that failed is repeated for 24 hours, and its time stays that of the event.
OLDEST = timedelta(hours=24, minutes=5)
AHEAD = timedelta(minutes=5)
PAYMENT_EVENTS = frozenset({"payment.authorized", "payment.captured", "payment.failed", "order.paid"})
REFUND_EVENTS = frozenset({"refund.created", "refund.processed", "refund.failed"})
# A refunded payment was captured; how much of it went back stands beside it.
_PAYMENT_STATUS = {
    "created": PENDING,
    "pending": PENDING,
    "authorized": AUTHORIZED,
    "captured": CAPTURED,
    "refunded": CAPTURED,
    "failed": FAILED,
}
_REFUND_STATUS = {"pending": PENDING, "processed": PROCESSED, "failed": FAILED}
_REFUND_KEY = re.compile(r"[A-Za-z0-9_-]{10,128}")
_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# These come as 400 too, and say nothing about the thing that was asked for.
_NOT_DEFINITE = ("authentication failed", "the api key", "the api secret", "another request", "different request")


class Razorpay:
    """`webhook_secrets` are tried all, so that a secret can be changed while webhooks of the old one are under way."""

    name = "razorpay"
    confirms = True

    def __init__(self, client: HttpClient, key_id: str, webhook_secrets: Sequence[str]) -> None:
        self._client = client
        self._key_id = key_id
        self._webhook_secrets = tuple(webhook_secrets)

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> "Razorpay":
        key_id, secret = settings.razorpay_key_id or "", settings.razorpay_key_secret or ""
        login = base64.b64encode(f"{key_id}:{secret}".encode()).decode()
        client = HttpClient(
            cls.name,
            settings.razorpay_api_url,
            {"Authorization": f"Basic {login}", "Content-Type": "application/json", "Accept": "application/json"},
            settings.payment_timeout_ms / 1000,
            _reason_of,
            clock=clock,
            pause=pause,
        )
        return cls(client, key_id, settings.razorpay_webhook_secrets)

    def create(self, request: PaymentRequest) -> OpenedPayment:
        """An order. Razorpay knows no idempotency here, so one that carries our payment's id already is taken again."""
        amount = by_iso(request.currency).count(request.amount)
        opened = self._opened_before(request.payment_id, amount, request.currency) or self._client.ask(
            Call(
                "create",
                "POST",
                "/v1/orders",
                body=strict_json.write(
                    {
                        "amount": amount,
                        "currency": request.currency,
                        "receipt": request.payment_id,
                        "notes": {"order_id": request.order_id, "payment_id": request.payment_id},
                    }
                ),
                repeatable=False,
            ),
            lambda document: answers.identifier(document, "id"),
        )
        return OpenedPayment(opened, {"key_id": self._key_id, "order_id": opened})

    def payments_of(self, provider_order_id: str) -> list[ProviderPayment]:
        call = Call("payments_of", "GET", f"/v1/orders/{_path(provider_order_id)}/payments")
        return self._client.ask(call, lambda document: [_payment(item) for item in answers.listed(document, "items")])

    def capture(self, provider_payment_id: str, amount: Decimal, currency: str) -> ProviderPayment:
        path = f"/v1/payments/{_path(provider_payment_id)}"
        body = strict_json.write({"amount": by_iso(currency).count(amount), "currency": currency})
        try:
            return self._client.ask(Call("capture", "POST", f"{path}/capture", body=body, repeatable=False), _payment)
        except ProviderRefused:
            # The state tells more surely than the words of the refusal whether it was captured before.
            found = self._client.ask(Call("payment", "GET", path), _payment)
            if found.status != CAPTURED:
                raise
            return found

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Once per key. Razorpay does not say how long it knows a key, so from the second attempt on we look first."""
        if not request.provider_payment_id:
            raise ProviderRefused("there is no payment to refund")
        if not _REFUND_KEY.fullmatch(request.key):
            raise ProviderRefused("the key of a refund has 10 or more letters, digits, - and _")
        amount = by_iso(request.currency).count(request.amount)
        known = self._refund_of_key(request) if request.attempt > 1 else None
        if known:
            return known
        try:
            return self._client.ask(_refund_call(request, request.provider_payment_id, amount), _refund)
        except ProviderRefused:
            # A no after a lost yes ("fully refunded already") would be booked as a refund that never was.
            if known := self._refund_of_key(request):
                return known
            raise

    def refund_state(self, provider_payment_id: str, provider_refund_id: str) -> ProviderRefund:
        path = f"/v1/payments/{_path(provider_payment_id)}/refunds/{_path(provider_refund_id)}"
        return self._client.ask(Call("refund_state", "GET", path), _refund)

    def refunds_of(self, provider_payment_id: str) -> list[ProviderRefund]:
        found: list[ProviderRefund] = []
        path = f"/v1/payments/{_path(provider_payment_id)}/refunds"
        for page in range(MAX_PAGES):
            query = {"count": str(PAGE), "skip": str(page * PAGE)}
            items = self._client.ask(
                Call("refunds_of", "GET", path, query),
                lambda document: [_refund(item) for item in answers.listed(document, "items")],
            )
            found += items
            if len(items) < PAGE:
                return found
        raise ProviderUnavailable("The payment has more refunds than can be looked through.")

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        given = signatures.header(headers, "X-Razorpay-Signature")
        signatures.check([given] if given else [], body, self._webhook_secrets)
        document = strict_json.read(body)
        try:
            event = _event(document, _event_id(headers, body))
        except Unexpected as error:
            raise Malformed(f"The callback is not as documented: {error}.", code="unexpected_callback") from error
        signatures.check_age(event.occurred_at, now, past=OLDEST, future=AHEAD)
        return event

    def _opened_before(self, payment_id: str, amount: int, currency: str) -> str | None:
        """The id of the order with our receipt; raises `ProviderRefused` when it is over another amount."""
        call = Call("opened_before", "GET", "/v1/orders", {"receipt": payment_id})
        for order_id, *over in self._client.ask(call, lambda document: _orders(document, payment_id)):
            if over != [amount, currency]:
                raise ProviderRefused("this payment has been opened over another amount")
            return order_id
        return None

    def _refund_of_key(self, request: RefundRequest) -> ProviderRefund | None:
        refunds = self.refunds_of(request.provider_payment_id or "")
        return next((refund for refund in refunds if refund.key == request.key), None)


def _refund_call(request: RefundRequest, provider_payment_id: str, amount: int) -> Call:
    """The same bytes in every attempt: another body under the same key would be refused."""
    body: dict[str, Any] = {
        "amount": amount,
        "notes": {"order_id": request.order_id, "refund_id": request.refund_id, "key": request.key},
    }
    if len(request.key) <= MAX_RECEIPT:
        body["receipt"] = request.key
    return Call(
        "refund",
        "POST",
        f"/v1/payments/{_path(provider_payment_id)}/refund",
        headers={"X-Refund-Idempotency": request.key},
        body=strict_json.write(body),
    )


def _path(identifier: str) -> str:
    if not answers.is_id(identifier):
        raise ProviderRefused("that is no id of this provider")
    return identifier


def _reason_of(document: Any) -> str | None:
    """The description of a definite no. Troubles of Razorpay's own and of the bank behind it have other codes."""
    error = answers.optional_members(document, "error")
    description = short(error.get("description"))
    if error.get("code") != "BAD_REQUEST_ERROR" or description is None:
        return None
    return None if description.lower().startswith(_NOT_DEFINITE) else description


def _orders(document: dict[str, Any], receipt: str) -> list[tuple[str, int, str]]:
    """Id, minor units and currency of the orders with this receipt."""
    return [
        (answers.identifier(item, "id"), answers.minor(item, "amount"), answers.currency(item))
        for item in answers.listed(document, "items")
        if item.get("receipt") == receipt
    ]


def _payment(entity: dict[str, Any], order: Mapping[str, Any] | None = None) -> ProviderPayment:
    """A payment entity. Its notes are those of the checkout, the order's are beside it in `order.paid` only."""
    answers.is_a(entity, "entity", "payment")
    currency = answers.currency(entity)
    unit = by_iso(currency)
    status = _PAYMENT_STATUS.get(answers.text(entity, "status"))
    if status is None:
        raise Unexpected("status is none of a payment")
    amount = unit.amount(answers.minor(entity, "amount"))
    notes = {**answers.optional_members(order, "notes"), **answers.optional_members(entity, "notes")}
    return ProviderPayment(
        provider_payment_id=answers.identifier(entity, "id"),
        provider_order_id=answers.optional_identifier(entity, "order_id"),
        status=status,
        amount=amount,
        # Razorpay captures all of a payment or nothing of it.
        captured_amount=amount if status == CAPTURED else unit.amount(0),
        refunded_amount=unit.amount(answers.minor(entity, "amount_refunded")),
        currency=currency,
        order_id=own_order_id(notes.get("order_id")),
        payment_id=own_payment_id(notes.get("payment_id")),
        error=_error(entity) if status == FAILED else None,
    )


def _error(entity: dict[str, Any]) -> str:
    return short(entity.get("error_description")) or short(entity.get("error_code")) or "no reason given"


def _refund(entity: dict[str, Any]) -> ProviderRefund:
    answers.is_a(entity, "entity", "refund")
    currency = answers.currency(entity)
    status = _REFUND_STATUS.get(answers.text(entity, "status"))
    if status is None:
        raise Unexpected("status is none of a refund")
    return ProviderRefund(
        provider_refund_id=answers.identifier(entity, "id"),
        status=status,
        amount=by_iso(currency).amount(answers.minor(entity, "amount")),
        currency=currency,
        key=answers.key(answers.optional_members(entity, "notes").get("key")) or answers.key(entity.get("receipt")),
        provider_payment_id=answers.optional_identifier(entity, "payment_id"),
        error="the provider could not process it" if status == FAILED else None,
    )


def _event_id(headers: Mapping[str, str], body: bytes) -> str:
    """The id of the event; it is not signed. Without a plausible one the body is its own id."""
    given = signatures.header(headers, "x-razorpay-event-id") or ""
    return given if _EVENT_ID.fullmatch(given) else "body_" + hashlib.sha256(body).hexdigest()[:40]


def _event(document: Any, event_id: str) -> ProviderEvent:
    if not isinstance(document, dict):
        raise Unexpected("it is not an object")
    name, payload = answers.text(document, "event"), answers.optional_members(document, "payload")
    # Some samples have the time inside of the payload.
    occurred_at = answers.moment(document.get("created_at", payload.get("created_at")))
    if name in PAYMENT_EVENTS:
        order = answers.optional_members(answers.optional_members(payload, "order"), "entity")
        payment = _payment(answers.members(answers.members(payload, "payment"), "entity"), order)
        return ProviderEvent(event_id, PAYMENT, occurred_at, payment=payment)
    if name in REFUND_EVENTS:
        refund = _refund(answers.members(answers.members(payload, "refund"), "entity"))
        return ProviderEvent(event_id, REFUND, occurred_at, refund=refund)
    return ProviderEvent(event_id, OTHER, occurred_at)
