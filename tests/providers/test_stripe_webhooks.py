"""Stripe's webhooks: what is believed, what is not, and what is read from them."""

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from oms.errors import Malformed
from oms.providers.provider import BadSignature, ProviderEvent, ProviderPayment, ProviderRefund
from oms.providers.stripe import Stripe
from tests.providers import stripe_server as stripe_server_module
from tests.providers.conftest import payment_request, refund_request
from tests.providers.stripe_server import DECLINED, FORMER_WEBHOOK_SECRET, WEBHOOK_SECRET, StripeServer

NOW = datetime.fromtimestamp(int(time.time()), UTC)
SECONDS = int(NOW.timestamp())


@pytest.fixture(autouse=True)
def _stripe_signs_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long ago this file was read: a signature is believed for five minutes."""
    monkeypatch.setattr(stripe_server_module, "time", SimpleNamespace(time=lambda: float(SECONDS)))


def captured(stripe: Stripe, server: StripeServer) -> str:
    return server.pay(stripe.create(payment_request("49.90", "USD")).provider_order_id)


@pytest.mark.parametrize(
    ("event", "there", "here", "taken"),
    [
        ("payment_intent.amount_capturable_updated", "authorized", "authorized", "0"),
        ("payment_intent.succeeded", "captured", "captured", "49.90"),
        ("payment_intent.payment_failed", "failed", "failed", "0"),
        ("payment_intent.processing", "processing", "pending", "0"),
    ],
)
def test_an_event_about_a_payment_is_read(
    stripe: Stripe, stripe_server: StripeServer, event: str, there: str, here: str, taken: str
) -> None:
    request = payment_request("49.90", "USD")
    intent_id = stripe_server.pay(stripe.create(request).provider_order_id, there)
    # Repeated for days by Stripe, and signed anew each time: the event may be old, the sending may not.
    created = SECONDS - 3 * 86_400
    headers, body = stripe_server.webhook(event, intent_id, created=created, sent_at=SECONDS, event_id="evt_1")
    assert stripe.verify(headers, body, NOW) == ProviderEvent(
        event_id="evt_1",
        kind="payment",
        occurred_at=NOW - timedelta(days=3),
        payment=ProviderPayment(
            provider_payment_id=intent_id,
            provider_order_id=intent_id,
            status=here,
            amount=Decimal("49.90"),
            captured_amount=Decimal(taken),
            refunded_amount=Decimal(0),
            currency="USD",
            order_id=request.order_id,
            payment_id=request.payment_id,
            error=DECLINED if here == "failed" else None,
        ),
    )


@pytest.mark.parametrize(
    ("event", "there", "here"),
    [
        ("refund.created", "pending", "pending"),
        ("refund.updated", "succeeded", "processed"),
        ("refund.failed", "failed", "failed"),
        ("charge.refund.updated", "failed", "failed"),
    ],
)
def test_an_event_about_a_refund_is_read(
    stripe: Stripe, stripe_server: StripeServer, event: str, there: str, here: str
) -> None:
    intent_id = captured(stripe, stripe_server)
    request = refund_request(intent_id, "10.00", currency="USD")
    refund_id = stripe.refund(request).provider_refund_id or ""
    stripe_server.fail_refund(refund_id, "lost_or_stolen_card")
    stripe_server.refunds[refund_id]["status"] = there
    found = stripe.verify(*stripe_server.webhook(event, refund_id), NOW)
    error = "lost_or_stolen_card" if here == "failed" else None
    assert found.kind == "refund"
    assert found.refund == ProviderRefund(refund_id, here, Decimal("10.00"), "USD", request.key, intent_id, error)


@pytest.mark.parametrize("event", ["charge.refunded", "charge.succeeded", "customer.created"])
def test_any_other_event_is_believed_and_says_nothing(stripe: Stripe, stripe_server: StripeServer, event: str) -> None:
    captured(stripe, stripe_server)
    (charge_id,) = stripe_server.charges
    found = stripe.verify(*stripe_server.webhook(event, charge_id), NOW)
    assert (found.kind, found.payment, found.refund) == ("other", None, None)


@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET])
def test_each_of_the_secrets_is_believed_and_headers_are_in_any_case(
    stripe: Stripe, stripe_server: StripeServer, secret: str
) -> None:
    headers, body = stripe_server.webhook("payment_intent.succeeded", captured(stripe, stripe_server), secret=secret)
    assert stripe.verify({name.lower(): value for name, value in headers.items()}, body, NOW).kind == "payment"


def test_one_good_signature_of_several_is_enough(stripe: Stripe, stripe_server: StripeServer) -> None:
    headers, body = stripe_server.webhook("payment_intent.succeeded", captured(stripe, stripe_server))
    several = headers["Stripe-Signature"].replace(",v1=", f",v1={'a' * 64},v1=")
    assert stripe.verify({"Stripe-Signature": several}, body, NOW).kind == "payment"


def test_another_secret_or_an_altered_byte_is_not_believed(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = captured(stripe, stripe_server)
    with pytest.raises(BadSignature):
        stripe.verify(*stripe_server.webhook("payment_intent.succeeded", intent_id, secret="whsec_of_others"), NOW)
    headers, body = stripe_server.webhook("payment_intent.succeeded", intent_id)
    for position in range(0, len(body), 11):
        with pytest.raises(BadSignature):
            stripe.verify(headers, body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :], NOW)


@pytest.mark.parametrize("age", [timedelta(), timedelta(minutes=5), timedelta(minutes=-5)])
def test_five_minutes_may_pass_on_the_way(stripe: Stripe, stripe_server: StripeServer, age: timedelta) -> None:
    sent_at = int((NOW - age).timestamp())
    headers, body = stripe_server.webhook("payment_intent.succeeded", captured(stripe, stripe_server), sent_at=sent_at)
    assert stripe.verify(headers, body, NOW).kind == "payment"


@pytest.mark.parametrize("seconds", [301, -301, 86_400])
def test_an_old_sending_is_not_believed_nor_one_with_a_new_time(
    stripe: Stripe, stripe_server: StripeServer, seconds: int
) -> None:
    sent_at = SECONDS - seconds
    headers, body = stripe_server.webhook("payment_intent.succeeded", captured(stripe, stripe_server), sent_at=sent_at)
    freshened = headers["Stripe-Signature"].replace(f"t={sent_at}", f"t={SECONDS}")
    for signature in (headers["Stripe-Signature"], freshened):
        with pytest.raises(BadSignature):
            stripe.verify({"Stripe-Signature": signature}, body, NOW)


@pytest.mark.parametrize(
    "change",
    [
        lambda signature: None,
        lambda signature: "",
        lambda signature: ",,=,==",
        lambda signature: signature.replace("v1=", "v0="),
        lambda signature: signature.replace("t=", "x="),
        lambda signature: signature.replace("t=", "t=-"),
        lambda signature: signature.replace("t=", "t=9999999999"),
        lambda signature: signature.partition(",")[0],
        lambda signature: "x" * 5000 + "," + signature,
    ],
)
def test_a_strange_header_is_not_believed(stripe: Stripe, stripe_server: StripeServer, change: object) -> None:
    headers, body = stripe_server.webhook("payment_intent.succeeded", captured(stripe, stripe_server))
    changed = change(headers["Stripe-Signature"])  # type: ignore[operator]
    with pytest.raises(BadSignature):
        stripe.verify({} if changed is None else {"Stripe-Signature": changed}, body, NOW)


def event_of(thing: object, **event: object) -> bytes:
    document = {"id": "evt_1", "type": "payment_intent.succeeded", "created": SECONDS, "data": {"object": thing}}
    return json.dumps(document | event).encode()


GOOD = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "succeeded",
    "amount": 100,
    "amount_received": 100,
    "currency": "usd",
}


def test_the_least_that_is_needed_is_enough(stripe: Stripe, stripe_server: StripeServer) -> None:
    body = event_of(GOOD)
    found = stripe.verify(stripe_server.signed(body), body, NOW).payment
    assert found and (found.captured_amount, found.payment_id) == (Decimal("1.00"), None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"type=payment_intent.succeeded", "invalid_json"),
        (b'{"id": 1, "id": 2}', "duplicate_key"),
        (b"[" * 100_000, "too_deep"),
        (b"[]", "unexpected_callback"),
        (event_of(GOOD, id=None), "unexpected_callback"),
        (event_of(GOOD, id="../x"), "unexpected_callback"),
        (event_of(GOOD, type=7), "unexpected_callback"),
        (event_of(GOOD, created=None), "unexpected_callback"),
        (event_of(GOOD, data=[]), "unexpected_callback"),
        (event_of(None), "unexpected_callback"),
        (event_of(GOOD, type="refund.updated", data={"object": GOOD}), "unexpected_callback"),
        *((event_of({k: v for k, v in GOOD.items() if k != name}), "unexpected_callback") for name in GOOD),
        (event_of(GOOD | {"object": "refund"}), "unexpected_callback"),
        (event_of(GOOD | {"status": "stolen"}), "unexpected_callback"),
        (event_of(GOOD | {"amount_received": -1}), "unexpected_callback"),
        (event_of(GOOD | {"amount_received": True}), "unexpected_callback"),
    ],
    ids=lambda value: value if isinstance(value, str) else "body",
)
def test_signed_and_hostile_is_a_named_refusal(
    stripe: Stripe, stripe_server: StripeServer, body: bytes, code: str
) -> None:
    with pytest.raises(Malformed) as caught:
        stripe.verify(stripe_server.signed(body), body, NOW)
    assert caught.value.code == code
