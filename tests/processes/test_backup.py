"""The drill of docs/operations.md: a backup under load, restored into a cluster that knew nothing, and work goes on."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from devstack.postgres import Postgres, _installation
from devstack.server import wait_until
from oms.ids import new_id
from tests.conftest import Servers
from tests.floor.replica import Replica
from tests.floor.topics import NEW_ORDER, ORDER_EVENTS, Listener
from tests.processes.conftest import Stack
from tests.processes.programs import Answer
from tests.processes.test_kills import Shop

# Sums of lines, journeys and events against the order: what a state between two transactions would get wrong.
INCONSISTENT = {
    "sums": """
        SELECT count(*) FROM orders WHERE document IS NULL AND total_amount - rounding_adjustment <>
            (SELECT sum(quantity * sale_price) FROM order_items WHERE order_items.order_id = orders.order_id)
    """,
    "events": """
        SELECT count(*) FROM orders WHERE version <>
            (SELECT max(version) FROM outbox_events WHERE outbox_events.order_id = orders.order_id)
    """,
    "journeys": """
        SELECT count(*) FROM orders WHERE status <> (SELECT current_status FROM order_journey
            WHERE order_journey.order_id = orders.order_id AND line_no IS NULL ORDER BY seq DESC LIMIT 1)
    """,
    "steps": """
        SELECT count(*) FROM orders WHERE version <> (SELECT count(*) FROM order_journey
            WHERE order_journey.order_id = orders.order_id AND line_no IS NULL)
    """,
    "answers": """
        SELECT count(*) FROM idempotency_keys WHERE status = 201
            AND NOT EXISTS (SELECT 1 FROM orders WHERE location = '/orders/' || order_id)
    """,
}


def run(program: str, *arguments: str) -> None:
    subprocess.run([_installation() / "bin" / program, *arguments], check=True, capture_output=True)


def dumped(source: Postgres, database: str, folder: Path) -> tuple[Postgres, str]:
    """By pg_dump, into a cluster that was just made; with the database's URL there."""
    name = database.rpartition("/")[2]
    run("pg_dump", "--format=custom", f"--file={folder}/dump", "--dbname", database)
    restored = Postgres(folder / "cluster", fsync=False).start()
    run("pg_restore", "--create", "--exit-on-error", "--dbname", restored.url, f"{folder}/dump")
    return restored, restored.url.rpartition("/")[0] + f"/{name}"


def copied(source: Postgres, database: str, folder: Path) -> tuple[Postgres, str]:
    """By pg_basebackup, as a cluster that recovers to where the copy ended."""
    restored = Copy(folder / "cluster", source).start()
    return restored, restored.url.rpartition("/")[0] + f"/{database.rpartition('/')[2]}"


class Copy(Replica):
    """A base backup that follows nobody."""

    name = "copy"

    def _initialise(self) -> None:
        super()._initialise()
        (self._cluster / "standby.signal").unlink()


@dataclass
class Told:
    """What is sent to the consumer of one test; it has a group and a topic of its own."""

    servers: Servers
    name: str

    @property
    def variables(self) -> dict[str, str]:
        return {
            "KAFKA_NEW_ORDER_TOPIC": f"{self.name}-new",
            "KAFKA_FULFILMENT_TOPIC": f"{self.name}-fulfilment",
            "KAFKA_COMMANDS_TOPIC": f"{self.name}-commands",
            "KAFKA_CONSUMER_GROUP": f"{self.name}-group",
        }

    def send(self, event_id: str) -> None:
        producer = Producer({"bootstrap.servers": self.servers.kafka.url, "log_level": 0})
        body = json.dumps({"id": event_id}).encode()
        producer.produce(f"{self.name}-new", body, partition=0, headers=[("ce_id", event_id)])
        assert producer.flush(20) == 0

    def received(self, database: Engine, event_id: str) -> Any:
        """When the inbox took it in."""
        statement = text("SELECT received_at FROM inbox_events WHERE event_id = :id AND consumer = :group")
        with database.connect() as connection:
            return connection.execute(statement, {"id": event_id, "group": f"{self.name}-group"}).scalar()


@pytest.fixture
def told(servers: Servers) -> Told:
    return Told(servers, new_id().lower())


LINES = {"total_amount": 99.98, "items": [{"sku": "TEA", "quantity": 2, "unit_price": 49.99}]}


@pytest.mark.parametrize("backed_up", [dumped, copied])
def test_a_backup_taken_under_load_goes_on_where_it_was(
    stack: Stack,
    servers: Servers,
    told: Told,
    tmp_path: Path,
    backed_up: Callable[[Postgres, str, Path], tuple[Postgres, str]],
) -> None:
    consumer = stack.start("consumer", **told.variables)
    web = stack.start_web()
    told.send("E-1")
    assert wait_until(lambda: told.received(stack.database, "E-1") is not None, 40), consumer.printed
    key = new_id()
    answer = stack.client.call("POST", "/orders", LINES, **{"Idempotency-Key": key})
    assert answer.status == 201, answer.body
    with Shop(stack.client) as shop:
        shop.wait_for_more(10)
        server, url = backed_up(servers.postgres, stack.environ["DATABASE_URL"], tmp_path)
        shop.wait_for_more(1)
    for program in (web, consumer):
        program.end()
    database = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        consistent(database)
        goes_on(stack, database, url, told, key, answer)
    finally:
        for program in stack.programs:
            program.end()
        database.dispose()
        server.stop()


def consistent(database: Engine) -> None:
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar_one() > 10
        for what, statement in INCONSISTENT.items():
            assert connection.execute(text(statement)).scalar() == 0, what


def goes_on(stack: Stack, database: Engine, url: str, told: Told, key: str, answer: Answer) -> None:
    """The whole application on the restored database, with a Redis that was flushed."""
    with Redis.from_url(stack.environ["REDIS_URL"]) as redis:
        redis.flushdb()
    with database.connect() as connection:
        waiting = connection.execute(text("SELECT event_id FROM outbox_events WHERE published_at IS NULL")).scalars()
        ids = [str(event_id) for event_id in waiting]
    assert len(ids) > 20
    known = told.received(database, "E-1")
    with Listener(told.servers.kafka.url, ORDER_EVENTS, NEW_ORDER) as listener:
        for name in ("worker", "clock"):
            stack.start(name, DATABASE_URL=url)
        listener.wait_for_ids(ids, 40)
    consumer = stack.start("consumer", DATABASE_URL=url, **told.variables)
    told.send("E-1")
    told.send("E-2")
    assert wait_until(lambda: told.received(database, "E-2") is not None, 40), consumer.printed
    assert told.received(database, "E-1") == known
    stack.start_web(DATABASE_URL=url)
    again = stack.client.call("POST", "/orders", LINES, **{"Idempotency-Key": key})
    assert (again.status, again.headers.get("Idempotency-Replayed"), again.body) == (201, "true", answer.body)
