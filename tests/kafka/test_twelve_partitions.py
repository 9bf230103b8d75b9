"""Two consumers share twelve partitions; one is killed. Each message has its effect once, in the order of its key."""

from collections.abc import Callable

from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient
from flask import Flask

from oms.config import Settings
from oms.ids import new_id
from tests.consumer.test_effects import entered
from tests.consumer.topics import Topics, eventually, own_settings
from tests.factories import lines_body, rows
from tests.kafka.test_processes import works
from tests.processes.programs import Program

Start = Callable[..., Program]
PARTITIONS = 12
ORDERS, ROUND = 48, 5
NUMBERS = """
    SELECT order_id, array_agg(payload #>> '{order,metadata,number}' ORDER BY version) AS numbers FROM outbox_events
    WHERE order_id = ANY(:ids) AND type = 'oms.order.updated.v1' GROUP BY order_id
"""


class Updates:
    """Orders, and updates of each that carry the number they have in its sequence."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self.order_ids = [new_id() for _ in range(ORDERS)]
        self.sent = 0
        for order_id in self.order_ids:
            order = lines_body(customer_id="C-1") | {"order_id": order_id}
            topics.post_by_key(topics.commands, {"command": "create", "order": order}, order_id)
        topics.flush()

    def more(self) -> None:
        for number in range(self.sent + 1, self.sent + ROUND + 1):
            for order_id in self.order_ids:
                changes = {"metadata": {"number": number}}
                command = {"command": "update", "order_id": order_id, "changes": changes}
                self._topics.post_by_key(self._topics.commands, command, order_id)
        self.sent += ROUND
        self._topics.flush()

    def applied(self, app: Flask) -> int:
        """Versions over all orders; each message makes one."""
        found = rows(app, "SELECT sum(version) AS n FROM orders WHERE order_id = ANY(:ids)", ids=self.order_ids)
        return int(found[0].n or 0)


def members(topics: Topics) -> int:
    """How many consumers share the group's partitions; 0 while they are being dealt out."""
    group = topics.settings.kafka_consumer_group
    admin = AdminClient({"bootstrap.servers": topics.settings.kafka_bootstrap_servers})
    try:
        found = admin.describe_consumer_groups([group])[group].result()
    except KafkaException:  # the group has no coordinator yet
        return 0
    return len(found.members) if found.state == ConsumerGroupState.STABLE else 0


def test_two_consumers_keep_the_order_of_each_key_and_one_goes_on_when_the_other_is_killed(
    app: Flask, settings: Settings, start: Start
) -> None:
    topics = Topics(own_settings(settings), PARTITIONS)
    consumers = [start("consumer", **topics.variables()) for _ in range(2)]
    updates = Updates(topics)

    def shared() -> bool:
        """Both are members, and there is always something to do. Who gets which topic's partitions is chance."""
        if updates.applied(app) >= ORDERS * (updates.sent + 1):
            updates.more()
        return members(topics) == 2 and any(works(consumer) for consumer in consumers)

    eventually(shared)
    updates.more()
    next(consumer for consumer in consumers if works(consumer)).kill()
    for _ in range(3):
        updates.more()
    every = ORDERS * (updates.sent + 1)
    eventually(lambda: updates.applied(app) == every)
    assert len(entered(app, topics)) == every
    found = {row.order_id: row.numbers for row in rows(app, NUMBERS, ids=updates.order_ids)}
    assert found == {key: [str(number) for number in range(1, updates.sent + 1)] for key in updates.order_ids}
    ends = {at: topics.end(topics.commands, at) for at in range(PARTITIONS)}
    used = {at: end for at, end in ends.items() if end}  # by chance a partition may have none of the keys
    assert len(used) > PARTITIONS // 2
    eventually(lambda: {at: topics.committed(topics.commands, at) for at in used} == used)
    group = topics.settings.kafka_consumer_group
    assert rows(app, "SELECT reason FROM dead_letters WHERE consumer = :group", group=group) == []
