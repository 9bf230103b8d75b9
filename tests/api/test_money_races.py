"""Two who change the same order's money at once: each pair ends as if one had come after the other.

Everybody is held up at the order's row until all have arrived there, and let go together: first come, first served.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories, row_queue
from tests.callers import exact, person
from tests.conftest import Servers
from tests.factories import line, url
from tests.providers.razorpay_server import RazorpayServer
from tests.razorpay_shop import RazorpayShop, done, total_of

HUNDRED = Decimal("100.00")
Request = Callable[[], Any]


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers) -> Iterator[RazorpayShop]:
    with RazorpayServer() as razorpay:
        yield RazorpayShop(app, servers, razorpay)


@pytest.fixture(autouse=True)
def alone(shop: RazorpayShop) -> None:
    """What the job finds to do is the test's."""
    shop.nothing_due()


def in_turn(shop: RazorpayShop, order: Any, *requests: Request) -> list[Any]:
    return row_queue.in_turn(shop.app, order, *requests)


def together(*requests: Request) -> list[Any]:
    """Answers to requests that start at the same moment."""
    barrier = threading.Barrier(len(requests))

    def run(request: Request) -> Any:
        barrier.wait(20)
        return request()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def ends(answers: list[Any]) -> list[tuple[int, str | None]]:
    """Status and code of each."""
    return [(answer.status_code, answer.get_json().get("code")) for answer in answers]


def of_hundred(shop: RazorpayShop, **more: Any) -> Any:
    return shop.place(line("TEA", 4, "25.00"), **more)


def paid(shop: RazorpayShop) -> Any:
    """100.00, of which 60.00 by card and 40.00 in cash."""
    order = of_hundred(shop)
    shop.pay(order, "60.00")
    shop.pay(order, "40.00", "cash")
    return shop.read(order)


def opened(shop: RazorpayShop, status: str) -> tuple[Any, Any, str]:
    """An order, its part of 100.00, and the provider's payment in this status that nobody has told us of."""
    order = of_hundred(shop)
    part = shop.ask_payment(order, "100.00")
    return order, part, shop.razorpay.pay(part["provider_order_id"], status)


def capturing(shop: RazorpayShop, order: Any, part: Any) -> Request:
    return lambda: shop.staff.post(url(order, "payments", part["payment_id"], "capture"))


def cancelling(shop: RazorpayShop, order: Any) -> Request:
    return lambda: shop.customer.post(url(order, "cancel"))


def refunded_there(shop: RazorpayShop, payment_id: str) -> Decimal:
    """What the provider has given back of its payment."""
    return Decimal(shop.razorpay.payments[payment_id]["amount_refunded"]).scaleb(-2)


def test_two_cancels_leave_one_journey_entry_one_event_and_one_refund_of_each_payment(shop: RazorpayShop) -> None:
    order = paid(shop)
    cancel_too = lambda: shop.staff.put(url(order, "cancel"), {"reason": "other"})  # noqa: E731
    answers = in_turn(shop, order, cancelling(shop, order), cancel_too)
    assert ends(answers) == [(200, None), (200, None)]
    assert answers[0].data == answers[1].data
    assert shop.steps(order).count("cancelled") == 1
    assert shop.steps(order).count("refund.created") == 1
    assert Counter(shop.events(order))["oms.order.cancelled.v1"] == 1
    shares = factories.rows(
        shop.app, "SELECT payment_id, amount FROM refunds WHERE order_id = :id", id=order["order_id"]
    )
    assert sorted(share.amount for share in shares) == [Decimal(40), Decimal(60)]
    assert len({share.payment_id for share in shares}) == 2


