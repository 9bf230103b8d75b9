"""Stripe, by its public API: one PaymentIntent for every payment that is opened, however often the payer tries.

That intent is the payment and what was opened at once, so `provider_order_id` and `provider_payment_id` are the same.
"""

import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from oms import strict_json
from oms.config import Settings
from oms.errors import Malformed
from oms.providers import answers, signatures
from oms.providers.answers import Unexpected
from oms.providers.http_client import Call, HttpClient
from oms.providers.minor_units import MinorUnit, by_iso
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

VERSION = "2026-09-30.endive"
PAGE = 100
MAX_PAGES = 10
TOLERANCE = timedelta(minutes=5)
REFUND_EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
_EXPAND_CHARGE = {"expand[]": "latest_charge"}
_PAYMENT_STATUS = {
    "requires_payment_method": PENDING,
    "requires_confirmation": PENDING,
    "requires_action": PENDING,
    "processing": PENDING,
    "requires_capture": AUTHORIZED,
    "succeeded": CAPTURED,
    "canceled": FAILED,
}
_REFUND_STATUS = {
    "pending": PENDING,
    "requires_action": PENDING,
    "succeeded": PROCESSED,
    "failed": FAILED,
    "canceled": FAILED,
}
# Where Stripe differs from ISO 4217. Króna and Ugandan shilling have no decimals, and still travel in hundredths that
# must be none; the ariary has fifths that Stripe leaves out.
_UNITS = {"ISK": MinorUnit(2, 100), "UGX": MinorUnit(2, 100), "MGA": MinorUnit(0)}
_DEFINITE_TYPES = frozenset({"card_error", "invalid_request_error"})
_NOT_DEFINITE_CODES = frozenset({"lock_timeout", "idempotency_key_in_use", "rate_limit", "api_key_expired"})
_REFUND_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_SENT_AT = re.compile(r"[0-9]{1,11}")
_MAX_HEADER = 4096


