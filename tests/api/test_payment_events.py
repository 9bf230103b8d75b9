"""POST /payment-events/{provider}: what providers say, in every order and as often as they like, and who only claims
it."""

import json
import time
from typing import Any

import pytest

from oms.ids import new_id
from tests import factories, paying
from tests.api.test_payments import at_once
from tests.callers import Caller, exact
from tests.factories import url
from tests.paying import Shop, refused
from tests.providers import stripe_server
from tests.providers.provider_server import RESET_AFTERWARDS

installation = pytest.fixture(scope="module")(paying.installation)
shop = pytest.fixture(paying.shop)


def opened(shop: Shop, provider: str = "razorpay", **body: Any) -> tuple[Any, Any]:
    """An order and its part at the provider."""
    shop.use(provider)
    order = shop.order()
    return order, shop.part(order, **body)


def taken_in(shop: Shop, event_id: str) -> Any:
    (row,) = factories.rows(shop.app, "SELECT * FROM payment_events WHERE event_id = :id", id=event_id)
    return row


class TestCapture:
    @pytest.mark.parametrize("provider", ["razorpay", "stripe"])
    def test_it_confirms_the_order(self, shop: Shop, provider: str) -> None:
        order, part = opened(shop, provider)
        attempt = shop.server(provider).pay(part["provider_order_id"])
        assert shop.told(provider, paying.CAPTURED[provider], attempt) == "applied"
        paid = shop.now(order)
        assert (paid["status"], paid["payment_state"], paid["amount_due"]) == ("confirmed", "paid", 0)
        (payment,) = paid["payments"]
        assert (payment["captured_amount"], payment["provider_payment_id"]) == (100, attempt)
        assert shop.steps(order)[2:] == ["payment.captured", "confirmed"]
        assert shop.kinds(order)[2:] == ["payment.captured", "order.status_changed"]
        entry = factories.journey(shop.staff, order)[-1]
        assert (entry["actor"], entry["actor_type"]) == ("payment provider", "system")

    def test_that_of_the_last_of_several_parts_confirms_it(self, shop: Shop) -> None:
        order, first = opened(shop, amount=60)
        last = shop.part(order)
        for part, state in ((last, "partially_paid"), (first, "paid")):
            assert shop.now(order)["status"] == "pending"
            shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
            assert shop.now(order)["payment_state"] == state
        assert shop.now(order)["status"] == "confirmed"

    def test_it_may_follow_the_authorization(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt = shop.razorpay.pay(part["provider_order_id"], "authorized")
        assert shop.told("razorpay", "payment.authorized", attempt) == "applied"
        authorized = shop.now(order)
        assert [authorized["status"], authorized["payments"][0]["status"]] == ["pending", "authorized"]
        shop.razorpay.captured_by_provider(attempt)
        assert shop.told("razorpay", "payment.captured", attempt) == "applied"
        assert shop.now(order)["payment_state"] == "paid"
        assert shop.steps(order)[2:] == ["payment.authorized", "payment.captured", "confirmed"]
        assert shop.kinds(order)[2:4] == ["payment.authorized", "payment.captured"]

    def test_it_may_come_before_the_authorization(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt = shop.razorpay.pay(part["provider_order_id"], "authorized")
        late = shop.razorpay.webhook("payment.authorized", attempt)
        shop.razorpay.captured_by_provider(attempt)
        shop.told("razorpay", "payment.captured", attempt)
        answer = shop.anonymous.post("/payment-events/razorpay", late[1], headers=late[0])
        assert exact(answer) == {"outcome": "nothing_new"}
        assert shop.now(order)["payments"][0]["status"] == "captured"

    def test_of_less_leaves_the_rest_due(self, shop: Shop) -> None:
        order, part = opened(shop)
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"], amount=6000))
        less = shop.now(order)
        assert (less["status"], less["payment_state"], less["amount_due"]) == ("pending", "partially_paid", 40)
        assert shop.part(order)["amount"] == 40

    def test_of_more_is_recorded_and_the_rest_goes_back(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt = shop.razorpay.pay(part["provider_order_id"], amount=12000)
        shop.told("razorpay", "payment.captured", attempt)
        more = shop.now(order)
        assert (more["status"], more["payments"][0]["captured_amount"]) == ("confirmed", 120)
        (refund,) = more["payments"][0]["refunds"]
        assert (refund["amount"], refund["cause"], refund["status"]) == (20, "capture", "created")
        assert shop.steps(order)[2:] == ["payment.captured", "confirmed", "refund.created"]
        assert shop.send_refunds() == 1
        assert shop.razorpay.payments[attempt]["amount_refunded"] == 2000
        settled = shop.now(order)
        assert (settled["payments"][0]["refunded_amount"], settled["amount_due"]) == (20, 0)

    def test_in_another_currency_is_not_matched(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt = shop.razorpay.pay(part["provider_order_id"])
        shop.razorpay.payments[attempt]["currency"] = "EUR"
        assert shop.told("razorpay", "payment.captured", attempt) == "unmatched"
        assert shop.now(order)["payment_state"] == "unpaid"

    @pytest.mark.parametrize("end", ["fail", "void"])
    def test_for_a_part_that_came_to_nothing_is_recorded(self, shop: Shop, end: str) -> None:
        order, part = opened(shop)
        shop.customer.post(url(order, "payments", part["payment_id"], end))
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        paid = shop.now(order)
        assert (paid["payments"][0]["status"], paid["status"]) == ("captured", "confirmed")

    def test_for_a_part_that_was_replaced_goes_back(self, shop: Shop) -> None:
        order, part = opened(shop)
        shop.customer.post(url(order, "payments", part["payment_id"], "void"))
        shop.capture(order, shop.part(order, "cash"))
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        both = shop.now(order)
        assert [payment["captured_amount"] for payment in both["payments"]] == [100, 100]
        assert sum(share.amount for share in shop.shares(order)) == 100
        assert both["amount_due"] == 0

    def test_money_that_should_not_have_come_goes_back_where_it_came_from(self, shop: Shop) -> None:
        """Voided here, paid in cash, and then paid at the provider all the same."""
        order, part = opened(shop)
        shop.staff.post(url(order, "payments", part["payment_id"], "void"))
        shop.capture(order, shop.part(order, "cash"))
        attempt = shop.razorpay.pay(part["provider_order_id"])
        assert shop.told("razorpay", "payment.captured", attempt) == "applied"
        (share,) = shop.shares(order)
        assert (share.payment_id, share.amount) == (part["payment_id"], 100)
        shop.send_refunds()
        assert shop.razorpay.payments[attempt]["amount_refunded"] == 10000

    def test_what_came_and_went_at_the_provider_is_not_here(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt = shop.razorpay.pay(part["provider_order_id"])
        shop.razorpay.refund_by_hand(attempt, 10000)
        assert shop.told("razorpay", "payment.captured", attempt) == "nothing_new"
        assert shop.now(order)["status"] == "pending"

    def test_after_a_cancel_goes_back_and_the_order_stays_cancelled(self, shop: Shop) -> None:
        order, part = opened(shop)
        shop.customer.post(url(order, "cancel"))
        attempt = shop.razorpay.pay(part["provider_order_id"])
        assert shop.told("razorpay", "payment.captured", attempt) == "applied"
        late = shop.now(order)
        assert (late["status"], late["payments"][0]["status"]) == ("cancelled", "captured")
        assert shop.steps(order)[-2:] == ["payment.captured", "refund.created"]
        assert shop.kinds(order)[-3:] == ["payment.captured", "refund.created", "refund_voucher.issued"]
        shop.send_refunds()
        gone = shop.now(order)
        assert (gone["status"], gone["payment_state"]) == ("cancelled", "refunded")
        assert shop.razorpay.payments[attempt]["amount_refunded"] == 10000

    def test_and_a_cancel_at_once_end_in_a_cancelled_order_without_money(self, shop: Shop) -> None:
        order, part = opened(shop)
        headers, body = shop.razorpay.webhook("payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        answers = at_once(
            lambda: Caller(shop.app, {}, "").post("/payment-events/razorpay", body, headers=headers),
            lambda: shop.customer.post(url(order, "cancel")),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        gone = shop.now(order)
        assert (gone["status"], [refund["amount"] for refund in gone["payments"][0]["refunds"]]) == ("cancelled", [100])

    def test_a_second_one_of_a_part_is_money_too_and_goes_back(self, shop: Shop) -> None:
        order, part = opened(shop)
        first, second = (shop.razorpay.pay(part["provider_order_id"]) for _ in range(2))
        for attempt in (first, second):
            assert shop.told("razorpay", "payment.captured", attempt) == "applied"
        paid = shop.now(order)
        assert [(one["provider_payment_id"], one["captured_amount"]) for one in paid["payments"]] == [
            (first, 100),
            (second, 100),
        ]
        assert sum(share.amount for share in shop.shares(order)) == 100
        assert paid["amount_due"] == 0
        assert shop.told("razorpay", "payment.captured", second) == "nothing_new"
        shop.send_refunds()
        given = [shop.razorpay.payments[attempt]["amount_refunded"] for attempt in (first, second)]
        assert sum(given) == 10000


class TestFailure:
    def test_the_payer_may_try_again(self, shop: Shop) -> None:
        order, part = opened(shop)
        failed = shop.razorpay.pay(part["provider_order_id"], "failed")
        assert shop.told("razorpay", "payment.failed", failed) == "applied"
        (payment,) = shop.now(order)["payments"]
        assert payment["status"] == "pending"
        assert payment["error"] == "Payment was unsuccessful due to a temporary issue."
        assert shop.steps(order)[-1] == shop.kinds(order)[-1] == "payment.attempt_failed"
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        (payment,) = shop.now(order)["payments"]
        assert (payment["status"], payment["error"]) == ("captured", None)

    def test_the_same_reason_again_is_nothing_new(self, shop: Shop) -> None:
        order, part = opened(shop)
        tries = [shop.razorpay.pay(part["provider_order_id"], "failed") for _ in range(2)]
        outcomes = [shop.told("razorpay", "payment.failed", attempt) for attempt in tries]
        assert outcomes == ["applied", "nothing_new"]
        assert shop.steps(order).count("payment.attempt_failed") == 1

    def test_after_the_capture_it_is_nothing_new(self, shop: Shop) -> None:
        order, part = opened(shop)
        failed = shop.razorpay.pay(part["provider_order_id"], "failed")
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        paid = shop.now(order)
        assert shop.told("razorpay", "payment.failed", failed) == "nothing_new"
        assert shop.now(order) == paid

    def test_stripe_says_why(self, shop: Shop) -> None:
        order, part = opened(shop, "stripe")
        shop.stripe.pay(part["provider_order_id"], "failed")
        assert shop.told("stripe", "payment_intent.payment_failed", part["provider_order_id"]) == "applied"
        assert shop.now(order)["payments"][0]["error"] == stripe_server.DECLINED


class TestRepetition:
    def test_an_event_that_is_known_is_repeated(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt, event_id = shop.razorpay.pay(part["provider_order_id"]), new_id()
        outcomes = [shop.told("razorpay", "payment.captured", attempt, event_id=event_id) for _ in range(3)]
        assert outcomes == ["applied", "repeated", "repeated"]
        assert shop.steps(order).count("payment.captured") == 1
        row = taken_in(shop, event_id)
        assert (row.provider, row.kind, row.outcome) == ("razorpay", "payment", "applied")
        assert (row.order_id, row.subject) == (order["order_id"], attempt)

    def test_the_same_body_under_another_id_changes_nothing(self, shop: Shop) -> None:
        """Razorpay does not sign the id of an event, so anybody who has seen a callback can send it as a new one."""
        order, part = opened(shop)
        headers, body = shop.razorpay.webhook("payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        outcomes = []
        for event_id in (new_id(), new_id()):
            headers["x-razorpay-event-id"] = event_id
            outcomes.append(exact(shop.anonymous.post("/payment-events/razorpay", body, headers=headers))["outcome"])
        assert outcomes == ["applied", "nothing_new"]
        assert shop.now(order)["payments"][0]["captured_amount"] == 100
        assert len(shop.now(order)["payments"]) == 1

    def test_one_that_comes_twice_at_once_is_taken_in_once(self, shop: Shop) -> None:
        order, part = opened(shop)
        headers, body = shop.razorpay.webhook("payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        answers = at_once(lambda: Caller(shop.app, {}, "").post("/payment-events/razorpay", body, headers=headers))
        assert sorted(exact(answer)["outcome"] for answer in answers) == ["applied", "repeated"]
        assert shop.steps(order).count("payment.captured") == 1

    def test_the_same_id_from_two_providers_is_two_events(self, shop: Shop) -> None:
        event_id = f"evt{new_id()}"
        for provider in ("razorpay", "stripe"):
            _, part = opened(shop, provider)
            attempt = shop.server(provider).pay(part["provider_order_id"])
            assert shop.told(provider, paying.CAPTURED[provider], attempt, event_id=event_id) == "applied"


class TestWhatIsKnown:
    def unanswered(self, shop: Shop) -> tuple[Any, str]:
        """An order whose part the provider has opened without our hearing of it, and the provider's id."""
        shop.razorpay.fail(RESET_AFTERWARDS, only="POST")
        order = shop.order()
        assert shop.part(order)["provider_order_id"] is None
        return order, list(shop.razorpay.orders)[-1]

    def test_a_callback_may_overtake_our_note_of_the_providers_id(self, shop: Shop) -> None:
        order, there = self.unanswered(shop)
        assert shop.told("razorpay", "payment.captured", shop.razorpay.pay(there)) == "applied"
        assert shop.now(order)["payment_state"] == "paid"

    def test_without_our_reference_in_the_payment_that_in_its_order_serves(self, shop: Shop) -> None:
        order, there = self.unanswered(shop)
        shop.razorpay.copies_notes = False
        attempt = shop.razorpay.pay(there)
        assert shop.told("razorpay", "payment.captured", attempt) == "unmatched"
        assert shop.told("razorpay", "order.paid", attempt) == "applied"
        assert shop.now(order)["payment_state"] == "paid"

    def test_a_payment_that_nobody_knows_is_taken_in_unmatched(self, shop: Shop) -> None:
        order, there = self.unanswered(shop)
        shop.razorpay.orders[there]["notes"] = {"order_id": new_id(), "payment_id": new_id()}
        event_id = new_id()
        attempt = shop.razorpay.pay(there)
        assert shop.told("razorpay", "payment.captured", attempt, event_id=event_id) == "unmatched"
        row = taken_in(shop, event_id)
        assert (row.outcome, row.order_id, row.subject) == ("unmatched", None, attempt)
        assert shop.now(order)["payment_state"] == "unpaid"

    def test_a_reference_does_not_touch_a_part_that_was_opened_under_another_id(self, shop: Shop) -> None:
        """Notes pass through the customer's checkout page: he could write another, dearer order into them. What he
        pays for it is money all the same, and gets a part of its own; what is too much of it goes back to him."""
        dear, part = opened(shop)
        (there,) = [part["provider_order_id"] for part in shop.now(dear)["payments"]]
        _, cheap = self.unanswered(shop)
        shop.razorpay.orders[cheap]["notes"] = shop.razorpay.orders[there]["notes"]
        assert shop.told("razorpay", "payment.captured", shop.razorpay.pay(cheap, amount=100)) == "applied"
        theirs, strangers = shop.now(dear)["payments"]
        assert (theirs["payment_id"], theirs["status"], theirs["captured_amount"]) == (part["payment_id"], "pending", 0)
        assert (strangers["provider_order_id"], strangers["captured_amount"]) == (cheap, 1)
        assert shop.now(dear)["payment_state"] == "partially_paid"

    def test_a_refund_that_nobody_knows_is_taken_in_unmatched(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        made = shop.razorpay.refund_by_hand(order["payments"][0]["provider_payment_id"], 500)
        assert shop.told("razorpay", "refund.processed", made) == "unmatched"
        assert shop.now(order) == order

    def test_what_is_about_something_else_is_nothing_new(self, shop: Shop) -> None:
        body = json.dumps({"event": "settlement.processed", "created_at": int(time.time()), "payload": {}}).encode()
        answer = shop.anonymous.post("/payment-events/razorpay", body, headers=shop.razorpay.signed(body))
        assert (answer.status_code, exact(answer)) == (200, {"outcome": "nothing_new"})


class TestWhoClaimsIt:
    @pytest.mark.parametrize("provider", ["razorpay", "stripe"])
    @pytest.mark.parametrize("wrong", ["secret", "body", "no signature", "another's"])
    def test_a_bad_signature_is_refused_and_nothing_is_taken_in(self, shop: Shop, provider: str, wrong: str) -> None:
        order, part = opened(shop, provider)
        attempt, event_id = shop.server(provider).pay(part["provider_order_id"]), f"evt{new_id()}"
        event = paying.CAPTURED[provider]
        secret = {"secret": "guessed"} if wrong == "secret" else {}
        headers, body = shop.server(provider).webhook(event, attempt, event_id=event_id, **secret)
        if wrong == "body":
            body = body.replace(b"10000", b"10001")
        if wrong == "no signature":
            headers = {"x-razorpay-event-id": event_id}
        name = provider if wrong != "another's" else {"razorpay": "stripe", "stripe": "razorpay"}[provider]
        answer = shop.anonymous.post(f"/payment-events/{name}", body, headers=headers)
        assert refused(answer) == (400, "bad_signature")
        assert shop.now(order)["payment_state"] == "unpaid"
        assert shop.told(provider, event, attempt, event_id=event_id) == "applied"

    def test_one_that_is_too_old_is_refused(self, shop: Shop) -> None:
        order, part = opened(shop)
        attempt = shop.razorpay.pay(part["provider_order_id"])
        for moment in (time.time() - 25 * 3600, time.time() + 900):
            answer = shop.callback("razorpay", "payment.captured", attempt, created_at=int(moment))
            assert refused(answer) == (400, "bad_signature")
        assert shop.now(order)["payment_state"] == "unpaid"

    def test_the_former_secret_still_counts(self, shop: Shop) -> None:
        _, part = opened(shop, "stripe")
        intent = shop.stripe.pay(part["provider_order_id"])
        former = stripe_server.FORMER_WEBHOOK_SECRET
        assert shop.told("stripe", "payment_intent.succeeded", intent, secret=former) == "applied"

    @pytest.mark.parametrize("body", [b"[]", b'{"event":', b'{"event": 1}'])
    def test_what_is_signed_and_can_not_be_read_is_for_us_to_see_to(self, shop: Shop, body: bytes) -> None:
        """A provider that is refused for a day stops calling."""
        answer = shop.anonymous.post("/payment-events/razorpay", body, headers=shop.razorpay.signed(body))
        assert (answer.status_code, exact(answer)) == (200, {"outcome": "unreadable"})

    def test_nobody_calls_for_payments_by_hand(self, shop: Shop) -> None:
        assert refused(shop.anonymous.post("/payment-events/manual", {})) == (400, "bad_signature")

    def test_a_provider_that_is_not_configured_is_not_found(self, shop: Shop) -> None:
        assert refused(shop.anonymous.post("/payment-events/paypal", {})) == (404, "unknown_provider")
