"""Faults on the way to a provider: what is tried again, what settles nothing, and when a provider is left alone."""

import json
import socket
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
import structlog

from oms.providers import http_client
from oms.providers.http_client import MAX_BYTES
from oms.providers.provider import ProviderRefused, ProviderUnavailable
from oms.providers.razorpay import Razorpay
from tests.providers.conftest import SHORT, Clock, payment_request, refund_request, settings_with
from tests.providers.provider_server import HANG, HANG_AFTERWARDS, RESET, Answer, ProviderServer, as_json
from tests.providers.razorpay_server import KEY_SECRET, RazorpayServer

PAYMENT = {
    "entity": "payment",
    "id": "pay_1",
    "status": "captured",
    "amount": 1,
    "amount_refunded": 0,
    "currency": "INR",
}
Counted = Callable[[str, str, str], float]


def an_order(razorpay: Razorpay) -> str:
    return razorpay.create(payment_request()).provider_order_id


@pytest.mark.parametrize("fault", [RESET, 429, 502, 503, 504])
def test_a_read_is_repeated_twice_and_quickly(
    razorpay: Razorpay, razorpay_server: RazorpayServer, clock: Clock, fault: int | str
) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(fault, fault)
    assert razorpay.payments_of(order_id) == []
    assert len(razorpay_server.asked("GET", "/payments")) == 3
    assert clock.pauses == [0.05, 0.1]


@pytest.mark.parametrize("fault", [RESET, 429, 502, 503, 504])
def test_and_not_a_third_time(razorpay: Razorpay, razorpay_server: RazorpayServer, fault: int | str) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(*[fault] * 3)
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of(order_id)
    assert len(razorpay_server.asked("GET", "/payments")) == 3


@pytest.mark.parametrize("fault", [RESET, 503])
def test_what_has_no_key_is_not_repeated(razorpay: Razorpay, razorpay_server: RazorpayServer, fault: int | str) -> None:
    payment_id = razorpay_server.pay(an_order(razorpay), "authorized")
    razorpay_server.fail(fault)
    with pytest.raises(ProviderUnavailable):
        razorpay.capture(payment_id, Decimal("49.90"), "INR")
    assert len(razorpay_server.asked("POST", "/capture")) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 408, 409, 500, 501])
def test_an_answer_that_settles_nothing_is_not_repeated_and_not_a_no(
    razorpay: Razorpay, razorpay_server: RazorpayServer, status: int
) -> None:
    payment_id = razorpay_server.pay(an_order(razorpay))
    elsewhere = ("Location", f"{razorpay_server.url}/v1/payments/{payment_id}")
    refusal = razorpay_server.failure(400)
    razorpay_server.fail(Answer(status, refusal.body, (elsewhere,)))
    with pytest.raises(ProviderUnavailable):
        razorpay.refund(refund_request(payment_id))
    assert len(razorpay_server.asked("POST", "/refund")) == 1
    assert razorpay_server.requests[-1].path.endswith("/refund")


@pytest.mark.parametrize("code", ["SERVER_ERROR", "GATEWAY_ERROR", None, ["BAD_REQUEST_ERROR"]])
def test_a_bad_request_that_is_not_ours_is_not_a_no(
    razorpay: Razorpay, razorpay_server: RazorpayServer, code: object
) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(as_json(400, {"error": {"code": code, "description": "The gateway is away"}}))
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of(order_id)


@pytest.mark.parametrize("words", ["Authentication failed", "The api key provided is invalid"])
def test_keys_that_are_not_accepted_are_our_fault_and_not_the_payments(
    razorpay: Razorpay, razorpay_server: RazorpayServer, words: str
) -> None:
    payment_id = razorpay_server.pay(an_order(razorpay))
    razorpay_server.fail(as_json(400, {"error": {"code": "BAD_REQUEST_ERROR", "description": words}}))
    with pytest.raises(ProviderUnavailable):
        razorpay.refund(refund_request(payment_id))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Not found</html>",
        b"[]",
        b"null",
        b'{"error": "no"}',
        b'{"error": {}}',
        b'{"a": 1, "a": 2}',
        b"\xff",
    ],
)
def test_a_refusal_that_is_not_in_the_providers_words_is_not_a_no(
    razorpay: Razorpay, razorpay_server: RazorpayServer, body: bytes
) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(Answer(404, body))
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of(order_id)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b"{}",
        b'{"items": null}',
        b'{"items": [7]}',
        b'{"items": [{"id": "pay_1"}]}',
        b'{"items": [], "items": []}',
        b'{"items": NaN}',
        b"[" * 100_000,
        *(
            json.dumps({"items": [PAYMENT | change]}).encode()
            for change in (
                {"amount": True},
                {"amount": -1},
                {"amount": 1.5},
                {"currency": "?"},
                {"id": "../1"},
                {"status": "new"},
                {"entity": "order"},
            )
        ),
    ],
)
def test_a_yes_that_cannot_be_read_settles_nothing(
    razorpay: Razorpay, razorpay_server: RazorpayServer, body: bytes
) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(Answer(200, body))
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of(order_id)


