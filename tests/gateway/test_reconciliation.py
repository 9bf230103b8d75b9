"""Our books against the provider's."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from oms.errors import NotFound, Unavailable
from oms.gateway import reconciliation
from oms.orders import store
from tests import factories
from tests.paying import Shop

PROVIDERS = pytest.mark.parametrize("provider", ["razorpay", "stripe"])


@pytest.fixture(autouse=True)
def books(shop: Shop) -> None:
    """Nobody else's payments are compared."""
    factories.execute(shop.app, "UPDATE payments SET updated_at = now() - interval '1 year'")


def compared(shop: Shop, provider: str, since: datetime | None = None) -> list[list[Any]]:
    with shop.app.app_context():
        return list(reconciliation.compare(provider, since or store.now() - timedelta(days=1)))


def told(shop: Shop, provider: str) -> list[tuple[Any, ...]]:
    """Each difference as what it is about and both figures."""
    return [(found.what, found.ours, found.theirs) for payment in compared(shop, provider) for found in payment]


@PROVIDERS
def test_books_that_agree_show_nothing(shop: Shop, provider: str) -> None:
    order = shop.paid_at(provider)
    shop.refund(order, amount=30)
    shop.send_refunds()
    shop.part(shop.order())
    assert compared(shop, provider) == [[], []]


@PROVIDERS
def test_money_there_that_nobody_told_us_of(shop: Shop, provider: str) -> None:
    shop.use(provider)
    order = shop.order()
    part = shop.part(order)
    attempt = shop.server(provider).pay(part["provider_order_id"])
    ((found,),) = compared(shop, provider)
    assert (found.order_id, found.payment_id) == (order["order_id"], part["payment_id"])
    assert (found.what, found.ours, found.theirs) == (f"capture {attempt}", None, Decimal(100)) or (
        found.what,
        found.ours,
        found.theirs,
    ) == ("captured", Decimal(0), Decimal(100))
    shop.staff.post(f"/orders/{order['order_id']}/payments/{part['payment_id']}/capture")
    assert told(shop, provider) == []


def test_money_here_that_is_not_there(shop: Shop) -> None:
    order = shop.paid_at("razorpay")
    attempt = shop.razorpay.payments[order["payments"][0]["provider_payment_id"]]
    attempt.update(status="failed", captured=False)
    assert told(shop, "razorpay") == [("captured", 100, 0)]


def test_another_amount(shop: Shop) -> None:
    order = shop.paid_at("razorpay")
    shop.razorpay.payments[order["payments"][0]["provider_payment_id"]]["amount"] = 9000
    assert told(shop, "razorpay") == [("captured", 100, 90)]


def test_two_captures_of_one_part_that_both_sides_know_agree(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    for _ in range(2):
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
    shop.send_refunds()
    shop.razorpay.pay(part["provider_order_id"], "failed")
    assert compared(shop, "razorpay") == [[]]
    third = shop.razorpay.pay(part["provider_order_id"])
    assert told(shop, "razorpay") == [(f"capture {third}", None, 100)]


@PROVIDERS
def test_a_refund_that_somebody_made_there(shop: Shop, provider: str) -> None:
    order = shop.paid_at(provider)
    made = shop.server(provider).refund_by_hand(order["payments"][0]["provider_payment_id"], 500)
    assert told(shop, provider) == [(f"refund {made}", None, 5)]


@PROVIDERS
def test_a_refund_that_has_not_got_there(shop: Shop, provider: str) -> None:
    order = shop.paid_at(provider)
    made = shop.refund(order, amount=30)
    assert told(shop, provider) == []  # both sides agree that nothing was given back yet
    shop.send_refunds()
    shop.server(provider).refunds.clear()
    assert told(shop, provider) == [(f"refund {made['refund_id']} (processed)", 30, None)]


@PROVIDERS
def test_a_refund_there_that_we_do_not_know_to_be_done(shop: Shop, provider: str) -> None:
    order = shop.paid_at(provider)
    made = shop.refund(order, amount=30)
    shop.server(provider).refund_later = True
    shop.send_refunds()
    assert told(shop, provider) == []
    shop.server(provider).process_refund(shop.shares(order)[0].provider_refund_id)
    assert told(shop, provider) == [(f"refund {made['refund_id']} (pending)", 30, 30)]


def test_a_refund_of_another_amount(shop: Shop) -> None:
    order = shop.paid_at("razorpay")
    made = shop.refund(order, amount=30)
    shop.send_refunds()
    shop.razorpay.refunds[shop.shares(order)[0].provider_refund_id]["amount"] = 2900
    assert told(shop, "razorpay") == [(f"refund {made['refund_id']}", 30, 29)]


def test_a_refund_that_failed_there_and_was_tried_again_agrees(shop: Shop) -> None:
    order = shop.paid_at("stripe")
    made = shop.refund(order, amount=30)
    shop.send_refunds()
    there = shop.shares(order)[0].provider_refund_id
    shop.stripe.fail_refund(there)
    shop.told("stripe", "refund.failed", there)
    assert told(shop, "stripe") == []
    shop.staff.post(f"/orders/{order['order_id']}/refunds/{made['refund_id']}/retry")
    shop.stripe.charges[shop.stripe.intents[order["payments"][0]["provider_payment_id"]]["latest_charge"]][
        "amount_refunded"
    ] = 0
    shop.send_refunds()
    assert shop.shares(order)[0].status == "processed"
    assert told(shop, "stripe") == []


def test_all_orders_are_compared_however_many_and_none_from_before(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciliation, "BATCH", 2)
    for _ in range(4):
        shop.part(shop.order())
    shop.part(shop.order(), "cash")
    assert compared(shop, "razorpay") == [[]] * 4
    assert compared(shop, "razorpay", store.now() + timedelta(minutes=1)) == []


def test_a_provider_that_does_not_answer_or_is_not_here_is_said_to_be(shop: Shop) -> None:
    shop.part(shop.order())
    shop.razorpay.fail(500)
    with pytest.raises(Unavailable):
        compared(shop, "razorpay")
    with pytest.raises(NotFound):
        compared(shop, "paypal")