@pytest.mark.parametrize("who", ["the callback", "the client"])
@pytest.mark.parametrize("first", ["cancel", "capture"])
def test_a_cancel_and_a_capture_at_the_provider_end_cancelled_with_all_of_it_given_back(
    shop: RazorpayShop, first: str, who: str
) -> None:
    order, part, theirs = opened(shop, "captured")
    callback = shop.razorpay.webhook("payment.captured", theirs)
    capture = capturing(shop, order, part) if who == "the client" else lambda: shop.send(*callback)
    requests = [cancelling(shop, order), capture]
    answers = in_turn(shop, order, *(requests if first == "cancel" else reversed(requests)))
    assert ends(answers) == [(200, None), (200, None)]
    shop.send_refunds()
    after = shop.read(order)
    assert (after["status"], after["payment_state"], after["amount_due"]) == ("cancelled", "refunded", 0)
    assert total_of(shop.refunds(order)) == refunded_there(shop, theirs) == HUNDRED
    assert shop.steps(order).count("cancelled") == 1


@pytest.mark.parametrize(
    ("first", "expected", "given_back"),
    [("cancel", [(200, None), (409, "order_cancelled")], 0), ("capture", [(200, None), (200, None)], HUNDRED)],
)
def test_cash_is_taken_before_a_cancel_and_given_back_or_not_taken_at_all(
    shop: RazorpayShop, first: str, expected: Any, given_back: Any
) -> None:
    order = of_hundred(shop)
    part = shop.ask_payment(order, "100.00", "cash")
    requests = [cancelling(shop, order), capturing(shop, order, part)]
    answers = in_turn(shop, order, *(requests if first == "cancel" else reversed(requests)))
    assert ends(answers) == expected
    after = shop.read(order)
    assert after["status"] == "cancelled"
    assert after["payments"][0]["captured_amount"] == total_of(shop.refunds(order)) == given_back


def test_of_two_refunds_of_60_of_100_one_is_made_and_the_other_is_told_what_is_left(shop: RazorpayShop) -> None:
    order = paid(shop)
    refund = lambda: shop.staff.post(url(order, "refunds"), {"amount": "60.00"})  # noqa: E731
    answers = in_turn(shop, order, refund, refund)
    assert ends(answers) == [(201, None), (422, "refund_exceeds_refundable")]
    assert answers[1].get_json()["refundable"] == "40.00"
    assert total_of(shop.refunds(order)) == Decimal(60)


def test_of_two_refunds_for_the_same_version_one_is_made(shop: RazorpayShop) -> None:
    order = paid(shop)
    seen = {"If-Match": f'"{order["version"]}"'}
    refund = lambda: shop.staff.post(url(order, "refunds"), {"amount": "10.00"}, headers=seen)  # noqa: E731
    answers = in_turn(shop, order, refund, refund)
    assert [answer.status_code for answer in answers] == [201, 412]
    assert answers[1].headers["ETag"] == answers[0].headers["ETag"]
    assert total_of(shop.refunds(order)) == Decimal(10)


def test_of_two_returns_of_the_last_unit_one_is_taken(shop: RazorpayShop) -> None:
    order = shop.move(paid(shop), "delivered")
    wanted = {"items": [{"line_no": 1, "quantity": 1}], "reason": "damaged"}
    done(shop.customer.post(url(order, "returns"), {**wanted, "items": [{"line_no": 1, "quantity": 3}]}), 201)
    request = lambda: shop.customer.post(url(order, "returns"), wanted)  # noqa: E731
    answers = in_turn(shop, order, request, request)
    assert ends(answers) == [(201, None), (422, "return_exceeds_delivered")]
    assert Decimal(answers[1].get_json()["available"]) == 0
    assert len(shop.read(order)["returns"]) == 2


def test_a_callback_that_is_delivered_eight_times_at_once_is_taken_in_once(shop: RazorpayShop) -> None:
    order, _, theirs = opened(shop, "captured")
    callback = shop.razorpay.webhook("payment.captured", theirs)
    answers = in_turn(shop, order, *[lambda: shop.send(*callback)] * 8)
    assert Counter(answer.get_json()["outcome"] for answer in answers) == {"applied": 1, "repeated": 7}
    after = shop.read(order)
    assert (after["status"], after["payment_state"]) == ("confirmed", "paid")
    assert [part["captured_amount"] for part in after["payments"]] == [HUNDRED]
    assert shop.steps(order).count("payment.captured") == 1
    assert shop.events(order).count("oms.payment.captured.v1") == 1


