"""Sending one share of a refund: what each answer of the provider, and none, leads to."""

from typing import Any

import pytest

from oms.gateway import refunding
from oms.orders import refunds
from oms.orders.refunds import DueRefund
from oms.transactions import transaction
from tests import factories
from tests.api.test_payments import at_once
from tests.factories import url
from tests.paying import Shop
from tests.providers.provider_server import RESET_AFTERWARDS


def refunded(shop: Shop, provider: str = "razorpay") -> tuple[Any, DueRefund]:
    """An order paid at the provider, and the share of a refund of 30 that waits to be sent."""
    order = shop.paid_at(provider)
    made = shop.refund(order, amount=30)
    return order, DueRefund(order["order_id"], made["refund_id"], order["payments"][0]["payment_id"], 0)


def send(shop: Shop, wanted: DueRefund) -> str:
    with shop.app.app_context():
        return refunding.send(wanted)


def wait_seconds(shop: Shop, order: Any) -> int:
    """How long from now until the next attempt."""
    statement = "SELECT extract(epoch FROM next_attempt_at - now()) AS left FROM refunds WHERE order_id = :id"
    return round(factories.rows(shop.app, statement, id=order["order_id"])[0].left)


@pytest.mark.parametrize("provider", ["razorpay", "stripe"])
def test_a_yes_is_processed_and_the_share_is_done(shop: Shop, provider: str) -> None:
    order, wanted = refunded(shop, provider)
    assert send(shop, wanted) == "processed"
    (share,) = shop.shares(order)
    assert (share.status, share.attempts, share.next_attempt_at, share.error) == ("processed", 1, None, None)
    assert send(shop, wanted) == "skipped"
    assert len(shop.server(provider).asked("POST", "/refund" if provider == "razorpay" else "/refunds")) == 1
    shop.now(order)


def test_cash_needs_no_provider(shop: Shop) -> None:
    order = shop.paid_by_hand()
    made = shop.refund(order, amount=30)
    assert (
        send(shop, DueRefund(order["order_id"], made["refund_id"], order["payments"][0]["payment_id"], 0))
        == "processed"
    )
    assert shop.now(order)["payments"][0]["refunds"][0]["provider_refund_id"] is None
    assert shop.razorpay.requests == []


def test_a_no_fails_it_at_once(shop: Shop) -> None:
    order, wanted = refunded(shop)
    shop.razorpay.refuse_refunds = "No."
    assert send(shop, wanted) == "failed"
    (share,) = shop.shares(order)
    assert (share.status, share.error, share.key_no, share.next_attempt_at) == ("failed", "No.", 1, None)
    assert send(shop, wanted) == "skipped"
    shop.now(order)


@pytest.mark.parametrize("fault", [500, 401, 409])
def test_without_an_answer_it_is_put_off_for_longer_and_longer(shop: Shop, fault: int) -> None:
    order, wanted = refunded(shop)
    version = shop.now(order)["version"]
    waits = []
    for _ in range(3):
        shop.make_due(order)
        shop.razorpay.fail(fault)
        assert send(shop, wanted) == "postponed"
        waits.append(wait_seconds(shop, order))
    assert waits == pytest.approx([5, 15, 60], abs=2)
    (share,) = shop.shares(order)
    assert (share.status, share.attempts, bool(share.error)) == ("created", 3, True)
    shown = shop.now(order)
    assert (shown["version"], shown["payments"][0]["refunds"][0]["error"]) == (version, None)


def test_an_answer_that_got_lost_is_found_by_its_key(shop: Shop) -> None:
    order, wanted = refunded(shop)
    shop.razorpay.fail(*[RESET_AFTERWARDS] * 3, only="POST")
    assert send(shop, wanted) == "postponed"
    shop.razorpay.forget_keys()
    shop.make_due(order)
    assert send(shop, wanted) == "processed"
    paid = order["payments"][0]["provider_payment_id"]
    assert shop.razorpay.payments[paid]["amount_refunded"] == 3000
    shop.now(order)


def test_a_process_that_died_leaves_a_lease_that_runs_out(shop: Shop) -> None:
    order, wanted = refunded(shop)
    with shop.app.app_context():
        assert transaction(lambda session: refunds.claim(session, wanted))
    assert send(shop, wanted) == "skipped"
    assert 50 < wait_seconds(shop, order) <= refunds.LEASE_SECONDS
    shop.make_due(order)
    assert send(shop, wanted) == "processed"
    (share,) = shop.shares(order)
    assert (share.attempts, share.key_no) == (2, 0)


def test_two_at_once_send_it_once(shop: Shop) -> None:
    order, wanted = refunded(shop)
    assert sorted(at_once(lambda: send(shop, wanted))) == ["processed", "skipped"]
    assert len(shop.razorpay.asked("POST", "/refund")) == 1
    shop.now(order)


def test_what_is_pending_is_asked_about_and_never_given_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "MAX_ATTEMPTS", 1)
    order, wanted = refunded(shop)
    shop.razorpay.refund_later = True
    assert send(shop, wanted) == "pending"
    pending = shop.now(order)
    for _ in range(2):
        shop.make_due(order)
        assert send(shop, wanted) == "pending"
    shop.make_due(order)
    shop.razorpay.fail(500)
    assert send(shop, wanted) == "postponed"
    assert shop.now(order) == pending
    assert len(shop.razorpay.asked("POST", "/refund")) == 1


def test_one_that_the_provider_could_not_carry_out_fails(shop: Shop) -> None:
    order, wanted = refunded(shop)
    shop.razorpay.refund_later = True
    send(shop, wanted)
    shop.razorpay.fail_refund(shop.shares(order)[0].provider_refund_id)
    shop.make_due(order)
    assert send(shop, wanted) == "failed"
    assert shop.now(order)["payments"][0]["refunds"][0]["error"] == "the provider could not process it"


def test_a_provider_that_is_not_configured_any_more_has_not_said_no(shop: Shop) -> None:
    """The money may have gone out already: the retry must have the same key."""
    order, wanted = refunded(shop)
    shop.razorpay.fail(*[RESET_AFTERWARDS] * 3, only="POST")
    assert send(shop, wanted) == "postponed"
    kept = shop.app.extensions["oms_providers"]
    shop.app.extensions["oms_providers"] = {"manual": kept["manual"]}
    shop.make_due(order)
    assert send(shop, wanted) == "postponed"
    shop.app.extensions["oms_providers"] = kept
    (share,) = shop.shares(order)
    assert (share.status, share.key_no) == ("created", 0)
    shop.make_due(order)
    assert send(shop, wanted) == "processed"
    assert shop.razorpay.payments[order["payments"][0]["provider_payment_id"]]["amount_refunded"] == 3000


def test_a_retry_after_lost_answers_does_not_pay_twice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "MAX_ATTEMPTS", 1)
    order, wanted = refunded(shop)
    shop.razorpay.fail(*[RESET_AFTERWARDS] * 3, only="POST")
    assert send(shop, wanted) == "failed"
    shop.razorpay.forget_keys()
    shop.staff.post(url(order, "refunds", wanted.refund_id, "retry"))
    assert send(shop, wanted) == "processed"
    assert shop.razorpay.payments[order["payments"][0]["provider_payment_id"]]["amount_refunded"] == 3000