class Stripe:
    """`webhook_secrets` are tried all; Stripe itself signs with both while a secret is being rolled."""

    name = "stripe"
    confirms = True

    def __init__(self, client: HttpClient, webhook_secrets: Sequence[str]) -> None:
        self._client = client
        self._webhook_secrets = tuple(webhook_secrets)

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> "Stripe":
        client = HttpClient(
            cls.name,
            settings.stripe_api_url,
            {"Authorization": f"Bearer {settings.stripe_secret_key}", "Stripe-Version": VERSION},
            settings.payment_timeout_ms / 1000,
            _reason_of,
            clock=clock,
            pause=pause,
        )
        return cls(client, settings.stripe_webhook_secrets)

    def create(self, request: PaymentRequest) -> OpenedPayment:
        """An intent that captures by itself. Within 24 hours the same `payment_id` opens the same intent again."""
        fields = {
            "amount": str(unit(request.currency).count(request.amount)),
            "currency": request.currency.lower(),
            "capture_method": "automatic_async",
            "automatic_payment_methods[enabled]": "true",
            "metadata[order_id]": request.order_id,
            "metadata[payment_id]": request.payment_id,
        }
        return self._client.ask(_post("create", "/v1/payment_intents", fields, key=request.payment_id), _opened)

    def payments_of(self, provider_order_id: str) -> list[ProviderPayment]:
        """One: the intent, in the state of its latest attempt."""
        return [self._intent(provider_order_id)]

    def capture(self, provider_payment_id: str, amount: Decimal, currency: str) -> ProviderPayment:
        path = f"/v1/payment_intents/{_path(provider_payment_id)}/capture"
        fields = {"amount_to_capture": str(unit(currency).count(amount))}
        # A key of this call only: Stripe would give the same refusal again for a day, though the state has changed.
        call = _post("capture", path, fields, key=f"capture-{uuid.uuid4()}")
        try:
            return self._client.ask(call, _payment)
        except ProviderRefused:
            found = self._intent(provider_payment_id)
            if found.status != CAPTURED:
                raise
            return found

    def refund(self, request: RefundRequest) -> ProviderRefund:
        """Once per key. Stripe knows a key for 24 hours, so from the second attempt on we look first."""
        if not request.provider_payment_id:
            raise ProviderRefused("there is no payment to refund")
        if not _REFUND_KEY.fullmatch(request.key):
            raise ProviderRefused("the key of a refund has 1 to 128 letters, digits and . _ : -")
        fields = {
            "payment_intent": _path(request.provider_payment_id),
            "amount": str(unit(request.currency).count(request.amount)),
            "metadata[order_id]": request.order_id,
            "metadata[refund_id]": request.refund_id,
            "metadata[key]": request.key,
        }
        known = self._refund_of_key(request) if request.attempt > 1 else None
        if known:
            return known
        try:
            return self._client.ask(_post("refund", "/v1/refunds", fields, key=request.key), _refund)
        except ProviderRefused:
            # A no after a lost yes ("already refunded") would be booked as a refund that never was.
            if known := self._refund_of_key(request):
                return known
            raise

    def refund_state(self, provider_payment_id: str, provider_refund_id: str) -> ProviderRefund:
        """Raises `ProviderRefused` for a refund of another payment."""
        path = f"/v1/refunds/{_path(provider_refund_id)}"
        found = self._client.ask(Call("refund_state", "GET", path), _refund)
        if found.provider_payment_id != provider_payment_id:
            raise ProviderRefused("that is a refund of another payment")
        return found

    def refunds_of(self, provider_payment_id: str) -> list[ProviderRefund]:
        found: list[ProviderRefund] = []
        query = {"payment_intent": _path(provider_payment_id), "limit": str(PAGE)}
        for _ in range(MAX_PAGES):
            items, more = self._client.ask(Call("refunds_of", "GET", "/v1/refunds", query), _page)
            found += items
            if not more or not items:
                return found
            query = {**query, "starting_after": items[-1].provider_refund_id or ""}
        raise ProviderUnavailable("The payment has more refunds than can be looked through.")

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> ProviderEvent:
        """The time of sending is signed, and new in every repetition, so five minutes are enough for it."""
        sent_at, given = _signature_header(signatures.header(headers, "Stripe-Signature") or "")
        signatures.check(given, f"{sent_at}.".encode() + body, self._webhook_secrets)
        try:
            signatures.check_age(answers.moment(int(sent_at)), now, past=TOLERANCE, future=TOLERANCE)
            return _event(strict_json.read(body))
        except Unexpected as error:
            raise Malformed(f"The callback is not as documented: {error}.", code="unexpected_callback") from error

    def _intent(self, identifier: str) -> ProviderPayment:
        return self._client.ask(
            Call("payment", "GET", f"/v1/payment_intents/{_path(identifier)}", _EXPAND_CHARGE), _payment
        )

    def _refund_of_key(self, request: RefundRequest) -> ProviderRefund | None:
        refunds = self.refunds_of(request.provider_payment_id or "")
        return next((refund for refund in refunds if refund.key == request.key), None)


def unit(currency: str) -> MinorUnit:
    """How Stripe counts a currency; forint and Taiwan dollar are special for its payouts only."""
    return _UNITS.get(currency) or by_iso(currency)


def _post(operation: str, path: str, fields: Mapping[str, str], *, key: str) -> Call:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key}
    return Call(operation, "POST", path, headers=headers, body=urlencode(fields).encode())


def _path(identifier: str) -> str:
    if not answers.is_id(identifier):
        raise ProviderRefused("that is no id of this provider")
    return identifier


def _reason_of(document: Any) -> str | None:
    """The message of a definite no. A key used for other parameters ("idempotency_error") says nothing of the kind."""
    error = answers.optional_members(document, "error")
    if error.get("type") not in _DEFINITE_TYPES or error.get("code") in _NOT_DEFINITE_CODES:
        return None
    return short(error.get("message")) or short(error.get("code"))