@pytest.mark.parametrize("first", ["callback", "client"])
def test_a_callback_and_the_clients_own_capture_record_the_money_once(shop: RazorpayShop, first: str) -> None:
    order, part, theirs = opened(shop, "captured")
    callback = shop.razorpay.webhook("payment.captured", theirs)
    requests = [lambda: shop.send(*callback), capturing(shop, order, part)]
    answers = in_turn(shop, order, *(requests if first == "callback" else reversed(requests)))
    assert ends(answers) == [(200, None), (200, None)]
    after = shop.read(order)
    assert (after["status"], after["payment_state"]) == ("confirmed", "paid")
    assert [part["captured_amount"] for part in after["payments"]] == [HUNDRED]
    assert shop.steps(order).count("payment.captured") == 1
    assert shop.events(order).count("oms.payment.captured.v1") == 1


def test_authorized_money_is_captured_once_by_two_clients_while_its_callback_arrives(shop: RazorpayShop) -> None:
    order, part, theirs = opened(shop, "authorized")
    callback = shop.razorpay.webhook("payment.authorized", theirs)
    capture = capturing(shop, order, part)
    answers = together(capture, lambda: shop.send(*callback), capture)
    assert ends(answers) == [(200, None)] * 3
    assert [part["captured_amount"] for part in shop.read(order)["payments"]] == [HUNDRED]
    assert shop.razorpay.payments[theirs]["captured"]
    assert shop.steps(order).count("payment.captured") == 1


def test_two_refund_jobs_at_once_give_back_once(shop: RazorpayShop) -> None:
    order = of_hundred(shop)
    theirs = shop.pay(order, "100.00")["provider_payment_id"]
    done(shop.customer.post(url(order, "cancel")))
    in_turn(shop, order, shop.send_refunds, shop.send_refunds)
    assert refunded_there(shop, theirs) == HUNDRED
    assert len(shop.razorpay.asked("POST", f"{theirs}/refund")) == 1
    assert shop.steps(order).count("refund.processed") == 1
    assert shop.read(order)["payment_state"] == "refunded"
    attempts = factories.rows(shop.app, "SELECT attempts FROM refunds WHERE order_id = :id", id=order["order_id"])
    assert [row.attempts for row in attempts] == [1]


def test_a_refund_job_and_the_callback_about_its_refund_book_it_once(shop: RazorpayShop) -> None:
    order = of_hundred(shop)
    theirs = shop.pay(order, "100.00")["provider_payment_id"]
    done(shop.staff.post(url(order, "refunds"), {"amount": "30.00"}), 201)
    answered, told = threading.Event(), threading.Event()

    def refund_slowly(seen: Any) -> Any:
        """The provider's answer is held back until its callback has been taken in."""
        answer = shop.razorpay.answer(seen)
        answered.set()
        assert told.wait(20)
        return answer

    shop.razorpay.fail(refund_slowly, only="POST")
    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(shop.send_refunds)
        assert answered.wait(20)
        refund_id = next(key for key, refund in shop.razorpay.refunds.items() if refund["payment_id"] == theirs)
        outcome = shop.tell("refund.processed", refund_id).get_json()["outcome"]
        told.set()
        job.result()
    assert outcome == "applied"
    assert refunded_there(shop, theirs) == total_of(shop.refunds(order)) == Decimal(30)
    assert shop.read(order)["payments"][0]["refunded_amount"] == Decimal(30)
    assert shop.steps(order).count("refund.processed") == 1


