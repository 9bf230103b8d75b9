"""`flask oms reconcile-payments` and `flask oms retry-refund`."""

from typing import Any

import pytest
from click.testing import Result

from oms.ids import new_id
from tests import factories, paying
from tests.paying import Shop

installation = pytest.fixture(scope="module")(paying.installation)
_shop = pytest.fixture(paying.shop)


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    """With nobody else's payments in the time that is looked at."""
    factories.execute(_shop.app, "UPDATE payments SET updated_at = now() - interval '10 years'")
    return _shop


def run(shop: Shop, *arguments: str) -> Result:
    return shop.app.test_cli_runner().invoke(args=["oms", *arguments])


def failed(shop: Shop) -> tuple[Any, str]:
    """An order and its refund that Razorpay has refused."""
    order = shop.paid_at("razorpay")
    made = shop.refund(order, amount=30)
    shop.razorpay.refuse_refunds = "No."
    shop.send_refunds()
    shop.razorpay.refuse_refunds = None
    return order, made["refund_id"]


class TestReconcilePayments:
    def test_books_that_agree_are_said_to(self, shop: Shop) -> None:
        shop.paid_at("razorpay")
        result = run(shop, "reconcile-payments")
        assert (result.exit_code, result.output) == (0, "1 payments compared with razorpay, no differences\n")

    def test_a_difference_is_told_in_a_line_and_fails_the_command(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        (payment,) = order["payments"]
        made = shop.razorpay.refund_by_hand(payment["provider_payment_id"], 550)
        result = run(shop, "reconcile-payments")
        assert result.exit_code == 1
        assert result.output.splitlines() == [
            f"{order['order_id']} {payment['payment_id']} refund {made}: ours -, theirs 5.50"
            " (made there by hand; it is not in our books)",
            "1 payments compared with razorpay, 1 difference",
        ]

    def test_what_was_never_told_here_is_told_with_what_to_do(self, shop: Shop) -> None:
        order = shop.order()
        part = shop.part(order)
        shop.razorpay.pay(part["provider_order_id"])
        shop.razorpay.pay(part["provider_order_id"])
        result = run(shop, "reconcile-payments")
        assert result.exit_code == 1
        assert result.output.count("theirs 100.00 (captured there, unknown here: POST .../capture records it)") == 2
        assert result.output.endswith("1 payments compared with razorpay, 2 differences\n")

    def test_another_provider_than_the_default_one_is_named(self, shop: Shop) -> None:
        shop.paid_at("stripe")
        shop.use("razorpay")
        assert run(shop, "reconcile-payments").output.startswith("0 payments compared with razorpay")
        result = run(shop, "reconcile-payments", "--provider", "stripe")
        assert (result.exit_code, result.output) == (0, "1 payments compared with stripe, no differences\n")

    def test_it_looks_as_far_back_as_it_is_told(self, shop: Shop) -> None:
        order = shop.paid_at("razorpay")
        statement = "UPDATE payments SET updated_at = now() - interval '40 days' WHERE order_id = :id"
        factories.execute(shop.app, statement, id=order["order_id"])
        assert run(shop, "reconcile-payments").output.startswith("0 payments")
        assert run(shop, "reconcile-payments", "--days", "41").output.startswith("1 payments")

    def test_a_provider_that_is_not_here_or_does_not_answer_is_told_in_one_line(self, shop: Shop) -> None:
        result = run(shop, "reconcile-payments", "--provider", "paypal")
        assert (result.exit_code, result.output) == (1, "Error: There is no such payment provider here.\n")
        shop.part(shop.order())
        shop.razorpay.fail(500)
        result = run(shop, "reconcile-payments")
        assert (result.exit_code, result.output.splitlines()[-1][:33]) == (1, "Error: The payment provider gave ")


class TestRetryRefund:
    def test_it_is_sent_again(self, shop: Shop) -> None:
        order, refund_id = failed(shop)
        result = run(shop, "retry-refund", order["order_id"], refund_id)
        assert (result.exit_code, result.output) == (0, f"{refund_id} created\n")
        assert shop.now(order)["payments"][0]["refunds"][0]["status"] == "created"
        entry = factories.journey(shop.staff, order)[-1]
        assert (entry["event"], entry["actor"], entry["actor_type"]) == ("refund.retried", "cli", "system")
        assert shop.send_refunds() == 1
        assert shop.now(order)["payment_state"] == "partially_refunded"

    def test_by_hand_it_is_recorded(self, shop: Shop) -> None:
        order, refund_id = failed(shop)
        result = run(shop, "retry-refund", order["order_id"], refund_id, "--by-hand")
        assert (result.exit_code, result.output) == (0, f"{refund_id} processed\n")
        assert shop.now(order)["payments"][0]["refunded_amount"] == 30
        assert shop.send_refunds() == 0

    def test_what_has_not_failed_or_is_not_there_is_told_in_one_line(self, shop: Shop) -> None:
        order = shop.paid_by_hand()
        made = shop.refund(order, amount=1)
        for order_id, refund_id, words in (
            (order["order_id"], made["refund_id"], "Error: The refund is created; only a failed one is retried.\n"),
            (order["order_id"], new_id(), "Error: The order has no such refund.\n"),
            (new_id(), made["refund_id"], "Error: There is no such order.\n"),
        ):
            result = run(shop, "retry-refund", order_id, refund_id)
            assert (result.exit_code, result.output) == (1, words)