def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    order_id = an_order(razorpay)
    largest = b'{"items": []}'.ljust(MAX_BYTES)
    razorpay_server.fail(Answer(200, largest), Answer(200, largest + b" "))
    assert razorpay.payments_of(order_id) == []
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of(order_id)


@pytest.mark.parametrize(
    ("asked", "pauses", "requests"), [("0", [0.0], 2), ("1", [1.0], 2), ("2", [], 1), ("soon", [0.05], 2)]
)
def test_a_small_retry_after_is_honoured_and_a_large_one_is_no_quick_repetition(
    razorpay: Razorpay, razorpay_server: RazorpayServer, clock: Clock, asked: str, pauses: list[float], requests: int
) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(Answer(429, b"{}", (("Retry-After", asked),)))
    if requests == 1:
        with pytest.raises(ProviderUnavailable):
            razorpay.payments_of(order_id)
    else:
        assert razorpay.payments_of(order_id) == []
    assert clock.pauses == pauses
    assert len(razorpay_server.asked("GET", "/payments")) == requests


@pytest.mark.parametrize("fault", [HANG, HANG_AFTERWARDS])
def test_a_provider_that_does_not_answer_is_given_up_once(
    hasty_razorpay: Razorpay, razorpay_server: RazorpayServer, fault: str
) -> None:
    payment_id = razorpay_server.pay(an_order(hasty_razorpay))
    request = refund_request(payment_id)
    razorpay_server.fail(fault)
    with pytest.raises(ProviderUnavailable):
        hasty_razorpay.refund(request)
    assert len(razorpay_server.asked("POST", "/refund")) == 1
    assert hasty_razorpay.refund(request).status == "processed"
    assert len(razorpay_server.refunds) == 1


def test_an_answer_that_trickles_in_for_ever_is_given_up(clock: Clock, razorpay_server: RazorpayServer) -> None:
    """Every packet comes in time; only a limit for the whole ends it."""
    given_up = threading.Event()

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not given_up.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environ = {**razorpay_server.environ(), **SHORT, "RAZORPAY_API_URL": url}
        razorpay = Razorpay.of(settings_with(**environ), clock=clock, pause=clock.pause)
        with pytest.raises(ProviderUnavailable):
            razorpay.payments_of("order_1")
        given_up.set()
        thread.join(5)


def test_nobody_at_the_address_is_no_answer(clock: Clock, razorpay_server: RazorpayServer) -> None:
    with ProviderServer() as gone:
        nowhere = gone.url
    environ = {**razorpay_server.environ(), "RAZORPAY_API_URL": nowhere}
    razorpay = Razorpay.of(settings_with(**environ), clock=clock, pause=clock.pause)
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of("order_1")
    assert clock.pauses == [0.05, 0.1]


def test_https_is_not_spoken_with_somebody_who_cannot_prove_who_he_is(
    clock: Clock, razorpay_server: RazorpayServer
) -> None:
    environ = {**razorpay_server.environ(), "RAZORPAY_API_URL": razorpay_server.url.replace("http:", "https:")}
    with pytest.raises(ProviderUnavailable):
        Razorpay.of(settings_with(**environ), clock=clock, pause=clock.pause).payments_of("order_1")
    assert razorpay_server.requests == []


# --- the breaker


def fail_five_times(razorpay: Razorpay, server: RazorpayServer) -> None:
    server.fail(*[500] * 5)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            razorpay.payments_of("order_1")


def test_after_five_failures_in_a_row_the_provider_is_left_alone(
    razorpay: Razorpay, razorpay_server: RazorpayServer, clock: Clock, counted: Counted
) -> None:
    fail_five_times(razorpay, razorpay_server)
    clock.now += 29.9
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            razorpay.payments_of("order_1")
    assert len(razorpay_server.requests) == 5
    assert counted("razorpay", "payments_of", "unavailable") == 5
    assert counted("razorpay", "payments_of", "closed_off") == 3


