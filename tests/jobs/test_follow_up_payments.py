"""Payments nobody has called about: the provider is asked, money that is only held is taken."""

from typing import Any

import pytest

from oms import queues
from oms.extensions import queue_connection
from oms.jobs.follow_up_payments import follow_up_payments
from oms.jobs.sweep import Sweep
from tests import factories, paying
from tests.factories import url
from tests.paying import Shop

installation = pytest.fixture(scope="module")(paying.installation)
_shop = pytest.fixture(paying.shop)
_FORGET = "UPDATE payments SET asked_at = now() WHERE provider_order_id IS NOT NULL"


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    """Without parts that other tests have left open."""
    factories.execute(_shop.app, _FORGET)
    return _shop


def opened(shop: Shop, provider: str = "razorpay", *, minutes_ago: int = 11) -> tuple[Any, Any]:
    """An order with a part that was opened a while ago."""
    shop.use(provider)
    order = shop.order()
    part = shop.part(order)
    factories.execute(
        shop.app,
        "UPDATE payments SET created_at = now() - make_interval(mins => :minutes) WHERE order_id = :id",
        id=order["order_id"],
        minutes=minutes_ago,
    )
    factories.forget_cached(shop.app, order)
    assert shop.staff.get(url(order)).status_code == 200
    return order, part


def followed_up(shop: Shop) -> int:
    with shop.app.app_context():
        return follow_up_payments()


@pytest.mark.parametrize("provider", ["razorpay", "stripe"])
def test_a_lost_callback_is_made_up_for(shop: Shop, provider: str) -> None:
    order, part = opened(shop, provider)
    shop.server(provider).pay(part["provider_order_id"])
    assert followed_up(shop) == 1
    assert [shop.now(order)[name] for name in ("status", "payment_state")] == ["confirmed", "paid"]


def test_money_that_is_only_held_is_taken_at_once(shop: Shop) -> None:
    order, part = opened(shop, minutes_ago=0)
    attempt = shop.razorpay.pay(part["provider_order_id"], "authorized")
    assert followed_up(shop) == 0  # we don't know of it yet
    assert shop.told("razorpay", "payment.authorized", attempt) == "applied"
    assert followed_up(shop) == 1
    assert shop.razorpay.payments[attempt]["captured"]
    assert shop.now(order)["payment_state"] == "paid"


def test_what_was_asked_about_is_left_alone_for_a_while(shop: Shop) -> None:
    opened(shop)
    assert followed_up(shop) == 1
    shop.razorpay.requests.clear()
    assert followed_up(shop) == 0
    assert shop.razorpay.requests == []


def test_a_part_that_has_just_been_opened_is_left_to_the_customer(shop: Shop) -> None:
    opened(shop, minutes_ago=9)
    assert followed_up(shop) == 0


def test_after_two_weeks_nobody_is_asked_any_more(shop: Shop) -> None:
    opened(shop, minutes_ago=15 * 24 * 60)
    assert followed_up(shop) == 0


def test_what_was_voided_or_cancelled_is_not_asked_about(shop: Shop) -> None:
    order, part = opened(shop)
    shop.customer.post(url(order, "payments", part["payment_id"], "void"))
    other, _ = opened(shop)
    shop.customer.post(url(other, "cancel"))
    assert followed_up(shop) == 0


def test_a_provider_that_is_away_holds_up_nobody_else(shop: Shop) -> None:
    first, _ = opened(shop)
    second, part = opened(shop, "stripe")
    shop.stripe.pay(part["provider_order_id"])
    shop.razorpay.fail(*[500] * 3)
    assert followed_up(shop) == 2
    assert shop.now(first)["payment_state"] == "unpaid"
    assert shop.now(second)["payment_state"] == "paid"


def test_the_clock_rings_for_it(shop: Shop) -> None:
    opened(shop)
    with shop.app.app_context():
        queues.queue().empty()
        queue_connection().delete("wake:follow_up_payments")
        Sweep.wake_follow_up()
        waiting = [job.func_name for job in queues.queue().jobs]
    assert queues.FOLLOW_UP_PAYMENTS in waiting