@pytest.mark.parametrize("first", ["cancel", "ship"])
def test_an_order_is_cancelled_or_shipped_but_never_both(shop: RazorpayShop, first: str) -> None:
    order = paid(shop)
    requests = [cancelling(shop, order), lambda: shop.staff.patch(url(order), {"status": "shipped"})]
    answers = in_turn(shop, order, *(requests if first == "cancel" else reversed(requests)))
    refusal = "invalid_transition" if first == "cancel" else "not_cancellable"
    assert ends(answers) == [(200, None), (409, refusal)]
    after = shop.read(order)
    assert after["status"] == ("cancelled" if first == "cancel" else "shipped")
    assert total_of(shop.refunds(order)) == (HUNDRED if first == "cancel" else 0)
    assert (after["invoice_number"] is None) == (first == "cancel")


def test_twenty_requests_with_one_key_make_one_payment_that_is_opened(shop: RazorpayShop) -> None:
    order, key = of_hundred(shop), {"Idempotency-Key": new_id()}
    body = {"mode": "card", "amount": "100.00"}
    post = lambda: shop.customer.post(url(order, "payments"), body, headers=key)  # noqa: E731
    answers = together(*[post] * 20)
    created = [exact(answer) for answer in answers if answer.status_code == 201]
    others = [answer for answer in answers if answer.status_code != 201]
    assert created
    assert set(ends(others)) <= {(409, "idempotency_in_progress")}
    assert all(answer.headers["Retry-After"] for answer in others)
    (part,) = shop.read(order)["payments"]
    assert {answer["payment_id"] for answer in created} == {part["payment_id"]}
    pages = [answer["checkout"]["order_id"] for answer in created if answer["checkout"]]
    assert set(pages) == {part["provider_order_id"]}
    again = post()
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")


def test_of_two_payments_of_all_that_is_due_one_is_taken(shop: RazorpayShop) -> None:
    order = of_hundred(shop)
    post = lambda: shop.customer.post(url(order, "payments"), {"mode": "cash"})  # noqa: E731
    assert ends(in_turn(shop, order, post, post)) == [(201, None), (409, "nothing_due")]
    assert [part["amount"] for part in shop.read(order)["payments"]] == [HUNDRED]


def requested(shop: RazorpayShop, resolution: str = "refund") -> tuple[Any, str]:
    """A delivered, paid order with an accepted return of one of its four units, worth 25.00."""
    order = shop.move(paid(shop), "delivered")
    body = {"items": [{"line_no": 1, "quantity": 1}], "reason": "damaged", "resolution": resolution}
    made = done(shop.customer.post(url(order, "returns"), body), 201)
    done(shop.staff.post(url(order, "returns", made["return_id"], "accept")))
    return order, made["return_id"]


def test_a_return_that_is_received_twice_at_once_is_paid_back_once(shop: RazorpayShop) -> None:
    order, return_id = requested(shop)
    receive = lambda: shop.staff.post(url(order, "returns", return_id, "receive"))  # noqa: E731
    assert ends(in_turn(shop, order, receive, receive)) == [(200, None), (200, None)]
    after = shop.read(order)
    assert after["items"][0]["returned_quantity"] == after["items"][0]["refunded_quantity"] == 1
    assert total_of(shop.refunds(order)) == Decimal(25)
    assert shop.events(order).count("oms.return.received.v1") == 1
    assert shop.events(order).count("oms.refund.created.v1") == 1


def test_an_exchange_that_is_received_twice_at_once_sends_the_goods_once(shop: RazorpayShop) -> None:
    order, return_id = requested(shop, "exchange")
    receive = lambda: shop.staff.post(url(order, "returns", return_id, "receive"))  # noqa: E731
    assert ends(in_turn(shop, order, receive, receive)) == [(200, None), (200, None)]
    sent = factories.rows(shop.app, "SELECT order_id FROM orders WHERE exchange_of = :id", id=order["order_id"])
    assert [row.order_id for row in sent] == [shop.read(order)["returns"][0]["replacement_order_id"]]
    assert shop.refunds(order) == []