def test_after_half_a_minute_one_request_tries_and_opens_the_way_again(
    razorpay: Razorpay, razorpay_server: RazorpayServer, clock: Clock
) -> None:
    order_id = an_order(razorpay)
    fail_five_times(razorpay, razorpay_server)
    clock.now += 30
    assert razorpay.payments_of(order_id) == []
    assert razorpay.payments_of(order_id) == []


def test_a_trial_that_fails_closes_the_way_for_another_half_minute(
    razorpay: Razorpay, razorpay_server: RazorpayServer, clock: Clock
) -> None:
    order_id = an_order(razorpay)
    fail_five_times(razorpay, razorpay_server)
    clock.now += 30
    razorpay_server.fail(500)
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            razorpay.payments_of(order_id)
    assert len(razorpay_server.asked("GET", f"{order_id}/payments")) == 1
    clock.now += 30
    assert razorpay.payments_of(order_id) == []


def test_only_one_request_at_a_time_is_the_trial(
    razorpay: Razorpay, razorpay_server: RazorpayServer, clock: Clock
) -> None:
    order_id = an_order(razorpay)
    fail_five_times(razorpay, razorpay_server)
    clock.now += 30
    arrived, may_go = threading.Event(), threading.Event()

    def slowly(_: object) -> Answer:
        arrived.set()
        assert may_go.wait(10)
        return as_json(200, {"entity": "collection", "count": 0, "items": []})

    razorpay_server.fail(slowly)
    answers: list[object] = []
    trial = threading.Thread(target=lambda: answers.append(razorpay.payments_of(order_id)))
    trial.start()
    assert arrived.wait(10)
    with pytest.raises(ProviderUnavailable):
        razorpay.payments_of(order_id)
    may_go.set()
    trial.join(10)
    assert answers == [[]]
    assert razorpay.payments_of(order_id) == []


def test_failures_that_are_not_in_a_row_leave_the_way_open(razorpay: Razorpay, razorpay_server: RazorpayServer) -> None:
    order_id = an_order(razorpay)
    for _ in range(3):
        razorpay_server.fail(*[500] * 4)
        for _ in range(4):
            with pytest.raises(ProviderUnavailable):
                razorpay.payments_of(order_id)
        assert razorpay.payments_of(order_id) == []


def test_refusals_and_refused_keys_are_answers_and_leave_the_way_open(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    order_id = an_order(razorpay)
    razorpay_server.fail(*[400] * 6, *[401] * 6)
    for expected in [ProviderRefused] * 6 + [ProviderUnavailable] * 6:
        with pytest.raises(expected):
            razorpay.payments_of(order_id)
    assert razorpay.payments_of(order_id) == []


# --- what is counted and logged


def test_every_outcome_is_counted_by_operation(
    razorpay: Razorpay, razorpay_server: RazorpayServer, counted: Counted
) -> None:
    order_id = an_order(razorpay)
    razorpay.payments_of(order_id)
    razorpay_server.fail(400, 500)
    for expected in (ProviderRefused, ProviderUnavailable):
        with pytest.raises(expected):
            razorpay.payments_of(order_id)
    assert counted("razorpay", "create", "ok") == 1
    assert [counted("razorpay", "payments_of", outcome) for outcome in ("ok", "refused", "unavailable")] == [1, 1, 1]


def test_the_log_names_the_trouble_and_no_secret(
    razorpay: Razorpay, razorpay_server: RazorpayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger that has spoken before, in a test with the whole application, is past being captured.
    monkeypatch.setattr(http_client, "_log", structlog.get_logger("captured"))
    payment_id = razorpay_server.pay(an_order(razorpay))
    razorpay_server.fail(500, 401)
    with structlog.testing.capture_logs() as lines:
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                razorpay.refund(refund_request(payment_id))
    assert [(line["event"], line["operation"]) for line in lines] == [
        ("provider_unavailable", "refund"),
        ("provider_rejects_our_keys", "refund"),
    ]
    assert KEY_SECRET not in repr(lines)


def test_the_error_a_caller_sees_holds_no_secret_and_no_address(
    razorpay: Razorpay, razorpay_server: RazorpayServer
) -> None:
    razorpay_server.fail(500)
    with pytest.raises(ProviderUnavailable) as caught:
        razorpay.payments_of("order_1")
    assert KEY_SECRET not in caught.value.detail
    assert "127.0.0.1" not in caught.value.detail
