"""Real processes on a real broker: two consumers that share a group, and a worker that is killed while it sends."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from devstack.apache_kafka import ApacheKafka
from oms import outbox, queues
from oms.consumer.processing import BATCH
from oms.ids import new_id
from oms.transactions import read
from tests.consumer.test_effects import entered
from tests.consumer.test_health import get
from tests.consumer.topics import Topics, eventually
from tests.factories import lines_body, rows
from tests.floor import events
from tests.floor.topics import Listener
from tests.kafka.told import told_once_and_in_order
from tests.processes.programs import Program

Start = Callable[..., Program]
ORDERS, VERSIONS = 40, 60


def placed(app: Flask, order_ids: list[str]) -> int:
    return int(rows(app, "SELECT count(*) AS n FROM orders WHERE order_id = ANY(:ids)", ids=order_ids)[0].n)


def told(app: Flask, order_ids: list[str]) -> list[tuple[str, int]]:
    """Events by type over all these orders."""
    counted = rows(
        app,
        "SELECT type, count(*) AS n FROM outbox_events WHERE order_id = ANY(:ids) GROUP BY type ORDER BY type",
        ids=order_ids,
    )
    return [(row.type, row.n) for row in counted]


def works(consumer: Program) -> bool:
    """Whether this consumer has handled something: what, depends on the partitions it was given."""
    if not (served := re.search(r'"port":([0-9]+),"event":"consumer_health_served"', consumer.printed)):
        return False
    _, metrics = get(int(served[1]), "/metrics")
    return bool(re.search(rb'^oms_consumer_messages_total\{outcome="handled"', metrics, re.MULTILINE))


class Flow:
    """Commands that place orders, and the news of them, on four partitions; there are always some to be done."""

    AHEAD = 300

    def __init__(self, app: Flask, topics: Topics) -> None:
        self.order_ids: list[str] = []
        self._app = app
        self._topics = topics

    def top_up(self) -> None:
        if len(self.order_ids) - placed(self._app, self.order_ids) < self.AHEAD:
            self.more()

    def more(self, count: int = AHEAD) -> None:
        topics = self._topics
        for position in range(count):
            order = lines_body(customer_id="C-1")
            self.order_ids.append(order["order_id"])
            topics.post(topics.commands, {"command": "create", "order": order}, position % 4)
            topics.post(topics.new_order, {"id": order["order_id"]}, position % 4)
        topics.flush()

    def goes_on_until(self, condition: Callable[[], bool]) -> None:
        def met() -> bool:
            self.top_up()
            return condition()

        eventually(met)


@pytest.mark.parametrize("leaving", ["stopped", "killed"])
def test_a_rebalance_in_the_middle_of_a_batch_leaves_every_effect_once(
    leaving: str, app: Flask, topics: Topics, start: Start
) -> None:
    flow = Flow(app, topics)
    first = start("consumer", **topics.variables())
    flow.goes_on_until(lambda: works(first))
    second = start("consumer", **topics.variables())
    flow.goes_on_until(lambda: works(second))
    flow.more()
    if leaving == "stopped":
        first.terminate()
        assert first.wait() == 0, first.printed
    elif leaving == "killed":
        first.kill()
    flow.more()
    orders = len(flow.order_ids)
    eventually(lambda: placed(app, flow.order_ids) == orders and len(entered(app, topics)) == 2 * orders)
    ends = {(name, at): topics.end(name, at) for name in (topics.commands, topics.new_order) for at in range(4)}
    eventually(lambda: {place: topics.committed(*place) for place in ends} == ends)
    assert told(app, flow.order_ids) == [("oms.new_order.v1", orders), ("oms.order.created.v1", orders)]
    group = topics.settings.kafka_consumer_group
    assert rows(app, "SELECT reason FROM dead_letters WHERE consumer = :group", group=group) == []
    processed = (first.printed + second.printed).count('"event":"order_processed"')
    assert processed == orders or (leaving == "killed" and orders - BATCH <= processed < orders)


@pytest.mark.usefixtures("context")
def test_a_worker_killed_while_it_sends_leaves_no_gap_and_only_repeats_events_as_they_were(
    app: Flask, kafka: ApacheKafka, start: Start
) -> None:
    queues.queue().empty()  # of what other tests have rung for
    orders = [new_id() for _ in range(ORDERS)]
    events.record(orders, range(1, VERSIONS + 1))
    ids = events.ids(orders)
    with Listener(kafka.url) as listener:
        for share in (0.2, 0.5):
            eventually(lambda: queues.insist(queues.PUBLISH_OUTBOX))
            worker = start("worker")
            listener.wait_for(lambda heard, share=share: len({m.id for m in heard} & set(ids)) > share * len(ids), 60)
            worker.kill()
        assert read(outbox.lag).pending > 0, "all had been sent before the worker was killed"
        eventually(lambda: queues.insist(queues.PUBLISH_OUTBOX))
        start("worker")
        eventually(lambda: read(outbox.lag).pending == 0)
        heard = listener.wait_for_ids(ids)
        repeats = told_once_and_in_order(heard, orders, VERSIONS)
    assert events.ids(orders) == ids
    assert repeats > 0, "the worker was killed between two batches: nothing was shown"
