"""Every operation at Razorpay, against a server that plays it."""

from decimal import Decimal

import pytest

from oms.providers.provider import (
    OpenedPayment,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderUnavailable,
)
from oms.providers.razorpay import Razorpay
from tests.providers.conftest import payment_request, refund_request
from tests.providers.provider_server import RESET_AFTERWARDS, as_json
from tests.providers.razorpay_server import FULLY_REFUNDED, KEY_ID, KEY_SECRET, RazorpayServer


def opened(razorpay: Razorpay, amount: str = "49.90", currency: str = "INR") -> str:
    return razorpay.create(payment_request(amount, currency)).provider_order_id


def paid(razorpay: Razorpay, server: RazorpayServer, amount: str = "49.90", status: str = "captured") -> str:
    return server.pay(opened(razorpay, amount), status)


def test_it_alone_can_say_that_money_was_captured(razorpay: Razorpay) -> None:
    assert (razorpay.name, razorpay.confirms) == ("razorpay", True)


def test_opening_a_payment_makes_an_order_with_our_references(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    request = payment_request()
    found = razorpay.create(request)
    assert list(razorpay_server.orders) == [found.provider_order_id]
    order = razorpay_server.orders[found.provider_order_id]
    assert (order["amount"], order["currency"], order["receipt"]) == (4990, "INR", request.payment_id)
    assert order["notes"] == {"order_id": request.order_id, "payment_id": request.payment_id}
    assert found == OpenedPayment(found.provider_order_id, {"key_id": KEY_ID, "order_id": found.provider_order_id})


def test_opening_it_again_finds_the_same_order(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    request = payment_request()
    assert razorpay.create(request) == razorpay.create(request)
    assert len(razorpay_server.orders) == 1


def test_opening_it_again_after_a_lost_answer_makes_no_second_order(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    request = payment_request()
    razorpay_server.fail(RESET_AFTERWARDS, only="POST")
    with pytest.raises(ProviderUnavailable):
        razorpay.create(request)
    assert razorpay.create(request).provider_order_id in razorpay_server.orders
    assert len(razorpay_server.orders) == 1


def test_opening_it_again_over_another_amount_is_refused(razorpay: Razorpay) -> None:
    request = payment_request("49.90")
    razorpay.create(request)
    with pytest.raises(ProviderRefused) as caught:
        razorpay.create(payment_request("59.90", payment_id=request.payment_id))
    assert caught.value.reason == "this payment has been opened over another amount"


def test_a_refusal_carries_razorpays_words(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    razorpay_server.fail(400, only="POST")
    with pytest.raises(ProviderRefused) as caught:
        opened(razorpay)
    assert caught.value.reason == "The amount must be at least INR 1.00"
    assert caught.value.code == "provider_refused"


def test_all_attempts_at_an_order_are_told(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    request = payment_request("49.90")
    order_id = razorpay.create(request).provider_order_id
    assert razorpay.payments_of(order_id) == []
    failed, captured = razorpay_server.pay(order_id, "failed"), razorpay_server.pay(order_id, "captured")
    nothing, all_of_it = Decimal("0.00"), Decimal("49.90")
    ours = (request.order_id, request.payment_id)
    assert razorpay.payments_of(order_id) == [
        ProviderPayment(
            failed, order_id, "failed", all_of_it, nothing, nothing, "INR", *ours,
            "Payment was unsuccessful due to a temporary issue.",
        ),
        ProviderPayment(captured, order_id, "captured", all_of_it, all_of_it, nothing, "INR", *ours, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "here"),
    [("created", "pending"), ("authorized", "authorized"), ("captured", "captured"), ("failed", "failed")],
)
def test_each_state_of_a_payment_has_its_word(
    razorpay: Razorpay, razorpay_server: RazorpayServer, there: str, here: str
) -> None:
    order_id = opened(razorpay)
    razorpay_server.pay(order_id, there)
    assert [payment.status for payment in razorpay.payments_of(order_id)] == [here]


def test_another_amount_than_asked_for_is_told_as_it_was_paid(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    order_id = opened(razorpay, "49.90")
    razorpay_server.pay(order_id, "captured", amount=100)
    assert [payment.captured_amount for payment in razorpay.payments_of(order_id)] == [Decimal("1.00")]


def test_references_that_are_not_ours_are_none(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    order_id = opened(razorpay)
    for notes in ([], {"order_id": "../etc", "payment_id": "short"}, {"order_id": 7, "payment_id": None}):
        payment_id = razorpay_server.pay(order_id)
        razorpay_server.payments[payment_id]["notes"] = notes
    found = razorpay.payments_of(order_id)
    assert [(payment.order_id, payment.payment_id) for payment in found] == [(None, None)] * 3


def test_an_order_nobody_knows_is_refused(razorpay: Razorpay) -> None:
    with pytest.raises(ProviderRefused) as caught:
        razorpay.payments_of("order_unknown")
    assert caught.value.reason == "The id provided does not exist"


@pytest.mark.parametrize("identifier", ["", "../orders", "a/b", "a?b", "a b", "pay_" + "1" * 255])
def test_what_cannot_be_an_id_is_not_even_asked_for(
    razorpay: Razorpay, razorpay_server: RazorpayServer, identifier: str
) -> None:
    for ask in (
        lambda: razorpay.payments_of(identifier),
        lambda: razorpay.capture(identifier, Decimal(1), "INR"),
        lambda: razorpay.refund(refund_request(identifier)),
        lambda: razorpay.refund_state("pay_1", identifier),
        lambda: razorpay.refunds_of(identifier),
    ):
        with pytest.raises(ProviderRefused):
            ask()
    assert razorpay_server.requests == []


# --- capture


def test_authorized_money_is_captured(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "49.90", "authorized")
    found = razorpay.capture(payment_id, Decimal("49.90"), "INR")
    assert (found.provider_payment_id, found.status) == (payment_id, "captured")
    assert found.captured_amount == Decimal("49.90")
    assert razorpay_server.payments[payment_id]["captured"]


def test_what_is_captured_already_is_no_error(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "49.90", "captured")
    assert razorpay.capture(payment_id, Decimal("49.90"), "INR").status == "captured"


def test_a_capture_whose_answer_was_lost_is_found_by_asking_again(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    payment_id = paid(razorpay, razorpay_server, "49.90", "authorized")
    razorpay_server.fail(RESET_AFTERWARDS, only="POST")
    with pytest.raises(ProviderUnavailable):
        razorpay.capture(payment_id, Decimal("49.90"), "INR")
    assert razorpay.capture(payment_id, Decimal("49.90"), "INR").status == "captured"


def test_another_amount_than_the_authorized_is_refused(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "49.90", "authorized")
    with pytest.raises(ProviderRefused) as caught:
        razorpay.capture(payment_id, Decimal("49.80"), "INR")
    assert caught.value.reason == "Capture amount must be equal to the amount authorized."
    assert not razorpay_server.payments[payment_id]["captured"]


def test_a_failed_payment_is_not_captured(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "49.90", "failed")
    with pytest.raises(ProviderRefused):
        razorpay.capture(payment_id, Decimal("49.90"), "INR")


# --- refunds


def test_a_part_is_refunded_with_our_references(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "49.90")
    request = refund_request(payment_id, "10.00")
    found = razorpay.refund(request)
    (refund_id,) = razorpay_server.refunds
    assert found == ProviderRefund(refund_id, "processed", Decimal("10.00"), "INR", request.key, payment_id, None)
    booked = razorpay_server.refunds[refund_id]
    assert (booked["amount"], booked["receipt"]) == (1000, request.key)
    assert booked["notes"] == {"order_id": request.order_id, "refund_id": request.refund_id, "key": request.key}
    (asked,) = razorpay_server.asked("POST", "/refund")
    assert asked.headers["x-refund-idempotency"] == request.key


def test_the_payment_tells_what_was_refunded_of_it(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    order_id = opened(razorpay, "49.90")
    payment_id = razorpay_server.pay(order_id)
    razorpay.refund(refund_request(payment_id, "10.00"))
    (partly,) = razorpay.payments_of(order_id)
    razorpay.refund(refund_request(payment_id, "39.90"))
    (wholly,) = razorpay.payments_of(order_id)
    assert (partly.status, partly.refunded_amount) == ("captured", Decimal("10.00"))
    assert (wholly.status, wholly.refunded_amount) == ("captured", Decimal("49.90"))
    assert wholly.captured_amount == Decimal("49.90")


def test_a_refund_may_take_its_time(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server)
    razorpay_server.refund_later = True
    first, second = razorpay.refund(refund_request(payment_id)), razorpay.refund(refund_request(payment_id))
    assert (first.status, second.status) == ("pending", "pending")
    assert first.provider_refund_id and second.provider_refund_id
    razorpay_server.process_refund(first.provider_refund_id)
    razorpay_server.fail_refund(second.provider_refund_id)
    processed = razorpay.refund_state(payment_id, first.provider_refund_id)
    failed = razorpay.refund_state(payment_id, second.provider_refund_id)
    assert (processed.status, processed.error) == ("processed", None)
    assert (failed.status, failed.error) == ("failed", "the provider could not process it")


def test_the_same_key_refunds_once(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    request = refund_request(paid(razorpay, razorpay_server))
    assert razorpay.refund(request) == razorpay.refund(request)
    assert len(razorpay_server.refunds) == 1
    first, second = razorpay_server.asked("POST", "/refund")
    assert first.body == second.body


def test_a_lost_answer_is_made_good_within_the_same_call(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    request = refund_request(paid(razorpay, razorpay_server))
    razorpay_server.fail(RESET_AFTERWARDS, only="POST")
    assert razorpay.refund(request).status == "processed"
    assert len(razorpay_server.refunds) == 1
    assert len(razorpay_server.asked("POST", "/refund")) == 2


def test_a_later_attempt_finds_the_refund_whose_key_the_provider_has_forgotten(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    payment_id = paid(razorpay, razorpay_server)
    request = refund_request(payment_id)
    razorpay_server.fail(*[RESET_AFTERWARDS] * 3, only="POST")
    with pytest.raises(ProviderUnavailable):
        razorpay.refund(request)
    razorpay_server.forget_keys()
    again = refund_request(payment_id, key=request.key, attempt=2)
    assert razorpay.refund(again).provider_refund_id in razorpay_server.refunds
    assert len(razorpay_server.refunds) == 1


def test_a_later_attempt_at_what_was_never_done_does_it(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server)
    razorpay_server.refund_by_hand(payment_id, 100)
    assert razorpay.refund(refund_request(payment_id, attempt=2)).amount == Decimal("10.00")
    assert [refund["amount"] for refund in razorpay_server.refunds.values()] == [100, 1000]


def test_a_refusal_after_a_lost_yes_is_a_yes(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "10.00")
    request = refund_request(payment_id, "10.00")
    done = razorpay.refund(request)
    razorpay_server.forget_keys()
    assert razorpay.refund(request) == done
    with pytest.raises(ProviderRefused) as caught:
        razorpay.refund(refund_request(payment_id, "10.00"))
    assert caught.value.reason == FULLY_REFUNDED


def test_a_refused_refund_says_why(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server)
    razorpay_server.refuse_refunds = "Your account does not have enough balance to carry out the refund operation."
    with pytest.raises(ProviderRefused) as caught:
        razorpay.refund(refund_request(payment_id))
    assert caught.value.reason == razorpay_server.refuse_refunds
    assert razorpay_server.refunds == {}


def test_a_refund_in_progress_settles_nothing(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    request = refund_request(paid(razorpay, razorpay_server))
    razorpay_server.fail(409, only="POST")
    with pytest.raises(ProviderUnavailable) as caught:
        razorpay.refund(request)
    assert caught.value.code == "provider_unavailable"
    assert razorpay.refund(request).status == "processed"


def test_another_refund_under_the_same_key_settles_nothing(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server)
    request = refund_request(payment_id, "10.00")
    razorpay.refund(request)
    with pytest.raises(ProviderUnavailable):
        razorpay.refund(refund_request(payment_id, "5.00", key=request.key))
    assert len(razorpay_server.refunds) == 1


def test_the_same_as_a_bad_request_settles_nothing_either(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server)
    description = "Different request with the same idempotency key has already been processed."
    error = {"error": {"code": "BAD_REQUEST_ERROR", "description": description, "metadata": {}}}
    razorpay_server.fail(as_json(400, error), only="POST")
    with pytest.raises(ProviderUnavailable):
        razorpay.refund(refund_request(payment_id))


@pytest.mark.parametrize("key", ["", "short", "with space in it", "dots.are.not.allowed", "k" * 129])
def test_a_key_razorpay_would_not_take_is_refused_unasked(
    razorpay: Razorpay, razorpay_server: RazorpayServer, key: str
) -> None:
    with pytest.raises(ProviderRefused):
        razorpay.refund(refund_request("pay_1", key=key))
    assert razorpay_server.requests == []


def test_a_long_key_travels_in_the_notes_alone(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    request = refund_request(paid(razorpay, razorpay_server), key="k" * 41)
    assert razorpay.refund(request).key == request.key
    assert [refund["receipt"] for refund in razorpay_server.refunds.values()] == [None]


def test_there_is_nothing_to_refund_without_a_payment(razorpay: Razorpay) -> None:
    with pytest.raises(ProviderRefused) as caught:
        razorpay.refund(refund_request(None))
    assert caught.value.reason == "there is no payment to refund"


def test_refunds_are_read_past_the_first_page(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    payment_id = paid(razorpay, razorpay_server, "500.00")
    first = refund_request(payment_id, "1.00")
    razorpay.refund(first)
    for _ in range(100):
        razorpay_server.refund_by_hand(payment_id, 100)
    found = razorpay.refunds_of(payment_id)
    assert len({refund.provider_refund_id for refund in found}) == 101
    assert [refund.key for refund in found if refund.key] == [first.key]
    razorpay_server.forget_keys()
    again = refund_request(payment_id, "1.00", key=first.key, attempt=2)
    assert razorpay.refund(again).key == first.key
    assert len(razorpay_server.refunds) == 101


def test_a_refund_nobody_knows_is_refused(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    with pytest.raises(ProviderRefused):
        razorpay.refund_state(paid(razorpay, razorpay_server), "rfnd_unknown")


# --- minor units


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("49.90", "INR", 4990),
        ("49.9", "USD", 4990),
        ("295", "JPY", 295),
        ("295.00", "JPY", 295),
        ("295.99", "KWD", 295990),
        ("295.990", "BHD", 295990),
        ("999999999999", "INR", 99999999999900),
    ],
)
def test_amounts_travel_in_minor_units_and_back(
    razorpay: Razorpay, razorpay_server: RazorpayServer, amount: str, currency: str, minor: int
) -> None:
    order_id = opened(razorpay, amount, currency)
    assert razorpay_server.orders[order_id]["amount"] == minor
    payment_id = razorpay_server.pay(order_id)
    assert [payment.captured_amount for payment in razorpay.payments_of(order_id)] == [Decimal(amount)]
    assert razorpay.refund(refund_request(payment_id, amount, currency=currency)).amount == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "INR"),
        ("1.005", "USD"),
        ("1.5", "JPY"),
        ("99.991", "KWD"),
        ("0", "INR"),
        ("-1", "INR"),
        ("1e12", "INR"),
    ],
)
def test_an_amount_that_cannot_be_paid_exactly_is_refused_unasked(
    razorpay: Razorpay, razorpay_server: RazorpayServer, amount: str, currency: str
) -> None:
    for ask in (
        lambda: opened(razorpay, amount, currency),
        lambda: razorpay.capture("pay_1", Decimal(amount), currency),
        lambda: razorpay.refund(refund_request("pay_1", amount, currency=currency)),
    ):
        with pytest.raises(ProviderRefused):
            ask()
    assert razorpay_server.requests == []


def test_secrets_stay_out_of_what_is_printed(razorpay: Razorpay) -> None:
    found = razorpay.create(payment_request())
    assert KEY_ID not in repr(found)
    assert KEY_SECRET not in repr(vars(razorpay))