@pytest.mark.parametrize("first", ["receive", "withdraw"])
def test_a_return_is_received_or_withdrawn_but_never_both(shop: RazorpayShop, first: str) -> None:
    order, return_id = requested(shop)
    requests = [
        lambda: shop.staff.post(url(order, "returns", return_id, "receive")),
        lambda: shop.customer.post(url(order, "returns", return_id, "cancel")),
    ]
    answers = in_turn(shop, order, *(requests if first == "receive" else reversed(requests)))
    assert ends(answers) == [(200, None), (409, "invalid_return_step")]
    assert total_of(shop.refunds(order)) == (25 if first == "receive" else 0)


def test_a_refund_of_items_and_the_return_of_the_same_items_are_paid_back_once(shop: RazorpayShop) -> None:
    order, return_id = requested(shop)
    wanted = {"items": [{"line_no": 1, "quantity": 1}]}
    receive = lambda: shop.staff.post(url(order, "returns", return_id, "receive"))  # noqa: E731
    refund = lambda: shop.staff.post(url(order, "refunds"), wanted)  # noqa: E731
    assert ends(in_turn(shop, order, refund, receive)) == [(201, None), (200, None)]
    assert total_of(shop.refunds(order)) == Decimal(25)
    assert shop.read(order)["items"][0]["refunded_quantity"] == 1


def test_pieces_cancelled_by_many_at_once_are_given_back_to_the_cent(shop: RazorpayShop) -> None:
    order = shop.place(line("TEA", "1.250", "3.33"), line("TEA", "1.250", "7.77"), delivery_charge="0.05")
    total = order["total_amount"]
    theirs = shop.pay(order, total)["provider_payment_id"]
    pieces = [(1, "0.5"), (2, "0.5"), (1, "0.5"), (2, "0.5"), (1, "0.250"), (2, "0.250")]
    cancels = [
        lambda number=number, quantity=quantity: shop.staff.put(
            url(order, "cancel"), {"items": [{"line_no": number, "quantity": quantity}]}
        )
        for number, quantity in pieces
    ]
    assert ends(together(*cancels)) == [(200, None)] * len(pieces)
    shop.send_refunds()
    after = shop.read(order)
    assert (after["status"], after["payment_state"], after["amount_due"]) == ("cancelled", "refunded", 0)
    assert total_of(shop.refunds(order)) == refunded_there(shop, theirs) == total


def test_orders_that_are_shipped_at_once_get_numbers_without_a_gap(shop: RazorpayShop) -> None:
    orders = [of_hundred(shop) for _ in range(20)]
    before = numbers(shop)
    ships = [lambda order=order: shop.staff.patch(url(order), {"status": "shipped"}) for order in orders]
    answers = together(*ships)
    assert ends(answers) == [(200, None)] * 20
    fresh = sorted(set(numbers(shop)) - set(before))
    start = max(before, default=0) + 1
    assert fresh == list(range(start, start + 20))
    assert len({exact(answer)["invoice_number"] for answer in answers}) == 20


def numbers(shop: RazorpayShop) -> list[int]:
    """The numbers given out in the series of invoices so far; other tests have series of their own."""
    statement = "SELECT number FROM invoices WHERE series = :series"
    return [row.number for row in factories.rows(shop.app, statement, series=f"INV-{datetime.now(UTC).year}")]


def test_an_order_that_is_shipped_twice_at_once_takes_one_number(shop: RazorpayShop) -> None:
    order, other = of_hundred(shop), of_hundred(shop)
    before = max(numbers(shop), default=0)
    seen = {"If-Match": f'"{order["version"]}"'}
    ship = lambda: shop.staff.patch(url(order), {"status": "shipped"}, headers=seen)  # noqa: E731
    assert sorted(answer.status_code for answer in in_turn(shop, order, ship, ship)) == [200, 412]
    shop.move(other, "shipped")
    assert [number for number in sorted(numbers(shop)) if number > before] == [before + 1, before + 2]


def test_a_stranger_never_gets_in_between(shop: RazorpayShop) -> None:
    order, stranger = paid(shop), person(shop.app, "customer")
    answers = together(cancelling(shop, order), lambda: stranger.post(url(order, "cancel")))
    assert ends(answers) == [(200, None), (404, "order_not_found")]
