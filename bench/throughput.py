"""What worker and consumer get done in a second, at full load: a heap of work, and the time until it is gone."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from confluent_kafka import Producer

from bench import counters
from bench.load import NUMBER
from bench.runs import Run, settle, wait_for
from bench.shop import Shop, lines_body
from oms import queues
from oms.outbox import SHARDS

NEW_ORDERS, COMMANDS, EVENTS = "new_order", "order-commands", "order-events"
_LOOK_EVERY_SECONDS = 0.05
# A heap for each second that a run is to take.
EVENTS_A_SECOND = 8000
MESSAGES_A_SECOND = 1500
COMMANDS_A_SECOND = 300


@dataclass(frozen=True, slots=True)
class Throughput:
    """`measure(shop, seconds)`: how many, and the seconds they took."""

    name: str
    title: str
    measure: Callable[[Shop, int], tuple[int, float]]


def measure(shop: Shop, throughput: Throughput, seconds: int, repeat: int) -> Run:
    spent = counters.Spent(shop.stack)
    count, taken = throughput.measure(shop, seconds)
    settle(shop)
    cpu, others = spent.so_far()
    return Run(throughput.name, 0, repeat, count / taken, requests=count, cpu=cpu, others=others)


def _drain(shop: Shop, seconds: int) -> tuple[int, float]:
    """Events of orders with two versions each, written while the worker stands still."""
    with shop.stack.connection() as ask:
        ask("SET enable_seqscan = off")
        with shop.stack.paused("worker"):
            shop.copy_events(EVENTS_A_SECOND * seconds // 2, EVENTS, SHARDS)
            count = ask("SELECT count(*) FROM outbox_events WHERE published_at IS NULL")[0][0]
        began = time.monotonic()
        with shop.app.app_context():
            queues.wake(queues.PUBLISH_OUTBOX)
        nothing_left = "SELECT NOT EXISTS (SELECT 1 FROM outbox_events WHERE published_at IS NULL)"
        wait_for(lambda: ask(nothing_left)[0][0], "worker", _LOOK_EVERY_SECONDS)
        return count, time.monotonic() - began


def _consume(shop: Shop, seconds: int) -> tuple[int, float]:
    return _sent(shop, NEW_ORDERS, MESSAGES_A_SECOND * seconds, '{"id": "%s"}', "order_processing")


def _take_in(shop: Shop, seconds: int) -> tuple[int, float]:
    order = json.loads(lines_body(""))
    command = json.dumps({"command": "create", "order": {**order, "order_id": "%s"}})
    return _sent(shop, COMMANDS, COMMANDS_A_SECOND * seconds, command, "orders")


def _sent(shop: Shop, topic: str, count: int, document: str, table: str) -> tuple[int, float]:
    """Send so many messages about so many orders, and wait until the table has them all."""
    label = shop.label()
    producer = Producer({"bootstrap.servers": shop.stack.kafka.url, "linger.ms": 5})
    arrived = f"SELECT count(*) FROM {table} WHERE order_id BETWEEN '{label}' AND '{label}~'"
    began = time.monotonic()
    for number in range(count):
        order_id = f"{label}{number:08d}"
        value = (document % order_id).replace(NUMBER, f"{number:08d}")
        producer.produce(topic, value, order_id, headers={"ce_id": f"event-{order_id}"})
        producer.poll(0)
    producer.flush()
    with shop.stack.connection() as ask:
        wait_for(lambda: ask(arrived)[0][0] >= count, "consumer", _LOOK_EVERY_SECONDS)
    return count, time.monotonic() - began


THROUGHPUTS: Sequence[Throughput] = (
    Throughput("drain", "events sent to the broker by one worker", _drain),
    Throughput("consume", "`new_order` messages, inbox and one effect each", _consume),
    Throughput("intake", "orders of 5 lines over `order-commands`", _take_in),
)
