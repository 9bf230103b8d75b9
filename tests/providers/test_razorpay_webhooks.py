"""Razorpay's webhooks: what is believed, what is not, and what is read from them."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from oms.errors import Invalid, Malformed
from oms.providers.provider import BadSignature, ProviderEvent, ProviderPayment, ProviderRefund
from oms.providers.razorpay import Razorpay
from tests.providers.conftest import payment_request, refund_request
from tests.providers.razorpay_server import FORMER_WEBHOOK_SECRET, WEBHOOK_SECRET, RazorpayServer

NOW = datetime.fromtimestamp(int(time.time()), UTC)
SECONDS = int(NOW.timestamp())


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    """The clock of whoever signs stands still: a callback is believed for some minutes, and a suite may take longer."""
    with time_machine.travel(NOW, tick=False):
        yield


def captured(razorpay: Razorpay, server: RazorpayServer) -> str:
    return server.pay(razorpay.create(payment_request("49.90")).provider_order_id)


@pytest.mark.parametrize(
    ("event", "there", "here", "taken"),
    [
        ("payment.authorized", "authorized", "authorized", "0"),
        ("payment.captured", "captured", "captured", "49.90"),
        ("payment.failed", "failed", "failed", "0"),
        ("order.paid", "captured", "captured", "49.90"),
    ],
)
def test_an_event_about_a_payment_is_read(
    razorpay: Razorpay, razorpay_server: RazorpayServer, event: str, there: str, here: str, taken: str
) -> None:
    request = payment_request("49.90")
    order_id = razorpay.create(request).provider_order_id
    payment_id = razorpay_server.pay(order_id, there)
    headers, body = razorpay_server.webhook(event, payment_id, created_at=SECONDS, event_id="evt1")
    assert razorpay.verify(headers, body, NOW) == ProviderEvent(
        event_id="evt1",
        kind="payment",
        occurred_at=NOW,
        payment=ProviderPayment(
            provider_payment_id=payment_id,
            provider_order_id=order_id,
            status=here,
            amount=Decimal("49.90"),
            captured_amount=Decimal(taken),
            refunded_amount=Decimal(0),
            currency="INR",
            order_id=request.order_id,
            payment_id=request.payment_id,
            error="Payment was unsuccessful due to a temporary issue." if here == "failed" else None,
        ),
    )


@pytest.mark.parametrize(
    ("event", "status"), [("refund.created", "pending"), ("refund.processed", "processed"), ("refund.failed", "failed")]
)
def test_an_event_about_a_refund_is_read(
    razorpay: Razorpay, razorpay_server: RazorpayServer, event: str, status: str
) -> None:
    payment_id = captured(razorpay, razorpay_server)
    request = refund_request(payment_id, "10.00")
    refund_id = razorpay.refund(request).provider_refund_id or ""
    razorpay_server.refunds[refund_id]["status"] = status
    headers, body = razorpay_server.webhook(event, refund_id, created_at=SECONDS, event_id="evt2")
    error = "the provider could not process it" if status == "failed" else None
    assert razorpay.verify(headers, body, NOW) == ProviderEvent(
        event_id="evt2",
        kind="refund",
        occurred_at=NOW,
        refund=ProviderRefund(refund_id, status, Decimal("10.00"), "INR", request.key, payment_id, error),
    )


@pytest.mark.parametrize("event", ["refund.speed_changed", "payment.dispute.created", "settlement.processed"])
def test_any_other_event_is_believed_and_says_nothing(
    razorpay: Razorpay, razorpay_server: RazorpayServer, event: str
) -> None:
    headers, body = razorpay_server.webhook(event, captured(razorpay, razorpay_server))
    found = razorpay.verify(headers, body, NOW)
    assert (found.kind, found.payment, found.refund) == ("other", None, None)


def test_a_paid_order_lends_its_references_to_a_payment_without_them(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    razorpay_server.copies_notes = False
    request = payment_request()
    payment_id = razorpay_server.pay(razorpay.create(request).provider_order_id)
    alone = razorpay.verify(*razorpay_server.webhook("payment.captured", payment_id), NOW).payment
    beside = razorpay.verify(*razorpay_server.webhook("order.paid", payment_id), NOW).payment
    assert alone and (alone.order_id, alone.payment_id) == (None, None)
    assert beside and (beside.order_id, beside.payment_id) == (request.order_id, request.payment_id)


def test_a_refund_made_in_the_dashboard_has_no_key(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    refund_id = razorpay_server.refund_by_hand(captured(razorpay, razorpay_server), 100)
    found = razorpay.verify(*razorpay_server.webhook("refund.processed", refund_id), NOW).refund
    assert found and (found.key, found.amount) == (None, Decimal("1.00"))


def test_headers_may_be_written_in_any_case(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    headers, body = razorpay_server.webhook("payment.captured", captured(razorpay, razorpay_server), event_id="evt3")
    for written in (str.lower, str.upper, str.title):
        changed = {written(name): value for name, value in headers.items()}
        assert razorpay.verify(changed, body, NOW).event_id == "evt3"


@pytest.mark.parametrize("secret", [WEBHOOK_SECRET, FORMER_WEBHOOK_SECRET])
def test_each_of_the_secrets_is_believed(razorpay: Razorpay, razorpay_server: RazorpayServer, secret: str) -> None:
    headers, body = razorpay_server.webhook("payment.captured", captured(razorpay, razorpay_server), secret=secret)
    assert razorpay.verify(headers, body, NOW).kind == "payment"


def test_another_secret_is_not(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = captured(razorpay, razorpay_server)
    for secret in ("", "a-secret-of-somebody-else", WEBHOOK_SECRET + " "):
        with pytest.raises(BadSignature) as caught:
            razorpay.verify(*razorpay_server.webhook("payment.captured", payment_id, secret=secret), NOW)
        assert caught.value.code == "bad_signature"


def test_an_altered_byte_anywhere_is_noticed(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    headers, body = razorpay_server.webhook("payment.captured", captured(razorpay, razorpay_server))
    for position in range(0, len(body), 7):
        altered = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
        with pytest.raises(BadSignature):
            razorpay.verify(headers, altered, NOW)
    for altered in (body + b"\n", b" " + body, body[:-1], b""):
        with pytest.raises(BadSignature):
            razorpay.verify(headers, altered, NOW)


@pytest.mark.parametrize("signature", [None, "", "0" * 64, "é" * 64, "0" * 63, "z" * 64, "sha256=" + "0" * 64])
def test_no_signature_or_a_strange_one_is_not_believed(
    razorpay: Razorpay, razorpay_server: RazorpayServer, signature: str | None
) -> None:
    headers, body = razorpay_server.webhook("payment.captured", captured(razorpay, razorpay_server))
    del headers["X-Razorpay-Signature"]
    if signature is not None:
        headers["X-Razorpay-Signature"] = signature
    with pytest.raises(BadSignature):
        razorpay.verify(headers, body, NOW)


@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=24, minutes=5), timedelta(minutes=-5)])
def test_a_webhook_may_be_repeated_for_a_day(
    razorpay: Razorpay, razorpay_server: RazorpayServer, age: timedelta
) -> None:
    sent = int((NOW - age).timestamp())
    headers, body = razorpay_server.webhook("payment.captured", captured(razorpay, razorpay_server), created_at=sent)
    assert razorpay.verify(headers, body, NOW).occurred_at == NOW - age


@pytest.mark.parametrize("age", [timedelta(hours=24, minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)])
def test_an_old_webhook_or_one_of_the_future_is_not_believed(
    razorpay: Razorpay, razorpay_server: RazorpayServer, age: timedelta
) -> None:
    sent = int((NOW - age).timestamp())
    headers, body = razorpay_server.webhook("payment.captured", captured(razorpay, razorpay_server), created_at=sent)
    with pytest.raises(BadSignature):
        razorpay.verify(headers, body, NOW)


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\nb", "../.."])
def test_without_a_plausible_id_the_body_is_its_own(
    razorpay: Razorpay, razorpay_server: RazorpayServer, given: str | None
) -> None:
    payment_id = captured(razorpay, razorpay_server)
    ids = []
    for created_at in (SECONDS, SECONDS, SECONDS - 1):
        headers, body = razorpay_server.webhook("payment.captured", payment_id, created_at=created_at)
        headers = {name: value for name, value in headers.items() if name != "x-razorpay-event-id"}
        ids.append(razorpay.verify(headers | ({} if given is None else {"x-razorpay-event-id": given}), body, NOW))
    assert ids[0].event_id == ids[1].event_id != ids[2].event_id
    assert ids[0].event_id.startswith("body_")
    assert len(ids[0].event_id) == 45


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"", Malformed),
        (b"payment=captured", Malformed),
        (b"\xff\xfe", Malformed),
        (b'{"event": "payment.captured", "event": "payment.failed"}', Malformed),
        (b"[" * 100_000, Malformed),
        (b'{"created_at": NaN}', Malformed),
        (b'{"created_at": 1e400}', Invalid),
        (b'{"event": "\\u0000"}', Invalid),
        (b'{"event": "\\ud800"}', Invalid),
        (b"[" + b"1," * 10_001 + b"1]", Invalid),
    ],
    ids=lambda value: value if isinstance(value, str) else "body",
)
def test_signed_and_hostile_is_a_named_refusal(
    razorpay: Razorpay, razorpay_server: RazorpayServer, body: bytes, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal) as caught:
        razorpay.verify(razorpay_server.signed(body), body, NOW)
    assert not isinstance(caught.value, BadSignature)


def payload_of(payment: object, **event: object) -> bytes:
    document = {
        "entity": "event",
        "event": "payment.captured",
        "payload": {"payment": {"entity": payment}},
        "created_at": SECONDS,
    }
    return json.dumps(document | event).encode()


GOOD = {
    "entity": "payment",
    "id": "pay_1",
    "status": "captured",
    "amount": 100,
    "amount_refunded": 0,
    "currency": "INR",
    "notes": [],
}


def test_the_least_that_is_needed_is_enough(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    body = payload_of(GOOD)
    found = razorpay.verify(razorpay_server.signed(body), body, NOW).payment
    assert found and (found.provider_payment_id, found.provider_order_id) == ("pay_1", None)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'"payment.captured"',
        payload_of(GOOD, event=None),
        payload_of(GOOD, event=["payment.captured"]),
        payload_of(GOOD, created_at=None),
        payload_of(GOOD, created_at=True),
        payload_of(GOOD, created_at=str(SECONDS)),
        payload_of(GOOD, created_at=10**18),
        payload_of(GOOD, created_at=-1),
        payload_of(GOOD, payload=None),
        payload_of(GOOD, payload=[]),
        payload_of(GOOD, payload={"payment": GOOD}),
        payload_of(None),
        payload_of([GOOD]),
        *(payload_of({name: value for name, value in GOOD.items() if name != left_out}) for left_out in [*GOOD][:6]),
        payload_of(GOOD | {"id": "../../x"}),
        payload_of(GOOD | {"id": 7}),
        payload_of(GOOD | {"entity": "refund"}),
        payload_of(GOOD | {"status": "stolen"}),
        payload_of(GOOD | {"amount": -100}),
        payload_of(GOOD | {"amount": True}),
        payload_of(GOOD | {"amount": "100"}),
        payload_of(GOOD | {"amount": 1.5}),
        payload_of(GOOD | {"amount": 10**16}),
        payload_of(GOOD | {"currency": "rupees"}),
    ],
    ids=lambda _: "body",
)
def test_signed_and_of_another_shape_is_refused_as_such(
    razorpay: Razorpay, razorpay_server: RazorpayServer, body: bytes
) -> None:
    with pytest.raises(Malformed) as caught:
        razorpay.verify(razorpay_server.signed(body), body, NOW)
    assert caught.value.code == "unexpected_callback"


def test_a_time_inside_of_the_payload_counts_where_there_is_none_outside(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    body = json.dumps({"event": "refund.speed_changed", "payload": {"created_at": SECONDS}}).encode()
    assert razorpay.verify(razorpay_server.signed(body), body, NOW).occurred_at == NOW


def test_text_that_comes_back_is_cut_and_on_one_line(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    body = payload_of(GOOD | {"status": "failed", "error_description": "no\nfunds\t" + "!" * 1000})
    found = razorpay.verify(razorpay_server.signed(body), body, NOW).payment
    assert found and found.error == ("no funds " + "!" * 1000)[:200]
    silent = payload_of(GOOD | {"status": "failed", "error_description": None, "error_code": ""})
    found = razorpay.verify(razorpay_server.signed(silent), silent, NOW).payment
    assert found and found.error == "no reason given"
