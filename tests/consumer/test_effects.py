"""From a message on a topic to its effect: once, whatever happens in between."""

from typing import Any

import pytest
from flask import Flask

from oms import consumer_lag
from oms.consumer import partitions
from oms.consumer.partitions import Partitions
from oms.ids import new_id
from tests.callers import Caller, exact
from tests.consumer.conftest import Consume
from tests.consumer.topics import Topics, eventually
from tests.factories import lines_body, outbox, place, rows, url

pytestmark = pytest.mark.kafka


def processed(app: Flask, *order_ids: str) -> list[Any]:
    return rows(app, "SELECT * FROM order_processing WHERE order_id = ANY(:ids)", ids=list(order_ids))


def entered(app: Flask, topics: Topics) -> list[str]:
    group = topics.settings.kafka_consumer_group
    found = rows(app, "SELECT event_id FROM inbox_events WHERE consumer = :group ORDER BY event_id", group=group)
    return [row.event_id for row in found]


def test_an_event_that_arrives_twice_has_one_effect(
    app: Flask, topics: Topics, consume: Consume, staff: Caller
) -> None:
    order = lines_body(customer_id="C-1")
    command = {"command": "create", "order": order}
    first = topics.event(topics.commands, command)
    topics.event(topics.commands, command, first)
    topics.event(topics.commands, command, first, partition=1)
    with consume():
        eventually(lambda: topics.committed(topics.commands) == topics.end(topics.commands))
        eventually(lambda: topics.committed(topics.commands, 1) == topics.end(topics.commands, 1))
    assert entered(app, topics) == [first]
    assert [event.type for event in outbox(app, order)] == ["oms.order.created.v1", "oms.new_order.v1"]
    assert rows(app, "SELECT 1 FROM dead_letters WHERE event_id = :id", id=first) == []


def test_a_crash_before_the_offset_commit_has_one_effect(
    app: Flask, topics: Topics, consume: Consume, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = lines_body(customer_id="C-1")
    topics.event(topics.commands, {"command": "create", "order": order})
    with monkeypatch.context() as crashing:
        crashing.setattr(Partitions, "commit", lambda _: None)
        with consume():
            eventually(lambda: outbox(app, order))
    assert topics.committed(topics.commands) < 0
    with consume():
        eventually(lambda: topics.committed(topics.commands) == topics.end(topics.commands))
    assert len(outbox(app, order)) == 2
    (event_id,) = entered(app, topics)
    assert rows(app, "SELECT 1 FROM dead_letters WHERE event_id = :id", id=event_id) == []


def test_messages_without_an_id_are_told_apart_by_where_they_lie(app: Flask, topics: Topics, consume: Consume) -> None:
    order_ids = [new_id(), new_id()]
    for order_id in order_ids:
        topics.send(topics.new_order, {"id": order_id, "items": {}})
    with consume():
        eventually(lambda: len(processed(app, *order_ids)) == 2)
    assert all(event_id.startswith(f"{topics.new_order}:0:") for event_id in entered(app, topics))


def test_messages_of_a_key_take_effect_in_order(app: Flask, topics: Topics, consume: Consume, staff: Caller) -> None:
    order = place(staff, customer_id="C-1")
    for status in ("confirmed", "processing", "packed", "shipped", "delivered"):
        topics.event(topics.fulfilment, {"order_id": order["order_id"], "status": status})
    with consume():
        eventually(lambda: exact(staff.get(url(order)))["status"] == "delivered")
    steps = exact(staff.get(url(order, "journey")))["journey"]
    moves = [step for step in steps if not step["event"]]  # an invoice is an event of its own
    assert [step["current_status"] for step in moves] == [
        "pending",
        "confirmed",
        "processing",
        "packed",
        "shipped",
        "delivered",
    ]
    assert {step["actor"] for step in moves[1:]} == {"fulfilment"}


def test_a_cached_order_is_not_served_stale_after_a_message(topics: Topics, consume: Consume, staff: Caller) -> None:
    order = place(staff, customer_id="C-1")
    assert exact(staff.get(url(order)))["status"] == "pending"
    with consume():
        topics.event(topics.fulfilment, {"order_id": order["order_id"], "status": "shipped"})
        eventually(lambda: exact(staff.get(url(order)))["status"] == "shipped")


def test_a_late_report_is_accepted_and_changes_nothing(
    app: Flask, topics: Topics, consume: Consume, staff: Caller
) -> None:
    order = place(staff, customer_id="C-1")
    topics.event(topics.fulfilment, {"order_id": order["order_id"], "status": "shipped"})
    late = topics.event(topics.fulfilment, {"order_id": order["order_id"], "status": "packed"})
    with consume():
        eventually(lambda: late in entered(app, topics))
    assert exact(staff.get(url(order)))["status"] == "shipped"
    assert rows(app, "SELECT 1 FROM dead_letters WHERE event_id = :id", id=late) == []


def test_two_consumers_share_the_partitions(
    app: Flask, topics: Topics, consume: Consume, members: list[Partitions]
) -> None:
    sent: list[str] = []

    def both_work() -> bool:
        # Two topics of three: whichever partitions a member is given, there is something in some of them.
        for partition in range(4):
            sent.append(new_id())
            topics.event(topics.new_order, {"id": sent[-1]}, partition=partition)
            command = {"command": "create", "order": lines_body(customer_id="C-1")}
            topics.event(topics.commands, command, partition=partition)
        return len(members) == 2 and all(member.lanes for member in members)

    with consume(), consume():
        eventually(both_work)
        eventually(lambda: len(processed(app, *sent)) == len(sent))
        one, other = (set(member.lanes) for member in members)
        assert not one & other


def test_lag_is_reported(app: Flask, topics: Topics, consume: Consume, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[dict[tuple[str, int], int]] = []
    monkeypatch.setattr(partitions, "REPORT_SECONDS", 0.1)
    monkeypatch.setattr(consumer_lag, "write_lag", lambda _, lag: reported.append(lag))
    topics.event(topics.new_order, {"id": new_id()})
    with consume():
        eventually(lambda: any(lag.get((topics.new_order, 0)) == 0 for lag in reported))
