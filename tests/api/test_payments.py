"""POST and GET /orders/{order_id}/payments, and .../{payment_id}/capture, /fail, /void."""

import threading
from decimal import Decimal
from typing import Any

import pytest

from tests import factories, paying
from tests.callers import Caller, api_key_caller, exact
from tests.factories import line, url
from tests.paying import Shop, refused
from tests.providers.provider_server import RESET_AFTERWARDS

installation = pytest.fixture(scope="module")(paying.installation)
shop = pytest.fixture(paying.shop)
NO_SUCH = "01HZZZZZZZZZZZZZZZZZZZZZZZ"


def add(caller: Caller, order: Any, mode: str = "card", **options: Any) -> Any:
    headers = options.pop("headers", {})
    return caller.post(url(order, "payments"), {"mode": mode, **options}, headers=headers)


def step(caller: Caller, order: Any, part: Any, name: str, body: Any = None, **options: Any) -> Any:
    return caller.post(url(order, "payments", part["payment_id"], name), body, **options)


class TestAdding:
    def test_the_amount_due_is_the_servers(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        assert (part["amount"], part["status"], part["mode"]) == (100, "pending", "cash")
        assert (part["captured_amount"], part["refundable_amount"]) == (0, 0)
        assert (part["order_status"], part["payment_state"], part["amount_due"]) == ("pending", "unpaid", 100)
        assert shop.now(order)["payments"][0]["payment_id"] == part["payment_id"]
        assert (shop.steps(order), shop.kinds(order)) == (["payment.created"], ["payment.created"])

    def test_a_part_at_a_provider_is_opened_there(self, shop: Shop) -> None:
        order = shop.order()
        answer = add(shop.customer, order)
        part = exact(answer)
        there = shop.razorpay.orders[part["provider_order_id"]]
        assert part["checkout"] == {"key_id": "rzp_test_1DP5mmOlF5G5ag", "order_id": there["id"]}
        assert (there["amount"], there["currency"], there["receipt"]) == (10000, "USD", part["payment_id"])
        assert there["notes"] == {"order_id": order["order_id"], "payment_id": part["payment_id"]}
        assert shop.steps(order) == shop.kinds(order) == ["payment.created", "payment.opened"]
        assert shop.now(order)["payments"][0]["provider_order_id"] == there["id"]

    def test_the_tag_of_the_answer_is_that_of_the_order_it_leaves(self, shop: Shop) -> None:
        order = shop.order()
        tag = add(shop.customer, order).headers["ETag"]
        assert tag == shop.customer.get(url(order)).headers["ETag"] == '"3"'

    def test_parts_add_up_to_what_is_due_and_no_further(self, shop: Shop) -> None:
        order = shop.order()
        shop.part(order, amount=60)
        more = add(shop.customer, order, "wallet", amount="40.01")
        assert refused(more) == (422, "amount_exceeds_due")
        assert (exact(more)["due"], exact(more)["errors"][0]["pointer"]) == ("40.00", "/amount")
        assert shop.part(order, "wallet")["amount"] == 40
        assert refused(add(shop.customer, order)) == (409, "nothing_due")
        assert [part["amount"] for part in shop.now(order)["payments"]] == [60, 40]

    @pytest.mark.parametrize(
        ("mode", "provider"),
        [("cash", "manual"), ("cod", "manual"), ("card", "razorpay"), ("wallet", "razorpay"), ("online", "razorpay")],
    )
    def test_cash_is_nobodys_but_ours_and_the_rest_the_providers(self, shop: Shop, mode: str, provider: str) -> None:
        part = shop.part(shop.order(), mode)
        assert (part["mode"], part["provider"]) == (mode, provider)
        assert (part["checkout"] is None) == (provider == "manual")

    def test_without_a_provider_a_card_is_on_somebody_elses_machine(self, shop: Shop) -> None:
        shop.use("manual")
        order = shop.order()
        part = shop.part(order)
        assert (part["provider"], part["checkout"]) == ("manual", None)
        assert shop.capture(order, part)["order_status"] == "confirmed"

    def test_payment_mode_is_another_name_and_case_does_not_matter(self, shop: Shop) -> None:
        answer = shop.customer.post(url(shop.order(), "payments"), {"payment_mode": "CASH"})
        assert (answer.status_code, exact(answer)["mode"]) == (201, "cash")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"mode": "gold"},
            {"mode": 1},
            {"mode": "cash", "payment_mode": "cash"},
            {"mode": "cash", "amount": 0},
            {"mode": "cash", "amount": -1},
            {"mode": "cash", "amount": True},
            {"mode": "cash", "amount": None},
            {"mode": "cash", "status": "captured"},
            [],
        ],
    )
    def test_a_body_that_is_no_part_is_refused(self, shop: Shop, body: Any) -> None:
        order = shop.order()
        assert refused(shop.customer.post(url(order, "payments"), body)) == (422, "invalid")
        assert shop.now(order)["payments"] == []

    def test_more_decimals_than_the_currency_has_are_refused(self, shop: Shop) -> None:
        answer = add(shop.customer, shop.order(), "cash", amount="1.001")
        assert refused(answer) == (422, "too_many_decimals")
        assert exact(answer)["errors"][0]["pointer"] == "/amount"

    def test_nothing_is_due_of_an_order_that_is_free_or_paid(self, shop: Shop) -> None:
        assert refused(add(shop.customer, shop.order(line(price=0)))) == (409, "nothing_due")
        assert refused(add(shop.customer, shop.paid_by_hand())) == (409, "nothing_due")

    def test_a_cancelled_order_is_not_paid(self, shop: Shop) -> None:
        order = shop.order()
        shop.customer.post(url(order, "cancel"))
        assert refused(add(shop.customer, order)) == (409, "order_cancelled")

    def test_two_at_once_do_not_promise_more_than_is_due(self, shop: Shop) -> None:
        order = shop.order()
        answers = at_once(lambda: add(Caller(shop.app, shop.customer.headers, shop.customer.id), order, "cash"))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert [part["amount"] for part in shop.now(order)["payments"]] == [100]


