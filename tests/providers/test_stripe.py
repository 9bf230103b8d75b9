"""Every operation at Stripe, against a server that plays it."""

from decimal import Decimal

import pytest

from oms.providers.provider import (
    OpenedPayment,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnavailable,
)
from oms.providers.stripe import VERSION, Stripe
from tests.providers.conftest import payment_request, refund_request
from tests.providers.provider_server import RESET_AFTERWARDS
from tests.providers.stripe_server import DECLINED, SECRET_KEY, StripeServer


def opened(stripe: Stripe, amount: str = "49.90", currency: str = "USD") -> str:
    return stripe.create(payment_request(amount, currency)).provider_order_id


def paid(stripe: Stripe, server: StripeServer, amount: str = "49.90", status: str = "captured") -> str:
    return server.pay(opened(stripe, amount), status)


def test_it_alone_can_say_that_money_was_captured(stripe: Stripe) -> None:
    assert (stripe.name, stripe.confirms) == ("stripe", True)


def test_opening_a_payment_makes_an_intent_with_our_references(stripe: Stripe, stripe_server: StripeServer) -> None:
    request = payment_request("49.90", "USD")
    found = stripe.create(request)
    intent = stripe_server.intents[found.provider_order_id]
    assert found == OpenedPayment(intent["id"], {"client_secret": intent["client_secret"]})
    assert (intent["amount"], intent["currency"], intent["capture_method"]) == (4990, "usd", "automatic_async")
    assert intent["automatic_payment_methods"] == {"enabled": True}
    assert intent["metadata"] == {"order_id": request.order_id, "payment_id": request.payment_id}
    (asked,) = stripe_server.requests
    assert asked.headers["idempotency-key"] == request.payment_id
    assert asked.headers["stripe-version"] == VERSION
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert intent["client_secret"] not in repr(found)
    assert SECRET_KEY not in repr(vars(stripe))


def test_opening_it_again_finds_the_same_intent(stripe: Stripe, stripe_server: StripeServer) -> None:
    request = payment_request()
    stripe_server.fail(RESET_AFTERWARDS)
    assert stripe.create(request) == stripe.create(request)
    assert len(stripe_server.intents) == 1


def test_opening_it_again_over_another_amount_settles_nothing(stripe: Stripe, stripe_server: StripeServer) -> None:
    request = payment_request("49.90")
    stripe.create(request)
    with pytest.raises(ProviderUnavailable):
        stripe.create(payment_request("59.90", payment_id=request.payment_id))
    assert len(stripe_server.intents) == 1


@pytest.mark.parametrize(("status", "reason"), [(400, "Amount must be at least $0.50 usd"), (402, DECLINED)])
def test_a_refusal_carries_stripes_words(stripe: Stripe, stripe_server: StripeServer, status: int, reason: str) -> None:
    stripe_server.fail(status)
    with pytest.raises(ProviderRefused) as caught:
        opened(stripe)
    assert caught.value.reason == reason


@pytest.mark.parametrize("status", [401, 409, 500])
def test_what_settles_nothing_is_no_refusal(stripe: Stripe, stripe_server: StripeServer, status: int) -> None:
    stripe_server.fail(status)
    with pytest.raises(ProviderUnavailable):
        opened(stripe)
    assert len(stripe_server.requests) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_fault_is_passed_over(stripe: Stripe, stripe_server: StripeServer, status: int) -> None:
    stripe_server.fail(status, status)
    assert opened(stripe) in stripe_server.intents


def test_the_intent_tells_how_the_attempts_at_it_went(stripe: Stripe, stripe_server: StripeServer) -> None:
    request = payment_request("49.90", "USD")
    intent_id = stripe.create(request).provider_order_id
    seen = [stripe.payments_of(intent_id)]
    for status in ("processing", "failed", "captured"):
        stripe_server.pay(intent_id, status)
        seen.append(stripe.payments_of(intent_id))
    ids, ours = (intent_id, intent_id), (request.order_id, request.payment_id)
    amount, nothing = Decimal("49.90"), Decimal(0)
    assert seen == [
        [ProviderPayment(*ids, "pending", amount, nothing, nothing, "USD", *ours, None)],
        [ProviderPayment(*ids, "pending", amount, nothing, nothing, "USD", *ours, None)],
        [ProviderPayment(*ids, "failed", amount, nothing, nothing, "USD", *ours, DECLINED)],
        [ProviderPayment(*ids, "captured", amount, amount, nothing, "USD", *ours, None)],
    ]


@pytest.mark.parametrize(
    ("there", "here", "error"),
    [
        ("requires_payment_method", "pending", None),
        ("requires_confirmation", "pending", None),
        ("requires_action", "pending", None),
        ("processing", "pending", None),
        ("requires_capture", "authorized", None),
        ("succeeded", "captured", None),
        ("canceled", "failed", "no reason given"),
    ],
)
def test_each_state_of_an_intent_has_its_word(
    stripe: Stripe, stripe_server: StripeServer, there: str, here: str, error: str | None
) -> None:
    intent_id = opened(stripe)
    stripe_server.intents[intent_id]["status"] = there
    assert [(payment.status, payment.error) for payment in stripe.payments_of(intent_id)] == [(here, error)]


