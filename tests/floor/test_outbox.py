import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from devstack.kafka import Kafka
from oms import kafka as kafka_client
from oms import outbox
from oms.config import Settings
from oms.extensions import db
from oms.ids import new_id
from oms.kafka import Publisher
from oms.outbox import Drained
from oms.transactions import read, transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import events, mending
from tests.floor.topics import NEW_ORDER, ORDER_EVENTS, Listener, first_sequences

pytestmark = pytest.mark.usefixtures("empty_outbox")
MORE_THAN_A_MESSAGE_MAY_HOLD = 9_000_000
Drain = Callable[[], int]


def drain(publisher: Publisher) -> int:
    """Every shard until nothing is left that can go; how many events were confirmed."""
    total = 0
    while sent := sum(drain_once(shard, publisher).sent for shard in read(outbox.pending_shards)):
        total += sent
    return total


def drain_once(shard: int, publisher: Publisher) -> Drained:
    return transaction(lambda session: outbox.publish(session, [shard], publisher, events.nobody))


def sequence(version: int, position: int = 0) -> str:
    return f"{version:010d}.{position:04d}"


def same_shard(count: int) -> list[str]:
    """Order ids that one worker drains together."""
    wanted = outbox.shard_of(new_id())
    found: list[str] = []
    while len(found) < count:
        if outbox.shard_of(order_id := new_id()) == wanted:
            found.append(order_id)
    return found