def at_once(*work: Any) -> list[Any]:
    """What two (or each of some) calls answer that begin together."""
    answers: list[Any] = []
    gate = threading.Barrier(max(2, len(work)))

    def run(one: Any) -> None:
        gate.wait(10)
        answers.append(one())

    threads = [threading.Thread(target=run, args=(one,)) for one in (work if len(work) > 1 else work * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


class TestRepeatingAnAddition:
    """A request with the same `Idempotency-Key`."""

    def test_it_is_answered_again_and_adds_no_second_part(self, shop: Shop) -> None:
        order, key = shop.order(), {"Idempotency-Key": "one"}
        first, again = (add(shop.customer, order, "cash", amount=60, headers=key) for _ in range(2))
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert exact(first) == exact(again)
        assert len(shop.now(order)["payments"]) == 1
        other = add(shop.customer, order, "cash", amount=40, headers=key)
        assert refused(other) == (422, "idempotency_key_reused")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_it_opens_the_part_that_the_provider_gave_no_answer_for(self, shop: Shop, method: str) -> None:
        order, key = shop.order(), {"Idempotency-Key": f"later-{method}"}
        shop.razorpay.fail(500, only=method)
        first = add(shop.customer, order, headers=key)
        assert first.status_code == 201
        assert (exact(first)["checkout"], exact(first)["provider_order_id"]) == (None, None)
        again = exact(add(shop.customer, order, headers=key))
        assert again["checkout"]["order_id"] == again["provider_order_id"]
        assert [part["provider_order_id"] for part in shop.now(order)["payments"]] == [again["provider_order_id"]]
        assert shop.steps(order) == ["payment.created", "payment.opened"]

    def test_what_the_provider_opened_before_its_answer_was_lost_is_found_again(self, shop: Shop) -> None:
        order, key = shop.order(), {"Idempotency-Key": "lost"}
        shop.razorpay.fail(RESET_AFTERWARDS, only="POST")
        assert exact(add(shop.customer, order, headers=key))["checkout"] is None
        again = exact(add(shop.customer, order, headers=key))
        ours = [there for there in shop.razorpay.orders.values() if there["receipt"] == again["payment_id"]]
        assert [there["id"] for there in ours] == [again["provider_order_id"]]

    @pytest.mark.parametrize("provider", ["razorpay", "stripe"])
    def test_what_is_open_is_not_opened_twice(self, shop: Shop, provider: str) -> None:
        shop.use(provider)
        order, key = shop.order(), {"Idempotency-Key": f"open-{provider}"}
        first, again = (exact(add(shop.customer, order, headers=key)) for _ in range(2))
        assert first == again
        assert first["checkout"]
        assert shop.steps(order).count("payment.opened") == 1
        assert shop.now(order)["payments"][0]["provider_order_id"] == first["provider_order_id"]

    def test_a_part_that_is_paid_meanwhile_is_shown_as_paid(self, shop: Shop) -> None:
        order, key = shop.order(), {"Idempotency-Key": "paid"}
        part = exact(add(shop.customer, order, headers=key))
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        again = exact(add(shop.customer, order, headers=key))
        assert (again["status"], again["checkout"], again["payment_state"]) == ("captured", None, "paid")

    def test_a_part_that_the_provider_refuses_has_failed_and_makes_room_for_another(self, shop: Shop) -> None:
        order = shop.order()
        shop.razorpay.fail(400, only="POST")
        part = shop.part(order)
        assert (part["status"], part["checkout"]) == ("failed", None)
        assert part["error"]
        assert shop.part(order)["provider_order_id"]


class TestCapturingByHand:
    def test_the_capture_of_the_last_part_confirms_the_order(self, shop: Shop) -> None:
        order = shop.order()
        first, last = shop.part(order, "cash", amount=60), shop.part(order, "cash")
        one = shop.capture(order, first)
        assert (one["status"], one["captured_amount"], one["refundable_amount"]) == ("captured", 60, 60)
        assert (one["order_status"], one["payment_state"], one["amount_due"]) == ("pending", "partially_paid", 40)
        assert shop.now(order)["status"] == "pending"
        both = shop.capture(order, last)
        assert (both["order_status"], both["payment_state"], both["amount_due"]) == ("confirmed", "paid", 0)
        paid = shop.now(order)
        assert [paid["status"], *(item["status"] for item in paid["items"])] == ["confirmed", "confirmed"]
        assert shop.steps(order)[2:] == ["payment.captured", "payment.captured", "confirmed"]
        assert shop.kinds(order)[2:] == ["payment.captured", "payment.captured", "order.status_changed"]
        assert factories.journey(shop.staff, order)[-2]["details"] == {
            "payment_id": last["payment_id"],
            "mode": "cash",
            "amount": "40.00",
        }

    def test_what_was_not_received_stays_due(self, shop: Shop) -> None:
        order = shop.order()
        short = shop.capture(order, shop.part(order, "cash"), amount="70.00")
        assert (short["amount"], short["captured_amount"], short["amount_due"]) == (100, 70, 30)
        assert short["order_status"] == "pending"
        assert shop.capture(order, shop.part(order, "cash"))["order_status"] == "confirmed"
        assert shop.now(order)["payment_state"] == "paid"

    def test_no_more_is_received_than_the_part_is(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash", amount=60)
        more = step(shop.staff, order, part, "capture", {"amount": "60.01"})
        assert refused(more) == (422, "amount_exceeds_payment")
        assert (exact(more)["amount"], exact(more)["errors"][0]["pointer"]) == ("60.00", "/amount")
        fine = step(shop.staff, order, part, "capture", {"amount": "1.001"})
        assert refused(fine) == (422, "too_many_decimals")
        assert shop.now(order)["payment_state"] == "unpaid"

    def test_repeating_it_changes_nothing(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        first, again = (step(shop.staff, order, part, "capture") for _ in range(2))
        assert first.data == again.data
        assert first.headers["ETag"] == again.headers["ETag"]
        assert shop.steps(order).count("payment.captured") == 1

    def test_two_at_once_are_one_capture(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        answers = at_once(
            *(lambda caller=caller: step(caller, order, part, "capture") for caller in (shop.staff, shop.cashier))
        )
        assert [answer.status_code for answer in answers] == [200, 200]
        assert shop.now(order)["payments"][0]["captured_amount"] == 100
        assert shop.steps(order).count("payment.captured") == 1

    def test_a_key_is_answered_again(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash", amount=60)
        key = {"Idempotency-Key": part["payment_id"]}
        step(shop.staff, order, part, "capture", {"amount": 50}, headers=key)
        again = step(shop.staff, order, part, "capture", {"amount": 50}, headers=key)
        assert (again.headers["Idempotency-Replayed"], exact(again)["captured_amount"]) == ("true", 50)
        other = step(shop.staff, order, part, "capture", {"amount": 60}, headers=key)
        assert refused(other) == (422, "idempotency_key_reused")

    @pytest.mark.parametrize(("end", "status"), [("fail", "failed"), ("void", "voided")])
    def test_what_has_come_to_nothing_is_not_captured(self, shop: Shop, end: str, status: str) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        step(shop.staff, order, part, end)
        answer = step(shop.staff, order, part, "capture")
        assert refused(answer) == (409, "payment_not_open")
        assert exact(answer)["current"] == status

    def test_a_cancelled_order_takes_no_cash(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        shop.customer.post(url(order, "cancel"))
        assert shop.now(order)["payments"][0]["status"] == "voided"
        assert refused(step(shop.staff, order, part, "capture")) == (409, "order_cancelled")

    def test_a_customer_does_not_say_that_his_money_has_arrived(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        assert refused(step(shop.customer, order, part, "capture")) == (403, "capture_not_yours")
        assert shop.now(order)["payment_state"] == "unpaid"

    @pytest.mark.parametrize("body", [{"amount": 0}, {"amount": "x"}, {"reason": "x"}, []])
    def test_a_body_that_is_no_capture_is_refused(self, shop: Shop, body: Any) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        assert refused(step(shop.staff, order, part, "capture", body)) == (422, "invalid")


class TestAskingTheProvider:
    """Capture of a part that only its provider can say anything about."""

    def test_what_was_paid_there_is_recorded_whoever_asks(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        attempt = shop.razorpay.pay(part["provider_order_id"])
        paid = exact(step(shop.customer, order, part, "capture"))
        assert (paid["status"], paid["captured_amount"], paid["order_status"]) == ("captured", 100, "confirmed")
        shown = shop.now(order)["payments"][0]
        assert (shown["provider_payment_id"], shown["status"]) == (attempt, "captured")
        assert shop.steps(order)[2:] == ["payment.captured", "confirmed"]

    def test_what_was_authorized_is_captured_there(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        attempt = shop.razorpay.pay(part["provider_order_id"], "authorized")
        assert exact(step(shop.staff, order, part, "capture"))["payment_state"] == "paid"
        assert shop.razorpay.payments[attempt]["captured"] is True
        assert shop.now(order)["status"] == "confirmed"

    def test_the_callback_may_have_come_first(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        for caller in (shop.customer, shop.staff):
            assert exact(step(caller, order, part, "capture"))["status"] == "captured"
        assert shop.steps(order).count("payment.captured") == 1

    def test_the_callback_may_come_second(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        attempt = shop.razorpay.pay(part["provider_order_id"])
        step(shop.customer, order, part, "capture")
        assert shop.told("razorpay", "payment.captured", attempt) == "nothing_new"
        assert shop.steps(order).count("payment.captured") == 1

    @pytest.mark.parametrize(
        ("status", "known"), [(None, None), ("created", "pending"), ("failed", "pending")], ids=str
    )
    def test_without_money_there_it_is_a_conflict(self, shop: Shop, status: str | None, known: str | None) -> None:
        order = shop.order()
        part = shop.part(order)
        if status:
            shop.razorpay.pay(part["provider_order_id"], status)
        answer = step(shop.customer, order, part, "capture")
        assert refused(answer) == (409, "nothing_to_capture")
        assert exact(answer)["provider_status"] == known
        assert shop.now(order)["payment_state"] == "unpaid"

    def test_the_provider_says_how_much_it_is(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        assert refused(step(shop.staff, order, part, "capture", {"amount": 100})) == (403, "amount_not_yours")

    def test_a_part_that_is_not_open_there_yet_can_not_be_asked_about(self, shop: Shop) -> None:
        order = shop.order()
        shop.razorpay.fail(500)
        assert refused(step(shop.staff, order, shop.part(order), "capture")) == (409, "payment_not_opened")

    def test_a_provider_without_an_answer_is_unavailable(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        shop.razorpay.fail(500)
        assert refused(step(shop.customer, order, part, "capture")) == (503, "provider_unavailable")

    def test_a_refusal_of_the_provider_is_passed_on(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        shop.razorpay.pay(part["provider_order_id"], "authorized")
        shop.razorpay.fail(400, only="POST")
        assert refused(step(shop.staff, order, part, "capture")) == (409, "provider_refused")
        assert shop.now(order)["payment_state"] == "unpaid"

    def test_another_version_is_refused_before_the_provider_is_asked(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        attempt = shop.razorpay.pay(part["provider_order_id"], "authorized")
        answer = step(shop.staff, order, part, "capture", headers={"If-Match": '"1"'})
        assert refused(answer) == (412, "precondition_failed")
        assert shop.razorpay.payments[attempt]["captured"] is False
        fresh = step(shop.staff, order, part, "capture", headers={"If-Match": '"3"'})
        assert (fresh.status_code, fresh.headers["ETag"]) == (200, shop.staff.get(url(order)).headers["ETag"])


class TestEnding:
    @pytest.mark.parametrize(("end", "status"), [("fail", "failed"), ("void", "voided")])
    @pytest.mark.parametrize("by", ["customer", "staff", "cashier"])
    def test_a_part_comes_to_nothing_and_can_be_asked_for_again(
        self, shop: Shop, end: str, status: str, by: str
    ) -> None:
        order = shop.order()
        part = shop.part(order, amount=60)
        ended = exact(step(getattr(shop, by), order, part, end, {"reason": "changed_mind"}))
        assert (ended["status"], ended["amount_due"], ended["payment_state"]) == (status, 100, "unpaid")
        assert ended["error"] == ("changed_mind" if end == "fail" else None)
        assert (shop.steps(order)[-1], shop.kinds(order)[-1]) == (f"payment.{status}", f"payment.{status}")
        assert factories.journey(shop.staff, order)[-1]["reason"] == "changed_mind"
        assert shop.part(order)["amount"] == 100
        assert shop.now(order)["payments"][0]["status"] == status

    @pytest.mark.parametrize(("end", "otherwise"), [("fail", "void"), ("void", "fail")])
    def test_repeating_it_changes_nothing_and_the_other_end_is_a_conflict(
        self, shop: Shop, end: str, otherwise: str
    ) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        first, again = (step(shop.customer, order, part, end) for _ in range(2))
        assert first.data == again.data
        assert refused(step(shop.customer, order, part, otherwise)) == (409, "payment_not_open")
        assert len(shop.steps(order)) == 2

    @pytest.mark.parametrize("end", ["fail", "void"])
    def test_money_that_is_there_does_not_come_to_nothing(self, shop: Shop, end: str) -> None:
        order = shop.paid_by_hand()
        answer = step(shop.staff, order, order["payments"][0], end)
        assert refused(answer) == (409, "payment_not_open")
        assert exact(answer)["current"] == "captured"

    @pytest.mark.parametrize("body", [{"reason": ""}, {"reason": "x" * 101}, {"amount": 1}, []])
    def test_a_body_that_is_no_reason_is_refused(self, shop: Shop, body: Any) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        assert refused(step(shop.staff, order, part, "fail", body)) == (422, "invalid")

    def test_a_key_is_answered_again(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cash")
        key = {"Idempotency-Key": part["payment_id"]}
        step(shop.customer, order, part, "void", headers=key)
        again = step(shop.customer, order, part, "void", headers=key)
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (200, "true")


class TestWho:
    """Foreign customers, wrong scopes, nobody."""

    ROUTES = ("", "/{id}/capture", "/{id}/fail", "/{id}/void")

    @pytest.mark.parametrize("route", ROUTES)
    def test_somebody_elses_order_is_not_there(self, shop: Shop, route: str) -> None:
        order = shop.order()
        part = shop.part(order, "cash", amount=10)
        body = {"mode": "cash"} if not route else None
        foreign, absent = (
            shop.other_customer.post(f"/orders/{order_id}/payments{route.format(id=part['payment_id'])}", body)
            for order_id in (order["order_id"], NO_SUCH)
        )
        assert refused(foreign) == refused(absent) == (404, "order_not_found")
        assert [payment["status"] for payment in shop.now(order)["payments"]] == ["pending"]

    @pytest.mark.parametrize("route", ROUTES[1:])
    def test_a_part_that_is_not_there_is_not_found(self, shop: Shop, route: str) -> None:
        path = url(shop.order(), "payments") + route.format(id=NO_SUCH)
        assert refused(shop.staff.post(path)) == (404, "payment_not_found")

    @pytest.mark.parametrize("route", ROUTES)
    def test_a_key_needs_the_scope_and_anybody_a_name(self, shop: Shop, route: str) -> None:
        order = shop.order()
        path = url(order, "payments") + route.format(id=shop.part(order, "cash")["payment_id"])
        assert refused(shop.warehouse.post(path, {"mode": "cash"})) == (403, "scope_missing")
        assert shop.anonymous.post(path, {"mode": "cash"}).status_code == 401

    def test_a_key_with_the_scope_adds_and_captures(self, shop: Shop) -> None:
        order = shop.order()
        part = exact(add(shop.cashier, order, "cash"))
        assert exact(step(shop.cashier, order, part, "capture"))["order_status"] == "confirmed"
        assert factories.journey(shop.staff, order)[-1]["actor_type"] == "api_key"

    def test_reading_is_for_the_owner_and_for_keys_that_read(self, shop: Shop) -> None:
        order = shop.paid_by_hand("60", "40")
        for caller in (shop.customer, shop.staff, shop.warehouse):
            answer = caller.get(url(order, "payments"))
            assert exact(answer)["payments"] == order["payments"]
            assert (exact(answer)["payment_state"], exact(answer)["amount_due"]) == ("paid", 0)
            assert answer.headers["ETag"] == f'"{order["version"]}"'
        assert refused(shop.other_customer.get(url(order, "payments"))) == (404, "order_not_found")
        without = api_key_caller(shop.app, "payments")
        assert refused(without.get(url(order, "payments"))) == (403, "scope_missing")
        assert shop.anonymous.get(url(order, "payments")).status_code == 401


class TestIfMatch:
    @pytest.mark.parametrize("name", ["add", "capture", "fail", "void"])
    def test_another_version_is_refused_with_the_current_tag(self, shop: Shop, name: str) -> None:
        order = shop.order()
        part = shop.part(order, "cash", amount=10)
        path = url(order, "payments") if name == "add" else url(order, "payments", part["payment_id"], name)
        body = {"mode": "cash"} if name == "add" else None
        stale = shop.staff.post(path, body, headers={"If-Match": '"1"'})
        assert (refused(stale), stale.headers["ETag"]) == ((412, "precondition_failed"), '"2"')
        assert refused(shop.staff.post(path, body, headers={"If-Match": "2"})) == (422, "invalid_if_match")
        assert shop.steps(order) == ["payment.created"]
        fresh = shop.staff.post(path, body, headers={"If-Match": '"2"'})
        assert (fresh.status_code, fresh.headers["ETag"]) == (201 if name == "add" else 200, '"3"')


class TestCashOnDelivery:
    def test_a_part_for_all_of_it_confirms_the_order_and_is_paid_at_the_door(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cod")
        assert (part["status"], part["order_status"], part["payment_state"]) == ("pending", "confirmed", "unpaid")
        assert shop.steps(order) == ["payment.created", "confirmed"]
        assert shop.now(order)["amount_due"] == 100
        shop.staff.patch(url(order), {"status": "delivered"})
        delivered = shop.now(order)
        assert (delivered["payment_state"], delivered["payments"][0]["captured_amount"]) == ("paid", 100)
        assert "payment.captured" in shop.steps(order)
        assert "payment.captured" in shop.kinds(order)

    def test_a_new_order_with_it_is_confirmed_at_once(self, shop: Shop) -> None:
        order = shop.order(payment=[{"payment_mode": "cod", "amount": 100}])
        assert (order["status"], order["items"][0]["status"]) == ("confirmed", "confirmed")
        assert shop.now(order)["payment_state"] == "unpaid"

    def test_beside_another_part_it_waits_for_that_one(self, shop: Shop) -> None:
        order = shop.order()
        cash = shop.part(order, "cash", amount=40)
        assert shop.part(order, "cod")["order_status"] == "pending"
        assert shop.capture(order, cash)["order_status"] == "confirmed"
        shop.staff.patch(url(order), {"status": "delivered"})
        assert [part["captured_amount"] for part in shop.now(order)["payments"]] == [40, 60]

    def test_cancelled_units_lower_it(self, shop: Shop) -> None:
        order = shop.order(line(quantity=4, price="25.00"))
        shop.part(order, "cod")
        shop.customer.post(url(order, "cancel"), {"items": [{"line_no": 1, "quantity": 1}]})
        lowered = shop.now(order)
        assert (lowered["payments"][0]["amount"], lowered["amount_due"]) == (75, 75)
        shop.staff.patch(url(order), {"status": "delivered"})
        paid = shop.now(order)
        assert (paid["payments"][0]["captured_amount"], paid["payment_state"]) == (75, "paid")
        assert shop.shares(order) == []

    def test_it_gives_way_before_the_parts_before_it(self, shop: Shop) -> None:
        order = shop.order()
        shop.part(order, "cash", amount=40)
        shop.part(order, "cod")
        shop.customer.post(url(order, "cancel"), {"items": [{"line_no": 1, "quantity": 1}]})
        assert [part["amount"] for part in shop.now(order)["payments"]] == [40, 10]

    def test_what_is_left_with_nothing_is_voided(self, shop: Shop) -> None:
        order = shop.order(line(quantity=1, price="60.00"), line("CAKE", quantity=1, price="40.00"))
        shop.capture(order, shop.part(order, "cash", amount=60))
        shop.part(order, "cod")
        shop.customer.post(url(order, "cancel"), {"items": [{"line_no": 2}]})
        left = shop.now(order)
        assert [part["status"] for part in left["payments"]] == ["captured", "voided"]
        assert (left["payment_state"], left["status"]) == ("paid", "confirmed")

    def test_a_customer_who_confirms_his_receipt_says_nothing_about_money(self, shop: Shop) -> None:
        order = shop.order()
        shop.part(order, "cod")
        shop.staff.patch(url(order), {"status": "shipped"})
        assert shop.customer.patch(url(order), {"status": "delivered"}).status_code == 200
        received = shop.now(order)
        assert (received["status"], received["payments"][0]["status"]) == ("delivered", "pending")
        carrier = shop.warehouse.patch(url(order), {"status": "delivered"})
        assert carrier.status_code == 200
        assert shop.now(order)["payments"][0]["captured_amount"] == 100

    def test_a_customer_does_not_take_back_what_his_order_was_confirmed_for(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order, "cod")
        for step in ("void", "fail"):
            answer = shop.customer.post(url(order, "payments", part["payment_id"], step))
            assert refused(answer) == (403, "payment_not_yours")
        assert shop.now(order)["payments"][0]["status"] == "pending"

    def test_staff_may_have_the_money_before(self, shop: Shop) -> None:
        order = shop.order()
        shop.capture(order, shop.part(order, "cod"))
        shop.staff.patch(url(order), {"status": "delivered"})
        assert shop.now(order)["payments"][0]["captured_amount"] == 100
        assert shop.steps(order).count("payment.captured") == 1


class TestWhatIsTooMuch:
    def test_a_part_that_is_open_at_its_provider_keeps_its_amount_and_the_rest_goes_back(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        shop.customer.post(url(order, "cancel"), {"items": [{"line_no": 1, "quantity": 1}]})
        assert [shop.now(order)[name] for name in ("amount_due", "payment_state")] == [50, "unpaid"]
        assert shop.now(order)["payments"][0]["amount"] == 100
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
        paid = shop.now(order)
        assert (paid["status"], paid["amount_due"]) == ("confirmed", 0)
        (refund,) = paid["payments"][0]["refunds"]
        assert (refund["amount"], refund["cause"], refund["status"]) == (50, "capture", "created")

    def test_each_state_of_payment_has_its_name(self, shop: Shop) -> None:
        order = shop.order()
        states = [shop.now(order)["payment_state"]]
        for amount in (30, 70):
            shop.capture(order, shop.part(order, "cash", amount=amount))
            states.append(shop.now(order)["payment_state"])
        for amount in (1, 99):
            shop.refund(order, amount=amount)
            shop.send_refunds()
            states.append(shop.now(order)["payment_state"])
        assert states == ["unpaid", "partially_paid", "paid", "partially_refunded", "refunded"]


class TestAttestedPayments:
    def test_nothing_goes_back_of_what_only_the_owner_says_he_has_paid(self, shop: Shop) -> None:
        order = factories.place_free_form(shop.customer, order_price="12.50")
        assert shop.customer.patch(url(order), {"status": "PAID"}).status_code == 200
        (part,) = shop.now(order)["payments"]
        assert (part["attested"], part["captured_amount"]) == (True, Decimal("12.50"))
        assert (part["status"], part["refundable_amount"]) == ("captured", 0)
        answer = shop.staff.post(url(order, "refunds"), {"amount": 1})
        assert (refused(answer), exact(answer)["refundable"]) == ((422, "refund_exceeds_refundable"), "0.00")
        shop.customer.post(url(order, "cancel"))
        assert shop.now(order)["status"] == "cancelled"
        assert shop.shares(order) == []