def _opened(intent: dict[str, Any]) -> OpenedPayment:
    return OpenedPayment(answers.identifier(intent, "id"), {"client_secret": answers.text(intent, "client_secret")})


def _payment(intent: dict[str, Any]) -> ProviderPayment:
    """An intent. What was refunded stands in its charge, which is there when it was asked for and not in webhooks."""
    answers.is_a(intent, "object", "payment_intent")
    currency = answers.currency(intent)
    minor = unit(currency)
    identifier, metadata = answers.identifier(intent, "id"), answers.optional_members(intent, "metadata")
    charge = answers.optional_members(intent, "latest_charge")
    error = _error(intent)
    status = _PAYMENT_STATUS.get(answers.text(intent, "status"))
    if status is None:
        raise Unexpected("status is none of an intent")
    if intent["status"] == "requires_payment_method" and error:
        status = FAILED
    return ProviderPayment(
        provider_payment_id=identifier,
        provider_order_id=identifier,
        status=status,
        amount=minor.amount(answers.minor(intent, "amount")),
        captured_amount=minor.amount(answers.minor(intent, "amount_received")),
        refunded_amount=minor.amount(answers.minor(charge, "amount_refunded") if charge else 0),
        currency=currency,
        order_id=own_order_id(metadata.get("order_id")),
        payment_id=own_payment_id(metadata.get("payment_id")),
        error=(error or "no reason given") if status == FAILED else None,
    )


def _error(intent: dict[str, Any]) -> str | None:
    """Why the latest attempt failed, or why the intent was given up."""
    error = answers.optional_members(intent, "last_payment_error")
    found = [error.get("message"), error.get("decline_code"), error.get("code"), intent.get("cancellation_reason")]
    return next((words for words in map(short, found) if words), None)


def _refund(refund: dict[str, Any]) -> ProviderRefund:
    answers.is_a(refund, "object", "refund")
    currency = answers.currency(refund)
    status = _REFUND_STATUS.get(answers.text(refund, "status"))
    if status is None:
        raise Unexpected("status is none of a refund")
    failure = short(refund.get("failure_reason")) or ("canceled" if refund["status"] == "canceled" else None)
    return ProviderRefund(
        provider_refund_id=answers.identifier(refund, "id"),
        status=status,
        amount=unit(currency).amount(answers.minor(refund, "amount")),
        currency=currency,
        key=answers.key(answers.optional_members(refund, "metadata").get("key")),
        provider_payment_id=answers.optional_identifier(refund, "payment_intent"),
        error=(failure or "no reason given") if status == FAILED else None,
    )


def _page(document: dict[str, Any]) -> tuple[list[ProviderRefund], bool]:
    return [_refund(item) for item in answers.listed(document, "data")], document.get("has_more") is True


def _signature_header(header: str) -> tuple[str, list[str]]:
    """`t=1492774577,v1=5257...,v0=6ffb...`: the time as it was written, and the signatures of the scheme v1."""
    pairs = [part.partition("=")[::2] for part in header[:_MAX_HEADER].split(",")]
    times = [value for name, value in pairs if name.strip() == "t" and _SENT_AT.fullmatch(value)]
    return times[0] if times else "0", [value for name, value in pairs if name.strip() == "v1"]


def _event(document: Any) -> ProviderEvent:
    if not isinstance(document, dict):
        raise Unexpected("it is not an object")
    event_id, name = answers.identifier(document, "id"), answers.text(document, "type")
    occurred_at = answers.moment(document.get("created"))
    if name.startswith("payment_intent."):
        payment = _payment(answers.members(answers.members(document, "data"), "object"))
        return ProviderEvent(event_id, PAYMENT, occurred_at, payment=payment)
    if name in REFUND_EVENTS:
        refund = _refund(answers.members(answers.members(document, "data"), "object"))
        return ProviderEvent(event_id, REFUND, occurred_at, refund=refund)
    return ProviderEvent(event_id, OTHER, occurred_at)