@pytest.fixture
def listener(kafka: Kafka) -> Any:
    with Listener(kafka.url) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that is away is given up after a second instead of five."""
    monkeypatch.setattr(kafka_client, "DELIVERY_SECONDS", 1.0)


def test_the_events_of_an_order_go_out_in_their_order(publisher: Publisher, listener: Listener) -> None:
    orders = [new_id() for _ in range(20)]
    events.record(orders, range(1, 6), count=2)
    assert drain(publisher) == 200
    heard = first_sequences(listener.wait_for_ids(events.ids(orders)))
    expected = [sequence(version, position) for version in range(1, 6) for position in (0, 1)]
    assert all(heard[order_id] == expected for order_id in orders)


def test_the_order_holds_across_batches(
    publisher: Publisher, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 3)
    orders = same_shard(6)
    for version in range(1, 5):
        events.record(reversed(orders), [version])
    drain(publisher)
    heard = first_sequences(listener.wait_for_ids(events.ids(orders)))
    assert all(heard[order_id] == [sequence(version) for version in range(1, 5)] for order_id in orders)


def test_two_drains_at_once_send_every_event_once_and_in_order(
    app: Flask, settings: Settings, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 10)
    orders = [new_id() for _ in range(40)]
    events.record(orders, range(1, 7))
    together = threading.Barrier(2)

    def work() -> None:
        with app.app_context():
            own = Publisher(settings)
            together.wait()
            while read(outbox.pending_shards):
                drain(own)

    drains = [threading.Thread(target=work) for _ in range(2)]
    for each in drains:
        each.start()
    for each in drains:
        each.join()
    heard = listener.wait_for_ids(events.ids(orders))
    assert len([message for message in heard if message.key in orders]) == 240
    by_order = first_sequences(heard)
    assert all(by_order[order_id] == [sequence(version) for version in range(1, 7)] for order_id in orders)


def test_a_shard_that_is_being_drained_is_left_alone(publisher: Publisher) -> None:
    order_id = new_id()
    shard = outbox.shard_of(order_id)
    events.record([order_id])
    with db.engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtext('oms.outbox'), :shard)"), {"shard": shard})
        assert drain_once(shard, publisher) == Drained(0, more=False, broker_away=False)
    assert drain_once(shard, publisher).sent == 1


def test_a_crash_between_acknowledgement_and_mark_sends_the_same_ids_again(
    publisher: Publisher, listener: Listener
) -> None:
    order_id = new_id()
    events.record([order_id], [1, 2])

    def die_before_the_commit(session: Session) -> None:
        assert outbox.publish(session, [outbox.shard_of(order_id)], publisher, events.nobody)[0] == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transaction(die_before_the_commit)
    assert [row.published_at for row in events.rows(order_id)] == [None, None]
    drain(publisher)
    first, second = events.ids([order_id])
    heard = listener.wait_for(lambda heard: [m.key for m in heard].count(order_id) == 4)
    assert [message.id for message in heard if message.key == order_id] == [first, second, first, second]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("away", ["down", "pause"])
def test_without_a_broker_orders_are_accepted_and_go_out_in_order_later(
    away: str, servers: Servers, kafka: Kafka, customer: Caller, publisher: Publisher, listener: Listener
) -> None:
    getattr(kafka, away)()
    placed, slowest = [], 0.0
    for _ in range(10):
        began = time.perf_counter()
        response = customer.post("/orders", {"items": {"tea": 1}})
        slowest = max(slowest, time.perf_counter() - began)
        placed.append(response.json["order_id"])
        assert customer.post(f"/orders/{placed[-1]}/cancel").status_code == 200
    assert slowest < 0.5
    first = outbox.shard_of(placed[0])
    assert drain_once(first, publisher) == Drained(0, more=False, broker_away=True)
    lag = read(outbox.lag)
    assert (lag.pending, lag.refused) == (30, 0)
    mending.mend_kafka(servers)
    while read(outbox.pending_shards):
        drain(publisher)
    heard = first_sequences(listener.wait_for_ids(id_ for id_ in _order_event_ids(placed)))
    assert all(heard[order_id] == [sequence(1), sequence(2)] for order_id in placed)


def _order_event_ids(order_ids: list[str]) -> list[str]:
    query = text("SELECT event_id FROM outbox_events WHERE order_id = ANY(:ids) AND topic = :topic")
    parameters = {"ids": order_ids, "topic": ORDER_EVENTS}
    return list(read(lambda session: session.execute(query, parameters).scalars().all()))


class TestARefusedEvent:
    def test_is_set_aside_with_its_reason(self, publisher: Publisher) -> None:
        order_id = new_id()
        events.record([order_id], size=MORE_THAN_A_MESSAGE_MAY_HOLD)
        drain(publisher)
        (row,) = events.rows(order_id)
        assert (row.published_at, row.attempts, row.last_error, row.waiting) == (None, 1, "MSG_SIZE_TOO_LARGE", True)
        assert read(outbox.lag).refused == 1

    def test_holds_back_what_follows_in_its_order_and_nothing_else(
        self, publisher: Publisher, listener: Listener
    ) -> None:
        stuck, free = same_shard(2)
        events.record([stuck], [1])
        events.record([stuck], [2], size=MORE_THAN_A_MESSAGE_MAY_HOLD)
        events.record([stuck, free], [3])
        drain(publisher)
        events.record([stuck], [4])
        drain(publisher)
        assert [row.published_at is not None for row in events.rows(stuck)] == [True, False, False, False]
        assert [row.published_at is not None for row in events.rows(free)] == [True]
        heard = listener.wait_for_ids(events.ids([free]))
        assert [message.sequence for message in heard if message.key == stuck] == [sequence(1)]

    def test_goes_first_once_it_can_go(self, publisher: Publisher, listener: Listener) -> None:
        order_id = new_id()
        events.record([order_id], [1], size=MORE_THAN_A_MESSAGE_MAY_HOLD)
        events.record([order_id], [2])
        drain(publisher)
        shorten = text("UPDATE outbox_events SET payload = '{}' WHERE order_id = :id AND version = 1")
        transaction(lambda session: session.execute(shorten, {"id": order_id}))
        events.retry_now(order_id)
        assert drain(publisher) == 2
        assert first_sequences(listener.wait_for_ids(events.ids([order_id])))[order_id] == [sequence(1), sequence(2)]
        assert [row.last_error for row in events.rows(order_id)] == [None, None]

    def test_does_not_fill_the_batches_with_what_waits_for_it(
        self, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outbox, "BATCH", 5)
        stuck, free = same_shard(2)
        events.record([stuck], [1], size=MORE_THAN_A_MESSAGE_MAY_HOLD)
        drain(publisher)
        events.record([stuck], range(2, 20))
        events.record([free])
        drain(publisher)
        assert events.rows(free)[0].published_at is not None


def test_a_transaction_that_commits_late_is_not_skipped(publisher: Publisher) -> None:
    early, late = same_shard(2)
    with Session(db.engine) as slow:
        events.add(slow, late, 1)
        events.record([early])
        drain(publisher)
        assert (events.rows(early)[0].published_at, events.rows(late)) != (None, [])
        slow.commit()
    assert drain(publisher) == 1
    assert events.rows(late)[0].published_at is not None


def test_a_gap_in_the_versions_stops_nothing(publisher: Publisher, listener: Listener) -> None:
    order_id = new_id()
    events.record([order_id], [1, 4, 9])
    drain(publisher)
    heard = first_sequences(listener.wait_for_ids(events.ids([order_id])))
    assert heard[order_id] == [sequence(1), sequence(4), sequence(9)]


def test_an_older_version_with_a_younger_time_still_goes_first(
    publisher: Publisher, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 1)
    order_id = new_id()
    events.record([order_id], [2])
    events.record([order_id], [1])
    drain(publisher)
    assert first_sequences(listener.wait_for_ids(events.ids([order_id])))[order_id] == [sequence(1), sequence(2)]


def test_an_event_is_a_cloudevent_in_binary_mode(customer: Caller, publisher: Publisher, listener: Listener) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    placed = customer.post("/orders", {"items": {"tea": 1}}, headers={"traceparent": trace}).json["order_id"]
    drain(publisher)
    (event_id,) = _order_event_ids([placed])
    (event,) = [message for message in listener.wait_for_ids([event_id]) if message.key == placed]
    time_sent = event.headers.pop("ce_time")
    assert time_sent.endswith("Z")
    assert event.headers == {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": "/oms",
        "ce_type": "oms.order.created.v1",
        "ce_subject": placed,
        "ce_sequence": sequence(1),
        "ce_traceparent": trace,
        "content-type": "application/json",
    }
    assert event.json["order_id"] == placed


def test_a_new_order_is_also_told_as_flat_json(customer: Caller, publisher: Publisher, kafka: Kafka) -> None:
    with Listener(kafka.url, NEW_ORDER) as listener:
        order = customer.post("/orders", {"items": {"coffee": {"shots": 2}}, "order_price": 11.50}).json
        drain(publisher)
        heard = listener.wait_for(lambda heard: order["order_id"] in {message.key for message in heard})
    (message,) = [message for message in heard if message.key == order["order_id"]]
    assert message.json == {
        "id": order["order_id"],
        "items": {"coffee": {"shots": 2}},
        "status": "pending",
        "created_at": order["created_at"],
        "creator_id": customer.id,
        "order_price": 11.50,
    }


def test_ten_thousand_events_are_drained_without_holding_up(publisher: Publisher) -> None:
    """The figure is printed; what is asserted is only that nothing is left."""
    events.record(["warm-up-" + new_id()])
    drain(publisher)
    for _ in range(10):
        events.record([new_id() for _ in range(500)], count=2, size=400)
    began = time.perf_counter()
    assert drain(publisher) == 10_000
    print(f"\noutbox: {10_000 / (time.perf_counter() - began):,.0f} events/s")  # noqa: T201 - run with -s to see it
    assert read(outbox.lag).pending == 0
