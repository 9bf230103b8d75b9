"""A provider's callback about a refund: whose share it is, and whose no longer."""

from typing import Any

from tests.factories import url
from tests.paying import Shop


def refunded(shop: Shop) -> tuple[Any, Any]:
    """An order paid at Razorpay, and a refund of 30 that is not sent yet."""
    order = shop.paid_at("razorpay")
    return order, shop.refund(order, amount=30)


def pending(shop: Shop) -> tuple[Any, Any, str]:
    order, made = refunded(shop)
    shop.razorpay.refund_later = True
    shop.send_refunds()
    return order, made, shop.shares(order)[0].provider_refund_id


def test_it_may_overtake_the_answer_that_names_the_refund(shop: Shop) -> None:
    order, _ = refunded(shop)
    shop.razorpay.fail(lambda seen: (shop.razorpay.answer(seen), shop.razorpay.failure(500))[1], only="POST")
    shop.send_refunds()
    assert shop.shares(order)[0].provider_refund_id is None
    there = list(shop.razorpay.refunds)[-1]
    assert shop.told("razorpay", "refund.processed", there) == "applied"
    (share,) = shop.shares(order)
    assert (share.status, share.provider_refund_id) == ("processed", there)
    assert shop.send_refunds() == 0
    assert shop.now(order)["payments"][0]["refunded_amount"] == 30


def test_that_it_was_taken_in_is_written_down_once(shop: Shop) -> None:
    order, _, there = pending(shop)
    assert shop.told("razorpay", "refund.created", there) == "nothing_new"
    assert shop.steps(order).count("refund.pending") == 1


def test_what_was_processed_does_not_become_pending_again(shop: Shop) -> None:
    order, _, there = pending(shop)
    late = shop.razorpay.webhook("refund.created", there)
    shop.razorpay.process_refund(there)
    shop.told("razorpay", "refund.processed", there)
    answer = shop.anonymous.post("/payment-events/razorpay", late[1], headers=late[0])
    assert answer.get_json() == {"outcome": "nothing_new"}
    assert shop.now(order)["payments"][0]["refunds"][0]["status"] == "processed"


def test_an_attempt_that_was_given_up_says_nothing_about_the_one_under_way(shop: Shop) -> None:
    order, made, former = pending(shop)
    shop.razorpay.fail_refund(former)
    shop.told("razorpay", "refund.failed", former)
    shop.staff.post(url(order, "refunds", made["refund_id"], "retry"))
    shop.send_refunds()
    assert shop.told("razorpay", "refund.failed", former) == "nothing_new"
    (share,) = shop.shares(order)
    assert (share.status, share.key_no) == ("pending", 1)
    shop.razorpay.process_refund(share.provider_refund_id)
    assert shop.told("razorpay", "refund.processed", share.provider_refund_id) == "applied"
    assert shop.now(order)["payments"][0]["refunded_amount"] == 30


def test_of_several_shares_it_is_about_one(shop: Shop) -> None:
    order = shop.order()
    for _ in range(2):
        part = shop.part(order, amount=50)
        shop.told("razorpay", "payment.captured", shop.razorpay.pay(part["provider_order_id"]))
    shop.refund(order, amount=10)
    shop.razorpay.refund_later = True
    shop.send_refunds()
    first, second = shop.shares(order)
    shop.razorpay.process_refund(second.provider_refund_id)
    shop.told("razorpay", "refund.processed", second.provider_refund_id)
    assert [part["refunded_amount"] for part in shop.now(order)["payments"]] == [0, 5]
    assert [share.status for share in shop.shares(order)] == ["pending", "processed"]
    assert first.refund_id == second.refund_id
