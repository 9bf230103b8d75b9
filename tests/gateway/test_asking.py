"""Asking a provider what became of a part, and taking what the payer has authorized."""

from typing import Any

import pytest

from oms.errors import Conflict
from oms.gateway import asking
from oms.orders.order import payment_of
from tests import factories
from tests.factories import url
from tests.paying import Shop


def ask(shop: Shop, order: Any, part: Any) -> Any:
    held = factories.stored(shop.app, order)
    with shop.app.app_context():
        return asking.capture(held, payment_of(held, part["payment_id"]))


def captured(shop: Shop, *attempts: str) -> list[bool]:
    return [shop.razorpay.payments[attempt]["captured"] for attempt in attempts]


@pytest.mark.parametrize("paid_last", [True, False])
def test_the_attempt_that_went_well_counts(shop: Shop, paid_last: bool) -> None:
    order = shop.order()
    part = shop.part(order)
    for status in ("failed", "captured") if paid_last else ("captured", "failed"):
        shop.razorpay.pay(part["provider_order_id"], status)
    outcome, payment = ask(shop, order, part)
    assert (outcome.order.status, payment.status, payment.error) == ("confirmed", "captured", None)
    shop.now(order)


def test_every_capture_there_is_recorded_and_what_is_too_much_goes_back(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    for _ in range(2):
        shop.razorpay.pay(part["provider_order_id"])
    ask(shop, order, part)
    assert [paid["captured_amount"] for paid in shop.now(order)["payments"]] == [100, 100]
    assert sum(share.amount for share in shop.shares(order)) == 100


@pytest.mark.parametrize("statuses", [("captured", "authorized"), ("authorized", "captured")])
def test_nothing_is_taken_that_is_paid_already(shop: Shop, statuses: tuple[str, str]) -> None:
    order = shop.order()
    part = shop.part(order)
    attempts = [shop.razorpay.pay(part["provider_order_id"], status) for status in statuses]
    ask(shop, order, part)
    assert captured(shop, *attempts) == [status == "captured" for status in statuses]
    assert shop.shares(order) == []


def test_of_two_authorized_attempts_one_is_taken(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    attempts = [shop.razorpay.pay(part["provider_order_id"], "authorized") for _ in range(2)]
    ask(shop, order, part)
    assert sorted(captured(shop, *attempts)) == [False, True]
    assert shop.now(order)["payment_state"] == "paid"


@pytest.mark.parametrize("ended", ["cancel", "void"])
def test_nothing_is_taken_that_nobody_wants_any_more(shop: Shop, ended: str) -> None:
    order = shop.order()
    part = shop.part(order)
    attempt = shop.razorpay.pay(part["provider_order_id"], "authorized")
    shop.customer.post(url(order, "cancel") if ended == "cancel" else url(order, "payments", part["payment_id"], ended))
    with pytest.raises(Conflict) as refusal:
        ask(shop, order, part)
    assert refusal.value.code == "nothing_to_capture"
    assert captured(shop, attempt) == [False]


def test_money_that_was_taken_for_a_cancelled_order_is_recorded_and_goes_back(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    shop.razorpay.pay(part["provider_order_id"])
    shop.customer.post(url(order, "cancel"))
    outcome, payment = ask(shop, order, part)
    assert (outcome.order.status, payment.captured_amount) == ("cancelled", 100)
    assert [share.amount for share in shop.shares(order)] == [100]
    assert shop.now(order)["status"] == "cancelled"


def test_stripes_intent_is_taken_once_it_is_authorized(shop: Shop) -> None:
    shop.use("stripe")
    order = shop.order()
    part = shop.part(order)
    shop.stripe.pay(part["provider_order_id"], "authorized")
    assert ask(shop, order, part)[1].captured_amount == 100
    assert shop.stripe.intents[part["provider_order_id"]]["status"] == "succeeded"
