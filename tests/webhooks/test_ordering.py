"""An ordered endpoint is told the events of an order one after the other."""

from typing import Any

import pytest

from oms.webhooks.schedule import PAUSES
from tests.webhooks.hooks import Hooks
from tests.webhooks.receivers import Answer, Got, Receiver

STEPS = ("confirmed", "processing", "packed")


@pytest.fixture
def ordered(hooks: Hooks, receiver: Receiver) -> Any:
    return hooks.endpoint(receiver, ordered=True)


def versions(receiver: Receiver, order: Any) -> list[int]:
    return [got.json()["data"]["version"] for got in receiver.got if _of(got) == order["order_id"]]


def _of(got: Got) -> Any:
    return got.json()["data"].get("order_id")


def test_the_events_of_an_order_arrive_in_their_order(hooks: Hooks, receiver: Receiver, ordered: Any) -> None:
    orders = [hooks.order() for _ in range(3)]
    for order in orders:
        hooks.move(order, *STEPS)
    hooks.told()
    for order in orders:
        assert versions(receiver, order) == [1, 2, 3, 4]


def test_a_later_event_waits_for_the_one_that_failed(hooks: Hooks, receiver: Receiver, ordered: Any) -> None:
    receiver.fail(500, times=1)
    order, other = hooks.order(), hooks.order()
    hooks.move(order, *STEPS)
    hooks.move(other, *STEPS)
    hooks.told()
    blocked, free = (order, other) if _of(receiver.got[0]) == order["order_id"] else (other, order)
    assert versions(receiver, blocked) == [1]
    assert versions(receiver, free) == [1, 2, 3, 4]
    hooks.simply("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE attempts = 1 AND status = 'waiting'")
    hooks.deliver()
    assert versions(receiver, blocked) == [1, 1, 2, 3, 4]


def test_what_was_given_up_holds_nothing_up(hooks: Hooks, receiver: Receiver, ordered: Any) -> None:
    order = hooks.order()
    hooks.move(order, "confirmed")

    def refuse_the_first(got: Got) -> Answer:
        return Answer(500 if got.json()["data"]["version"] == 1 else 204)

    receiver.answer = refuse_the_first
    hooks.told()
    hooks.simply("UPDATE webhook_deliveries SET attempts = :last WHERE version = 1", last=len(PAUSES))
    hooks.simply("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE version = 1")
    hooks.deliver()
    assert versions(receiver, order) == [1, 1, 2]
    assert [each["status"] for each in hooks.deliveries(ordered)] == ["delivered", "failed"]


def test_without_that_wish_a_later_event_does_not_wait(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    receiver.fail(500, times=1)
    order = hooks.order()
    hooks.move(order, *STEPS)
    hooks.told()
    assert sorted(versions(receiver, order)) == [1, 2, 3, 4]


def test_more_events_of_an_order_than_are_looked_at_together_arrive_in_order(
    hooks: Hooks, receiver: Receiver, ordered: Any
) -> None:
    order = hooks.order()
    for number in range(60):
        hooks.seller.put(f"/orders/{order['order_id']}", {"metadata": {"number": number}})
    hooks.told()
    assert versions(receiver, order) == list(range(1, 62))
