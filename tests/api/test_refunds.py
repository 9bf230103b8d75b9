"""POST and GET /orders/{order_id}/refunds, and .../{refund_id}/retry: from the request to the money."""

from decimal import Decimal
from typing import Any

import pytest

from oms.orders import refunds
from tests import factories, paying
from tests.api.test_payments import at_once
from tests.callers import Caller, api_key_caller, exact
from tests.factories import line, url
from tests.paying import Shop, refused
from tests.providers.provider_server import RESET_AFTERWARDS

installation = pytest.fixture(scope="module")(paying.installation)
shop = pytest.fixture(paying.shop)
NO_SUCH = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
PROVIDERS = pytest.mark.parametrize("provider", ["razorpay", "stripe"])


def ask(caller: Caller, order: Any, body: Any, **options: Any) -> Any:
    return caller.post(url(order, "refunds"), body, **options)


def retry(shop: Shop, order: Any, refund: Any, body: Any = None, **options: Any) -> Any:
    return shop.staff.post(url(order, "refunds", refund["refund_id"], "retry"), body, **options)


def refund_now(shop: Shop, order: Any) -> Any:
    """The order's only refund as its route tells it, after a look at the order everywhere."""
    shop.now(order)
    (found,) = exact(shop.staff.get(url(order, "refunds")))["refunds"]
    return found


class TestAnAmount:
    def test_it_is_promised_at_once_and_given_back_by_the_worker(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        payment_id = order["payments"][0]["payment_id"]
        made = shop.refund(order, amount="30.50", reason="damaged", remarks="a dent")
        assert (made["amount"], made["status"], made["cause"]) == (Decimal("30.50"), "created", "amount")
        assert (made["reason"], made["remarks"], made["items"]) == ("damaged", "a dent", None)
        assert [(share["payment_id"], share["amount"], share["status"]) for share in made["payments"]] == [
            (payment_id, Decimal("30.50"), "created")
        ]
        assert (made["payment_state"], made["amount_due"], made["order_status"]) == ("paid", 0, "confirmed")
        promised = shop.now(order)["payments"][0]
        assert (promised["refunded_amount"], promised["refundable_amount"]) == (0, Decimal("69.50"))
        assert shop.send_refunds() == 1
        given = shop.now(order)
        assert given["payment_state"] == "partially_refunded"
        assert given["payments"][0]["refunded_amount"] == Decimal("30.50")
        assert given["payments"][0]["refunds"][0]["status"] == "processed"
        assert shop.steps(order)[-2:] == ["refund.created", "refund.processed"]
        assert shop.kinds(order)[-3:] == ["refund.created", "refund_voucher.issued", "refund.processed"]
        entry = factories.journey(shop.staff, order)[-2]
        assert (entry["reason"], entry["remarks"]) == ("damaged", "a dent")
        assert entry["details"] == {"refund_id": made["refund_id"], "amount": "30.50"}

    def test_refunds_repeat_until_nothing_is_left(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        for amount in (60, "39.99"):
            shop.refund(order, amount=amount)
        more = ask(shop.staff, order, {"amount": "0.02"})
        assert refused(more) == (422, "refund_exceeds_refundable")
        assert (exact(more)["refundable"], exact(more)["errors"][0]["pointer"]) == ("0.01", "/amount")
        shop.refund(order, amount="0.01")
        assert shop.send_refunds() == 3
        assert shop.now(order)["payment_state"] == "refunded"
        assert refused(ask(shop.staff, order, {"amount": "0.01"})) == (422, "refund_exceeds_refundable")

    def test_nothing_goes_back_of_what_was_never_received(self, shop: Shop) -> None:
        order = shop.order()
        shop.part(order, "cash")
        answer = ask(shop.staff, order, {"amount": 1})
        assert (refused(answer), exact(answer)["refundable"]) == ((422, "refund_exceeds_refundable"), "0.00")

    def test_two_of_sixty_at_once_on_a_hundred_are_one(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        answers = at_once(*(lambda caller=caller: ask(caller, order, {"amount": 60}) for caller in two(shop)))
        assert sorted(answer.status_code for answer in answers) == [201, 422]
        (no,) = [answer for answer in answers if answer.status_code == 422]
        assert (refused(no)[1], exact(no)["refundable"]) == ("refund_exceeds_refundable", "40.00")
        assert [share.amount for share in shop.shares(order)] == [60]

    def test_it_is_spread_over_the_parts_to_the_cent(self, shop: Shop) -> None:
        order = shop.paid_by_hand("33.33", "33.33", "33.34")
        made = shop.refund(order, amount=10)
        amounts = [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]
        assert [share["amount"] for share in made["payments"]] == amounts
        assert shop.send_refunds() == 3
        paid = shop.now(order)
        assert [part["refunded_amount"] for part in paid["payments"]] == amounts
        whole = refund_now(shop, order)
        assert (whole["status"], whole["amount"]) == ("processed", 10)
        assert shop.steps(order).count("refund.processed") == 3

    def test_it_is_in_proportion_to_what_each_part_still_holds(self, shop: Shop) -> None:
        order = shop.paid_by_hand("80", "20")
        shop.refund(order, amount=50)
        assert [share["amount"] for share in shop.refund(order, amount="0.03")["payments"]] == [
            Decimal("0.02"),
            Decimal("0.01"),
        ]
        assert [share["amount"] for share in shop.refund(order, amount="0.01")["payments"]] == [Decimal("0.01")]
        shop.refund(order, amount="49.96")
        assert [part["refundable_amount"] for part in shop.now(order)["payments"]] == [0, 0]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"reason": "x"},
            {"amount": 1, "items": [{"line_no": 1, "quantity": 1}]},
            {"amount": 0},
            {"amount": -1},
            {"items": []},
            {"items": [{"line_no": 1}]},
            {"items": [{"line_no": 1, "quantity": 0}]},
            {"items": {}},
            {"amount": 1, "reason": ""},
            {"amount": 1, "remarks": "x" * 1001},
            {"amount": 1, "payment_id": "x"},
            [],
        ],
    )
    def test_a_body_that_is_no_refund_is_refused(self, shop: Shop, body: Any) -> None:
        assert refused(ask(shop.staff, {"order_id": NO_SUCH}, body)) == (422, "invalid")

    def test_more_decimals_than_the_currency_has_are_refused(self, shop: Shop) -> None:
        answer = ask(shop.staff, shop.paid_by_hand(), {"amount": "1.001"})
        assert (refused(answer), exact(answer)["errors"][0]["pointer"]) == ((422, "too_many_decimals"), "/amount")


