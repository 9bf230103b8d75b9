"""The broker goes away in the middle of something and comes back with what it had."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from devstack.apache_kafka import ApacheKafka
from oms import outbox
from oms.config import Settings
from oms.ids import new_id
from oms.kafka import Publisher
from oms.transactions import read
from tests.consumer.test_effects import processed
from tests.consumer.topics import Topics, eventually
from tests.factories import execute
from tests.floor import events
from tests.floor.test_outbox import drain
from tests.floor.topics import Listener
from tests.kafka.told import told_once_and_in_order
from tests.processes.programs import Program

ORDERS, VERSIONS = 60, 40
Start = Callable[..., Program]


def restarted(kafka: ApacheKafka, how: str) -> None:
    if how == "killed":
        kafka.down()
        kafka.up()
    else:
        kafka.restart()


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_restart_in_the_middle_of_publishing_loses_nothing_and_keeps_the_order_of_each_key(
    how: str, app: Flask, settings: Settings, kafka: ApacheKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BATCH", 50)  # many commits, so that the restart falls between some
    orders = [new_id() for _ in range(ORDERS)]
    events.record(orders, range(1, VERSIONS + 1))
    ids = events.ids(orders)

    def publish() -> None:
        with app.app_context():
            publisher = Publisher(settings)
            while read(outbox.pending_shards):
                drain(publisher)
            publisher.discard()

    with Listener(kafka.url) as listener:
        publishing = threading.Thread(target=publish)
        publishing.start()
        listener.wait_for(lambda heard: len({message.id for message in heard} & set(ids)) > len(ids) // 20)
        restarted(kafka, how)
        came_back_to = read(outbox.lag).pending
        publishing.join(60)
        assert not publishing.is_alive()
        heard = listener.wait_for_ids(ids, 60)
    assert came_back_to > 0, "all had been sent before the broker went"
    assert read(outbox.lag).pending == 0
    told_once_and_in_order(heard, orders, VERSIONS)
    assert events.ids(orders) == ids


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_offsets_of_a_group_survive_a_restart(
    how: str, app: Flask, topics: Topics, kafka: ApacheKafka, start: Start
) -> None:
    def end(topic: str) -> list[int]:
        return [topics.end(topic, partition) for partition in range(4)]

    def committed(topic: str) -> list[int]:
        return [topics.committed(topic, partition) for partition in range(4)]

    variables = topics.variables()
    before, after = [new_id() for _ in range(40)], new_id()
    for position, order_id in enumerate(before):
        topics.event(topics.new_order, {"id": order_id}, partition=position % 4)
    first = start("consumer", **variables)
    eventually(lambda: len(processed(app, *before)) == len(before))
    first.terminate()
    assert first.wait() == 0, first.printed
    assert committed(topics.new_order) == end(topics.new_order)
    restarted(kafka, how)
    assert committed(topics.new_order) == end(topics.new_order) == [10] * 4
    topics.event(topics.new_order, {"id": after})
    # Forget what was dealt with: were anything read again, it would have an effect again.
    execute(app, "DELETE FROM order_processing WHERE order_id = ANY(:ids)", ids=before)
    execute(app, "DELETE FROM inbox_events WHERE consumer = :group", group=topics.settings.kafka_consumer_group)
    second = start("consumer", **variables)
    eventually(lambda: processed(app, after))
    second.terminate()
    assert second.wait() == 0, second.printed
    assert not processed(app, *before)
    assert committed(topics.new_order) == end(topics.new_order) == [11, 10, 10, 10]
