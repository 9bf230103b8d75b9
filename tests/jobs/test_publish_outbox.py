import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from devstack.kafka import Kafka
from oms import kafka as kafka_client
from oms import outbox, queues
from oms.ids import new_id
from oms.jobs.publish_outbox import publish_outbox
from oms.kafka import Delivery, Publisher, Record
from oms.outbox import Drained, FanOut
from oms.transactions import read
from tests.callers import Caller
from tests.floor import events
from tests.floor.outsiders import Outsider
from tests.floor.topics import Listener

pytestmark = pytest.mark.usefixtures("quiet")
TEA = {"items": {"tea": 1}}


def pending() -> int:
    return read(outbox.lag).pending


def of_every_shard() -> list[str]:
    found: dict[int, str] = {}
    while len(found) < outbox.SHARDS:
        order_id = new_id()
        found.setdefault(outbox.shard_of(order_id), order_id)
    return list(found.values())


def test_one_run_sends_what_all_shards_hold(kafka: Kafka) -> None:
    orders = of_every_shard()
    with Listener(kafka.url) as listener:
        events.record(orders, [1, 2])
        assert publish_outbox() == 2 * outbox.SHARDS
        listener.wait_for_ids(events.ids(orders))
    assert pending() == 0


def test_with_nothing_to_send_it_ends() -> None:
    assert publish_outbox() == 0


def test_a_hundred_orders_ring_once(customer: Caller) -> None:
    callers = [Outsider.like(customer) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda caller=caller: [caller.post("/orders", TEA) for _ in range(25)])
        for caller in callers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pending() == 200
    assert queues.depth() == {"waiting": 1, "failed": 0}


def test_a_commit_during_a_run_rings_again(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    customer.post("/orders", TEA)
    queues.queue().empty()
    real, placed = outbox.publish, []

    def drain(session: Session, shards: Sequence[int], publisher: Publisher, fan_out: FanOut) -> Drained:
        if not placed:
            placed.append(customer.post("/orders", TEA).status_code)
        return real(session, shards, publisher, fan_out)

    monkeypatch.setattr(outbox, "publish", drain)
    publish_outbox()
    assert placed == [201]
    assert queues.depth()["waiting"] == 1


def test_a_broker_that_takes_nothing_is_asked_for_one_shard_only(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen shards of five seconds each would outlast the job's minute."""
    monkeypatch.setattr(kafka_client, "DELIVERY_SECONDS", 0.3)
    asked: list[int] = []
    real = Publisher.send

    def send(self: Publisher, records: Any) -> list[Delivery]:
        asked.append(1)
        return real(self, records)

    monkeypatch.setattr(Publisher, "send", send)
    events.record(of_every_shard())
    kafka.down()
    assert publish_outbox() == 0
    assert len(asked) == 1
    assert pending() == outbox.SHARDS


def test_a_shard_whose_events_partly_failed_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = of_every_shard()
    events.record(orders, [1, 2])
    unlucky = orders[:3]
    monkeypatch.setattr(Publisher, "send", failing_for(unlucky))
    publish_outbox()
    sent = {order_id: [row.published_at is not None for row in events.rows(order_id)] for order_id in orders}
    assert [sent[order_id] for order_id in unlucky] == [[True, False]] * 3
    assert [sent[order_id] for order_id in orders[3:]] == [[True, True]] * (outbox.SHARDS - 3)


def failing_for(orders: list[str]) -> Callable[..., list[Delivery]]:
    """Confirms everything, but of these orders only the first event: their partition has lost its leader."""

    def send(_: Publisher, records: list[Record]) -> list[Delivery]:
        return [
            Delivery("_MSG_TIMED_OUT" if record.key in orders and ("ce_sequence", LATER) in record.headers else None)
            for record in records
        ]

    return send


LATER = f"{2:010d}.{0:04d}"


def test_a_run_that_takes_long_rings_for_its_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.jobs.publish_outbox.SECONDS", 0.0)
    monkeypatch.setattr(outbox, "BATCH", outbox.SHARDS)
    events.record(of_every_shard())
    assert publish_outbox() == outbox.SHARDS
    assert queues.depth()["waiting"] == 1


def test_a_few_events_of_all_shards_go_in_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = groups_of(monkeypatch)
    events.record(of_every_shard())
    assert publish_outbox() == outbox.SHARDS
    assert [len(shards) for shards in batches] == [outbox.SHARDS]


def test_many_are_taken_shard_by_shard_so_that_another_worker_finds_free_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BATCH", outbox.SHARDS)
    batches = groups_of(monkeypatch)
    events.record(of_every_shard())
    events.record(of_every_shard())
    assert publish_outbox() == 2 * outbox.SHARDS
    assert [len(shards) for shards in batches] == [outbox.SHARDS] + [1] * outbox.SHARDS


def groups_of(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The shards of each batch from now on."""
    real, batches = outbox.publish, []

    def publish(session: Session, shards: Sequence[int], publisher: Publisher, fan_out: FanOut) -> Drained:
        batches.append(list(shards))
        return real(session, shards, publisher, fan_out)

    monkeypatch.setattr(outbox, "publish", publish)
    return batches


def test_the_producer_outlives_the_run() -> None:
    events.record([new_id()])
    publish_outbox()
    first = module_publisher()
    events.record([new_id()])
    publish_outbox()
    assert module_publisher() is first


def module_publisher() -> Any:
    import oms.jobs.publish_outbox

    return oms.jobs.publish_outbox.publisher()._producer


def test_a_run_clears_the_flag_it_was_rung_by(context: Flask) -> None:
    queues.wake(queues.PUBLISH_OUTBOX)
    queues.wake(queues.PUBLISH_OUTBOX)
    assert queues.depth()["waiting"] == 1
    publish_outbox()
    queues.wake(queues.PUBLISH_OUTBOX)
    assert queues.depth()["waiting"] == 2