def test_an_intent_that_was_given_up_says_why(stripe: Stripe, stripe_server: StripeServer) -> None:
    (found,) = stripe.payments_of(paid(stripe, stripe_server, status="canceled"))
    assert (found.status, found.error) == ("failed", "abandoned")


def test_another_amount_than_asked_for_is_told_as_it_arrived(stripe: Stripe, stripe_server: StripeServer) -> None:
    (found,) = stripe.payments_of(stripe_server.pay(opened(stripe), "captured", amount=100))
    assert (found.amount, found.captured_amount) == (Decimal("49.90"), Decimal("1.00"))


def test_an_intent_nobody_knows_is_refused(stripe: Stripe) -> None:
    with pytest.raises(ProviderRefused) as caught:
        stripe.payments_of("pi_unknown")
    assert caught.value.reason == "No such payment_intent: 'pi_unknown'"


def test_what_cannot_be_an_id_is_not_even_asked_for(stripe: Stripe, stripe_server: StripeServer) -> None:
    for ask in (
        lambda: stripe.payments_of("../refunds"),
        lambda: stripe.capture("a/b", Decimal(1), "USD"),
        lambda: stripe.refund(refund_request("a b", currency="USD")),
        lambda: stripe.refund_state("pi_1", ".."),
        lambda: stripe.refunds_of(""),
    ):
        with pytest.raises(ProviderRefused):
            ask()
    assert stripe_server.requests == []


# --- capture


def test_authorized_money_is_captured_in_whole_or_in_part(stripe: Stripe, stripe_server: StripeServer) -> None:
    for amount in ("49.90", "20.00"):
        found = stripe.capture(paid(stripe, stripe_server, status="authorized"), Decimal(amount), "USD")
        assert (found.status, found.captured_amount) == ("captured", Decimal(amount))


def test_what_is_captured_already_is_no_error(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server)
    stripe.refund(refund_request(intent_id, "10.00", currency="USD"))
    found = stripe.capture(intent_id, Decimal("49.90"), "USD")
    assert (found.status, found.refunded_amount) == ("captured", Decimal("10.00"))


def test_a_capture_whose_answer_was_lost_is_made_good_within_the_same_call(
    stripe: Stripe, stripe_server: StripeServer
) -> None:
    intent_id = paid(stripe, stripe_server, status="authorized")
    stripe_server.fail(RESET_AFTERWARDS)
    assert stripe.capture(intent_id, Decimal("49.90"), "USD").status == "captured"


