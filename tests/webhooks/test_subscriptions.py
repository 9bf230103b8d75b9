"""Which events an endpoint is told of."""

import pytest

from oms.errors import Invalid
from oms.orders import events
from oms.webhooks import subscriptions
from oms.webhooks.subscriptions import ENDPOINT_DISABLED, Subscription


def test_patterns_are_kept_in_full_and_once() -> None:
    given = ["order.*", "oms.order.*", "*", "oms.refund.processed.v1", "order.created.v1"]
    assert subscriptions.normalised(given) == [
        "oms.order.*",
        "oms.*",
        "oms.refund.processed.v1",
        "oms.order.created.v1",
    ]


@pytest.mark.parametrize(
    "pattern", ["", ".*", "order", "order.created", "ord*", "order.*.v1", "**", "oms.new_order.v1"]
)
def test_a_pattern_that_no_event_has_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid) as caught:
        subscriptions.normalised(["*", pattern])
    assert caught.value.errors[0]["pointer"] == "/event_types/1"


def test_a_beginning_ends_with_a_whole_word() -> None:
    assert subscriptions.matches(["oms.order.*"], events.CREATED)
    assert not subscriptions.matches(["oms.order.*"], "oms.orders.created.v1")
    assert not subscriptions.matches(["oms.refund.*"], events.REFUND_VOUCHER_ISSUED)


def test_all_events_are_those_of_orders_but_the_one_that_repeats_another() -> None:
    everything = Subscription("W", ("oms.*",), None, None)
    told = {kind for kind in {*events.schemas(), ENDPOINT_DISABLED} if everything.wants(kind, {})}
    assert told == set(events.schemas()) - {events.NEW_ORDER}
    assert Subscription("W", ("oms.webhook_endpoint.*",), None, None).wants(ENDPOINT_DISABLED, {})


def test_an_event_without_a_facility_is_of_no_facility() -> None:
    narrow = Subscription("W", ("oms.*",), None, "F")
    assert [narrow.wants(events.CREATED, about) for about in ({"facility_id": "F"}, {"facility_id": None}, {})] == [
        True,
        False,
        False,
    ]