def two(shop: Shop) -> list[Caller]:
    return [Caller(shop.app, shop.staff.headers, shop.staff.id) for _ in range(2)]


class TestItems:
    def test_the_price_of_units_goes_back_and_they_count_as_refunded(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        made = shop.refund(order, items=[{"line_no": 1, "quantity": 1}])
        assert (made["amount"], made["cause"], made["items"]) == (50, "items", [{"line_no": 1, "quantity": 1}])
        left = shop.now(order)
        assert (left["items"][0]["refunded_quantity"], left["amount_due"]) == (1, 0)
        assert factories.rows(shop.app, "SELECT 1 FROM refunds WHERE order_id = :id", id=order["order_id"])

    def test_each_unit_goes_back_once(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        shop.refund(order, items=[{"line_no": 1, "quantity": "1.5"}])
        more = ask(shop.staff, order, {"items": [{"line_no": 1, "quantity": "0.501"}]})
        assert refused(more) == (422, "quantity_exceeded")
        assert exact(more)["errors"][0]["pointer"] == "/items/0/quantity"
        assert (exact(more)["line_no"], Decimal(exact(more)["available"])) == (1, Decimal("0.5"))
        assert shop.refund(order, items=[{"line_no": 1, "quantity": "0.5"}])["amount"] == 25
        assert shop.now(order)["items"][0]["refunded_quantity"] == 2

    def test_a_line_named_twice_counts_twice(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        answer = ask(shop.staff, order, {"items": [{"line_no": 1, "quantity": "1.5"}] * 2})
        assert refused(answer) == (422, "quantity_exceeded")
        assert shop.now(order)["items"][0]["refunded_quantity"] == 0

    def test_units_of_thirds_add_up_to_the_line(self, shop: Shop) -> None:
        order = shop.order(line(quantity=3, price="0.33"), line("CAKE", quantity=1, price="0.01"))
        shop.capture(order, shop.part(order, "cash"))
        amounts = [shop.refund(order, items=[{"line_no": 1, "quantity": "0.5"}])["amount"] for _ in range(6)]
        assert sum(amounts) == Decimal("0.99")
        assert shop.now(order)["payments"][0]["refundable_amount"] == Decimal("0.01")

    def test_more_than_was_received_is_refused(self, shop: Shop) -> None:
        order = shop.order()
        shop.capture(order, shop.part(order, "cash", amount=40))
        answer = ask(shop.staff, order, {"items": [{"line_no": 1, "quantity": 1}]})
        assert refused(answer) == (422, "refund_exceeds_refundable")
        assert (exact(answer)["refundable"], exact(answer)["errors"][0]["pointer"]) == ("40.00", "/items")
        assert shop.now(order)["items"][0]["refunded_quantity"] == 0

    def test_a_line_that_is_not_there_is_not_found(self, shop: Shop) -> None:
        answer = ask(shop.staff, shop.paid_by_hand(), {"items": [{"line_no": 2, "quantity": 1}]})
        assert refused(answer) == (404, "item_not_found")

    def test_free_units_have_nothing_to_give_back(self, shop: Shop) -> None:
        order = shop.order(line(quantity=1, price="5.00"), line("GIFT", quantity=1, price=0))
        shop.capture(order, shop.part(order, "cash"))
        answer = ask(shop.staff, order, {"items": [{"line_no": 2, "quantity": 1}]})
        assert refused(answer) == (422, "nothing_to_refund")


class TestACancel:
    def test_it_gives_everything_back_once(self, shop: Shop) -> None:
        order = shop.paid_by_hand("60", "40")
        for _ in range(2):
            assert shop.customer.post(url(order, "cancel"), {"reason": "changed_mind"}).status_code == 200
        refund = refund_now(shop, order)
        assert (refund["cause"], refund["amount"], refund["reason"]) == ("cancel", 100, "changed_mind")
        assert [share.amount for share in shop.shares(order)] == [60, 40]
        assert shop.steps(order)[-2:] == ["cancelled", "refund.created"]
        assert shop.send_refunds() == 0  # cash: a person gives it back, and says so
        assert refund["status"] == "pending"
        given = shop.staff.post(url(order, "refunds", refund["refund_id"], "retry"), {"by_hand": True})
        assert exact(given)["status"] == "processed"
        assert [shop.now(order)[name] for name in ("status", "payment_state")] == ["cancelled", "refunded"]

    def test_of_some_units_it_gives_back_their_price(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        shop.customer.post(url(order, "cancel"), {"items": [{"line_no": 1, "quantity": "0.5"}]})
        refund = refund_now(shop, order)
        assert (refund["amount"], refund["items"]) == (25, [{"line_no": 1, "quantity": Decimal("0.5")}])
        assert shop.now(order)["status"] == "confirmed"

    def test_after_an_amount_was_given_back_it_gives_the_rest(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        shop.refund(order, amount=30)
        shop.staff.post(url(order, "cancel"))
        assert [share.amount for share in shop.shares(order)] == [30, 70]
        shop.send_refunds()
        assert shop.now(order)["payment_state"] == "refunded"


class TestAtTheProvider:
    @PROVIDERS
    def test_the_money_goes_back_the_way_it_came(self, shop: Shop, provider: str) -> None:
        order = shop.paid_at(provider)
        shop.refund(order, amount=30)
        assert shop.send_refunds() == 1
        (there,) = self.refunds_of(shop, provider, order)
        assert there["amount"] == 3000
        share = refund_now(shop, order)["payments"][0]
        assert (share["status"], share["provider_refund_id"], share["error"]) == ("processed", there["id"], None)

    @PROVIDERS
    def test_a_lost_answer_is_asked_for_with_the_same_key_and_pays_once(self, shop: Shop, provider: str) -> None:
        order = shop.paid_at(provider)
        shop.refund(order, amount=30)
        shop.server(provider).fail(*[RESET_AFTERWARDS] * 3, only="POST")
        shop.send_refunds()
        assert refund_now(shop, order)["status"] == "created"
        (waiting,) = shop.shares(order)
        assert (waiting.attempts, waiting.key_no) == (1, 0)
        shop.server(provider).forget_keys()
        shop.make_due(order)
        shop.send_refunds()
        assert refund_now(shop, order)["status"] == "processed"
        assert [there["amount"] for there in self.refunds_of(shop, provider, order)] == [3000]

    @PROVIDERS
    def test_a_refusal_is_shown_and_a_retry_has_a_key_of_its_own(self, shop: Shop, provider: str) -> None:
        order = shop.paid_at(provider)
        made = shop.refund(order, amount=30)
        shop.server(provider).refuse_refunds = "Your account has not enough balance."
        shop.send_refunds()
        failed = refund_now(shop, order)
        assert (failed["status"], failed["payments"][0]["error"]) == ("failed", "Your account has not enough balance.")
        shown = shop.now(order)["payments"][0]
        assert (shown["refundable_amount"], shown["refunds"][0]["error"]) == (70, failed["payments"][0]["error"])
        assert (shop.steps(order)[-1], shop.kinds(order)[-1]) == ("refund.failed", "refund.failed")
        shop.server(provider).refuse_refunds = None
        again = retry(shop, order, made)
        assert (again.status_code, exact(again)["status"]) == (200, "created")
        assert (shop.steps(order)[-1], shop.kinds(order)[-1]) == ("refund.retried", "refund.retried")
        shop.send_refunds()
        assert refund_now(shop, order)["status"] == "processed"
        assert len(self.refunds_of(shop, provider, order)) == 1
        keys = self.keys(shop, provider)
        assert [key.rpartition("-")[2] for key in dict.fromkeys(keys)] == ["0", "1"]
        assert len({key.rpartition("-")[0] for key in keys}) == 1

    def test_a_long_story_is_shown_whole_and_shortened_in_the_journey(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        shop.refund(order, amount=30)
        shop.razorpay.refuse_refunds = "No. " * 50
        shop.send_refunds()
        error = refund_now(shop, order)["payments"][0]["error"]
        assert error == ("No. " * 50)[:199]
        assert factories.journey(shop.staff, order)[-1]["reason"] == error[:100]

    def test_attempts_that_are_used_up_fail_it_and_the_retry_has_the_same_key(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(refunds, "MAX_ATTEMPTS", 2)
        order = shop.paid_at("razorpay")
        made = shop.refund(order, amount=30)
        for _ in range(2):
            assert refund_now(shop, order)["status"] == "created"
            shop.razorpay.fail(500)
            shop.make_due(order)
            assert shop.send_refunds() == 1
        failed = refund_now(shop, order)
        assert failed["status"] == "failed"
        assert failed["payments"][0]["error"].startswith("no answer after 2 attempts")
        retry(shop, order, made)
        shop.send_refunds()
        assert refund_now(shop, order)["status"] == "processed"
        assert [key.rpartition("-")[2] for key in self.keys(shop, "razorpay")] == ["0"] * 2

    @PROVIDERS
    def test_what_is_pending_there_is_processed_by_the_callback(self, shop: Shop, provider: str) -> None:
        order, there = self.pending(shop, provider)
        shop.server(provider).process_refund(there)
        event = {"razorpay": "refund.processed", "stripe": "refund.updated"}[provider]
        assert shop.told(provider, event, there) == "applied"
        assert refund_now(shop, order)["status"] == "processed"
        assert shop.now(order)["payments"][0]["refunded_amount"] == 30
        assert shop.told(provider, event, there) == "nothing_new"
        assert shop.steps(order)[-2:] == shop.kinds(order)[-2:] == ["refund.pending", "refund.processed"]

    @PROVIDERS
    def test_or_by_asking(self, shop: Shop, provider: str) -> None:
        order, there = self.pending(shop, provider)
        shop.make_due(order)
        assert shop.send_refunds() == 1
        assert refund_now(shop, order)["status"] == "pending"
        shop.server(provider).process_refund(there)
        shop.make_due(order)
        assert shop.send_refunds() == 1
        assert refund_now(shop, order)["status"] == "processed"
        assert len(self.refunds_of(shop, provider, order)) == 1

    @PROVIDERS
    def test_or_fails_there(self, shop: Shop, provider: str) -> None:
        order, there = self.pending(shop, provider)
        shop.server(provider).fail_refund(there)
        assert shop.told(provider, "refund.failed", there) == "applied"
        failed = refund_now(shop, order)
        assert failed["status"] == "failed"
        assert failed["payments"][0]["error"]
        assert shop.now(order)["payments"][0]["refundable_amount"] == 70

    def test_what_was_processed_can_still_fail(self, shop: Shop) -> None:
        order = shop.paid_at("stripe")
        made = shop.refund(order, amount=30)
        shop.send_refunds()
        assert shop.now(order)["payment_state"] == "partially_refunded"
        (there,) = self.refunds_of(shop, "stripe", order)
        shop.stripe.fail_refund(there["id"])
        assert shop.told("stripe", "refund.failed", there["id"]) == "applied"
        failed = shop.now(order)["payments"][0]
        assert (failed["refunded_amount"], failed["refundable_amount"]) == (0, 70)
        assert failed["refunds"][0]["error"] == "expired_or_canceled_card"
        assert shop.now(order)["payment_state"] == "paid"
        assert exact(retry(shop, order, made, {"by_hand": True}))["status"] == "processed"
        assert shop.now(order)["payments"][0]["refunded_amount"] == 30

    def pending(self, shop: Shop, provider: str) -> tuple[Any, str]:
        """An order with a refund that the provider has taken in, and the provider's id of it."""
        order = shop.paid_at(provider)
        shop.refund(order, amount=30)
        shop.server(provider).refund_later = True
        shop.send_refunds()
        refund = refund_now(shop, order)
        assert refund["status"] == "pending"
        assert shop.now(order)["payments"][0]["refunded_amount"] == 0
        return order, refund["payments"][0]["provider_refund_id"]

    def refunds_of(self, shop: Shop, provider: str, order: Any) -> list[Any]:
        paid = order["payments"][0]["provider_payment_id"]
        column = {"razorpay": "payment_id", "stripe": "payment_intent"}[provider]
        return [there for there in shop.server(provider).refunds.values() if there[column] == paid]

    def keys(self, shop: Shop, provider: str) -> list[str]:
        """The keys of every request for a refund, in their order."""
        header = {"razorpay": "x-refund-idempotency", "stripe": "idempotency-key"}[provider]
        sent = shop.server(provider).asked("POST", {"razorpay": "/refund", "stripe": "/refunds"}[provider])
        return [seen.headers[header] for seen in sent]


class TestRetrying:
    def failed(self, shop: Shop, **body: Any) -> tuple[Any, Any]:
        order = shop.paid_at("razorpay")
        made = shop.refund(order, **(body or {"amount": 30}))
        shop.razorpay.refuse_refunds = "No."
        shop.send_refunds()
        shop.razorpay.refuse_refunds = None
        return order, made

    def test_money_that_was_given_back_by_hand_is_recorded(self, shop: Shop) -> None:
        order, made = self.failed(shop)
        answer = retry(shop, order, made, {"by_hand": True})
        assert (answer.status_code, exact(answer)["status"]) == (200, "processed")
        paid = shop.now(order)
        assert (paid["payment_state"], paid["payments"][0]["refunded_amount"]) == ("partially_refunded", 30)
        assert (shop.steps(order)[-1], shop.kinds(order)[-1]) == ("refund.processed", "refund.processed")
        assert shop.send_refunds() == 0
        assert shop.razorpay.refunds == {} or all(
            there["payment_id"] != order["payments"][0]["provider_payment_id"]
            for there in shop.razorpay.refunds.values()
        )

    def test_only_what_failed_is_tried_again(self, shop: Shop) -> None:
        order = shop.order()
        shop.capture(order, shop.part(order, "cash", amount=50))
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(shop.part(order)["provider_order_id"]))
        made = shop.refund(order, amount=10)
        shop.razorpay.refuse_refunds = "No."
        shop.send_refunds()
        halves = refund_now(shop, order)
        assert (halves["status"], [share["status"] for share in halves["payments"]]) == (
            "failed",
            ["processed", "failed"],
        )
        shop.razorpay.refuse_refunds = None
        retry(shop, order, made)
        assert shop.send_refunds() == 1
        assert refund_now(shop, order)["status"] == "processed"
        assert [part["refunded_amount"] for part in shop.now(order)["payments"]] == [5, 5]

    def test_what_has_not_failed_is_not_retried(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        made = shop.refund(order, amount=30)
        assert refused(retry(shop, order, made)) == (409, "refund_not_failed")
        shop.send_refunds()
        for body in (None, {"by_hand": True}):
            assert refused(retry(shop, order, made, body)) == (409, "refund_not_failed")
        assert shop.now(order)["payments"][0]["refunded_amount"] == 30

    def test_a_refund_that_is_not_there_is_not_found(self, shop: Shop) -> None:
        answer = retry(shop, shop.paid_by_hand(), {"refund_id": NO_SUCH})
        assert refused(answer) == (404, "refund_not_found")

    @pytest.mark.parametrize("body", [{"by_hand": 1}, {"by_hand": "yes"}, {"amount": 1}, []])
    def test_a_body_that_is_no_retry_is_refused(self, shop: Shop, body: Any) -> None:
        answer = retry(shop, shop.order(), {"refund_id": NO_SUCH}, body)
        assert refused(answer) == (422, "invalid")

    def test_a_key_is_answered_again_and_another_version_refused(self, shop: Shop) -> None:
        order, made = self.failed(shop)
        stale = retry(shop, order, made, headers={"If-Match": '"1"'})
        assert (refused(stale), stale.headers["ETag"]) == (
            (412, "precondition_failed"),
            f'"{shop.now(order)["version"]}"',
        )
        key = {"Idempotency-Key": made["refund_id"], "If-Match": stale.headers["ETag"]}
        first, again = (retry(shop, order, made, headers=key) for _ in range(2))
        assert (first.data, again.headers["Idempotency-Replayed"]) == (again.data, "true")
        assert shop.steps(order).count("refund.retried") == 1


class TestRequests:
    """What all routes have in common."""

    def test_a_key_is_answered_again_and_gives_back_once(self, shop: Shop) -> None:
        order, key = shop.paid_by_hand(), {"Idempotency-Key": "refund"}
        first, again = (ask(shop.staff, order, {"amount": 60}, headers=key) for _ in range(2))
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert first.data == again.data
        assert refused(ask(shop.staff, order, {"amount": 40}, headers=key)) == (422, "idempotency_key_reused")
        assert [share.amount for share in shop.shares(order)] == [60]

    def test_a_refusal_is_not_kept_under_the_key(self, shop: Shop) -> None:
        order, key = shop.paid_by_hand(), {"Idempotency-Key": "corrected"}
        assert ask(shop.staff, order, {"amount": 101}, headers=key).status_code == 422
        assert ask(shop.staff, order, {"amount": 100}, headers=key).status_code == 201

    def test_another_version_is_refused_with_the_current_tag(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        stale = ask(shop.staff, order, {"amount": 1}, headers={"If-Match": '"1"'})
        assert (refused(stale), stale.headers["ETag"]) == ((412, "precondition_failed"), f'"{order["version"]}"')
        assert shop.shares(order) == []
        fresh = ask(shop.staff, order, {"amount": 1}, headers={"If-Match": stale.headers["ETag"]})
        assert (fresh.status_code, fresh.headers["ETag"]) == (201, f'"{shop.now(order)["version"]}"')

    def test_customers_and_keys_without_the_scope_give_nothing_back(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        paths = [url(order, "refunds"), url(order, "refunds", NO_SUCH, "retry")]
        for path in paths:
            assert refused(shop.customer.post(path, {"amount": 1})) == (403, "role_missing")
            assert refused(shop.other_customer.post(path, {"amount": 1})) == (403, "role_missing")
            assert refused(shop.warehouse.post(path, {"amount": 1})) == (403, "scope_missing")
            assert shop.anonymous.post(path, {"amount": 1}).status_code == 401
        assert shop.shares(order) == []

    def test_a_key_with_the_scope_does(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        assert ask(shop.cashier, order, {"amount": 1}).status_code == 201
        assert factories.journey(shop.staff, order)[-1]["actor_type"] == "api_key"

    def test_an_order_that_is_not_there_is_not_found(self, shop: Shop) -> None:
        absent = {"order_id": NO_SUCH}
        assert refused(ask(shop.staff, absent, {"amount": 1})) == (404, "order_not_found")
        assert refused(retry(shop, absent, {"refund_id": NO_SUCH})) == (404, "order_not_found")

    def test_reading_is_for_the_owner_and_for_keys_that_read(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        made = [shop.refund(order, amount=amount)["refund_id"] for amount in (3, 2, 1)]
        for caller in (shop.customer, shop.staff, shop.warehouse):
            answer = caller.get(url(order, "refunds"))
            assert [refund["refund_id"] for refund in exact(answer)["refunds"]] == made
            assert answer.headers["ETag"] == f'"{shop.now(order)["version"]}"'
        assert refused(shop.other_customer.get(url(order, "refunds"))) == (404, "order_not_found")
        assert refused(api_key_caller(shop.app, "payments").get(url(order, "refunds"))) == (403, "scope_missing")
        assert shop.anonymous.get(url(order, "refunds")).status_code == 401