def test_a_refused_capture_is_not_refused_for_ever(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = opened(stripe)
    with pytest.raises(ProviderRefused):
        stripe.capture(intent_id, Decimal("49.90"), "USD")
    stripe_server.pay(intent_id, "authorized")
    assert stripe.capture(intent_id, Decimal("49.90"), "USD").status == "captured"


# --- refunds


def test_a_part_is_refunded_with_our_references(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server)
    request = refund_request(intent_id, "10.00", currency="USD")
    found = stripe.refund(request)
    (refund_id,) = stripe_server.refunds
    assert found == ProviderRefund(refund_id, "processed", Decimal("10.00"), "USD", request.key, intent_id, None)
    assert stripe_server.refunds[refund_id]["metadata"] == {
        "order_id": request.order_id,
        "refund_id": request.refund_id,
        "key": request.key,
    }
    assert stripe_server.requests[-1].headers["idempotency-key"] == request.key
    (payment,) = stripe.payments_of(intent_id)
    assert (payment.status, payment.refunded_amount) == ("captured", Decimal("10.00"))


def test_a_refund_may_take_its_time(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server)
    stripe_server.refund_later = True
    ids = []
    for _ in range(2):
        refund = stripe.refund(refund_request(intent_id, currency="USD"))
        assert refund.status == "pending"
        ids.append(refund.provider_refund_id or "")
    stripe_server.process_refund(ids[0])
    stripe_server.fail_refund(ids[1])
    processed, failed = (stripe.refund_state(intent_id, refund_id) for refund_id in ids)
    assert (processed.status, processed.error) == ("processed", None)
    assert (failed.status, failed.error) == ("failed", "expired_or_canceled_card")


@pytest.mark.parametrize(
    ("there", "here"),
    [("requires_action", "pending"), ("succeeded", "processed"), ("failed", "failed"), ("canceled", "failed")],
)
def test_each_state_of_a_refund_has_its_word(
    stripe: Stripe, stripe_server: StripeServer, there: str, here: str
) -> None:
    intent_id = paid(stripe, stripe_server)
    stripe_server.refunds[stripe_server.refund_by_hand(intent_id, 100)]["status"] = there
    assert [refund.status for refund in stripe.refunds_of(intent_id)] == [here]


def test_a_refund_of_another_payment_is_refused(stripe: Stripe, stripe_server: StripeServer) -> None:
    refund_id = stripe_server.refund_by_hand(paid(stripe, stripe_server), 100)
    with pytest.raises(ProviderRefused):
        stripe.refund_state(opened(stripe), refund_id)


def test_a_lost_answer_is_made_good_within_the_same_call(stripe: Stripe, stripe_server: StripeServer) -> None:
    request = refund_request(paid(stripe, stripe_server), currency="USD")
    stripe_server.fail(RESET_AFTERWARDS)
    assert stripe.refund(request) == stripe.refund(request)
    assert len(stripe_server.refunds) == 1


def test_a_later_attempt_finds_the_refund_whose_key_the_provider_has_forgotten(
    stripe: Stripe, stripe_server: StripeServer
) -> None:
    intent_id = paid(stripe, stripe_server)
    request = refund_request(intent_id, currency="USD")
    stripe_server.fail(*[RESET_AFTERWARDS] * 3)
    with pytest.raises(ProviderUnavailable):
        stripe.refund(request)
    stripe_server.forget_keys()
    again = refund_request(intent_id, currency="USD", key=request.key, attempt=2)
    assert stripe.refund(again).provider_refund_id in stripe_server.refunds
    assert len(stripe_server.refunds) == 1


def test_a_later_attempt_at_what_was_never_done_does_it(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server)
    stripe_server.refund_by_hand(intent_id, 100)
    assert stripe.refund(refund_request(intent_id, currency="USD", attempt=2)).amount == Decimal("10.00")
    assert len(stripe_server.refunds) == 2


def test_a_refusal_after_a_lost_yes_is_a_yes(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server, "10.00")
    request = refund_request(intent_id, "10.00", currency="USD")
    done = stripe.refund(request)
    stripe_server.forget_keys()
    assert stripe.refund(request) == done
    with pytest.raises(ProviderRefused) as caught:
        stripe.refund(refund_request(intent_id, "10.00", currency="USD"))
    assert caught.value.reason.endswith("has already been refunded.")


def test_a_refused_refund_says_why(stripe: Stripe, stripe_server: StripeServer) -> None:
    stripe_server.refuse_refunds = "Insufficient funds in Stripe account."
    with pytest.raises(ProviderRefused) as caught:
        stripe.refund(refund_request(paid(stripe, stripe_server), currency="USD"))
    assert caught.value.reason == "Insufficient funds in Stripe account."


def test_another_refund_under_the_same_key_settles_nothing(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server)
    request = refund_request(intent_id, "10.00", currency="USD")
    stripe.refund(request)
    with pytest.raises(ProviderUnavailable):
        stripe.refund(refund_request(intent_id, "5.00", currency="USD", key=request.key))
    assert len(stripe_server.refunds) == 1


@pytest.mark.parametrize("changes", [{"key": ""}, {"key": "a b"}, {"key": "k" * 129}, {"provider_payment_id": None}])
def test_what_cannot_be_refunded_is_refused_unasked(
    stripe: Stripe, stripe_server: StripeServer, changes: dict[str, str | None]
) -> None:
    with pytest.raises(ProviderRefused):
        stripe.refund(refund_request(**{"provider_payment_id": "pi_1", "currency": "USD"} | changes))
    assert stripe_server.requests == []


def test_refunds_are_read_past_the_first_page(stripe: Stripe, stripe_server: StripeServer) -> None:
    intent_id = paid(stripe, stripe_server, "500.00")
    first = refund_request(intent_id, "1.00", currency="USD")
    stripe.refund(first)
    for _ in range(200):
        stripe_server.refund_by_hand(intent_id, 100)
    found = stripe.refunds_of(intent_id)
    assert len({refund.provider_refund_id for refund in found}) == 201
    assert [refund.key for refund in found if refund.key] == [first.key]


# --- minor units


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("49.90", "USD", 4990),
        ("295", "JPY", 295),
        ("295.99", "KWD", 295990),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("5.50", "HUF", 550),
        ("5.50", "TWD", 550),
        ("5", "MGA", 5),
    ],
)
def test_amounts_travel_in_stripes_minor_units_and_back(
    stripe: Stripe, stripe_server: StripeServer, amount: str, currency: str, minor: int
) -> None:
    intent_id = opened(stripe, amount, currency)
    assert stripe_server.intents[intent_id]["amount"] == minor
    (found,) = stripe.payments_of(stripe_server.pay(intent_id))
    assert (found.captured_amount, found.currency) == (Decimal(amount), currency)
    assert stripe.refund(refund_request(intent_id, amount, currency=currency)).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("1.005", "USD"), ("1.5", "JPY"), ("99.991", "KWD"), ("5.5", "ISK"), ("5.5", "UGX"), ("5.2", "MGA"), ("0", "USD")],
)
def test_an_amount_that_cannot_be_paid_exactly_is_refused_unasked(
    stripe: Stripe, stripe_server: StripeServer, amount: str, currency: str
) -> None:
    with pytest.raises(ProviderRefused):
        opened(stripe, amount, currency)
    with pytest.raises(ProviderRefused):
        stripe.refund(refund_request("pi_1", amount, currency=currency))
    assert stripe_server.requests == []
