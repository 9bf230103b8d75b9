"""What one order costs, measured: `python -m tests.scaling.unit_costs` prints the tables of ops/capacity.toml anew.

Requests go to the application in this very process, so `web` has the test client in it and no gunicorn; the numbers of
`make bench` are better where there are some. Bytes are what the servers say of themselves.
"""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from flask_migrate import upgrade

from devstack.kafka import Kafka
from devstack.postgres import Postgres
from devstack.server import descendants
from devstack.valkey import Valkey
from oms import schema_version
from oms.app import create_app
from oms.config import Settings
from oms.ids import new_id
from oms.jobs.publish_outbox import publish_outbox
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.factories import line, lines_body
from tests.floor.topics import NEW_ORDER, ORDER_EVENTS, Listener

ORDERS, LINES = 1000, 5
STEPS = ("confirmed", "processing", "packed", "shipped", "delivered")
KEPT = "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname = ANY(%s) AND relkind IN ('r', 'p')"
ORDER_TABLES = ["orders", "order_items", "order_journey", "payments", "invoices", "order_processing"]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters that only go up: CPU seconds, and bytes of the write-ahead log."""

    web: float
    postgres: float
    redis: float
    wal: int


class Meter:
    """Reads the counters of the three servers and of this process."""

    def __init__(self, servers: Servers, redis: Any) -> None:
        self._servers = servers
        self._redis = redis
        self._database = psycopg2.connect(servers.postgres.url)
        self._database.autocommit = True

    def scalar(self, query: str, *parameters: Any) -> Any:
        with self._database.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchone()[0]  # type: ignore[index]

    def read(self) -> Reading:
        said = self._redis.info("cpu")
        top = self._servers.postgres.pid
        return Reading(
            time.process_time(),
            sum(_cpu_seconds(pid) for pid in [top, *descendants(top)]),
            said["used_cpu_user"] + said["used_cpu_sys"],
            int(self.scalar("SELECT pg_current_wal_lsn() - '0/0'")),
        )

    def costs(self, what: str, times: int, work: Callable[[], object]) -> None:
        """Do it, and print what each of `times` took."""
        before = self.read()
        work()
        after = self.read()
        print(f"[{what}]")
        for name in ("web", "postgres", "redis"):
            print(f"{name}_cpu = {(getattr(after, name) - getattr(before, name)) / times:.6f}")
        print(f"wal_bytes = {(after.wal - before.wal) / times:.0f}\n", flush=True)


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(int(fields[at]) for at in (11, 12)) / TICKS


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL of a run by root has a user of its own
        with (
            Postgres(folder / "postgres") as postgres,
            Valkey(folder / "valkey") as valkey,
            Kafka(folder / "kafka") as kafka,
        ):
            measure(Servers(postgres, valkey, kafka))


def measure(servers: Servers) -> None:
    app = create_app(Settings.from_env(servers.environ(REDIS_TIMEOUT_MS="5000")))
    with app.app_context():
        upgrade(str(schema_version.MIGRATIONS))
    customer, staff = person(app, "customer"), person(app, "staff")
    meter = Meter(servers, app.extensions["oms_redis"])
    orders: list[str] = []

    def place() -> None:
        for _ in range(ORDERS):
            body = lines_body(*(line(f"SKU-{number}") for number in range(LINES)))
            answer = customer.post("/orders", body, headers={"Idempotency-Key": new_id()})
            assert answer.status_code == 201, answer.data
            orders.append(body["order_id"])

    place()  # whatever is done once is done
    orders.clear()
    before = int(meter.scalar(KEPT, ORDER_TABLES))
    with Listener(servers.kafka.url, ORDER_EVENTS, NEW_ORDER) as listener:
        meter.costs("create", ORDERS, place)
        meter.costs("change", ORDERS * len(STEPS), lambda: _move(staff, orders))
        meter.costs("get", ORDERS, lambda: [customer.get(f"/orders/{order_id}") for order_id in orders])
        meter.costs("list", ORDERS // 5, lambda: [customer.get("/orders?limit=20") for _ in range(ORDERS // 5)])
        events = int(meter.scalar("SELECT count(*) FROM outbox_events WHERE published_at IS NULL"))
        with app.app_context():
            meter.costs("event", events, publish_outbox)
        heard = listener.wait_for(lambda found: len(found) >= events, 60)
    sizes = [len(m.body) + len(m.key) + sum(len(name) + len(value) for name, value in m.headers.items()) for m in heard]
    waiting = int(meter.scalar(KEPT, ["outbox_events"])) / int(meter.scalar("SELECT count(*) FROM outbox_events"))
    answers = int(meter.scalar(KEPT, ["idempotency_keys"])) / int(meter.scalar("SELECT count(*) FROM idempotency_keys"))
    cached = sum(app.extensions["oms_redis"].memory_usage(f"order:{order_id}") for order_id in orders[:200]) / 200
    print("[bytes]")
    print(f"order = {(int(meter.scalar(KEPT, ORDER_TABLES)) - before) / ORDERS:.0f}")
    print(f"outbox_event = {waiting:.0f}\nidempotency_key = {answers:.0f}")
    print(f"kafka_event = {sum(sizes) / len(sizes):.0f}\ncached_order = {cached:.0f}")
    print(f"events_of_an_order = {events / ORDERS - 2:.1f}")  # two are of those that were placed first


def _move(staff: Caller, orders: list[str]) -> None:
    for order_id in orders:
        for status in STEPS:
            answer = staff.patch(f"/orders/{order_id}", {"status": status})
            assert answer.status_code == 200, answer.data


if __name__ == "__main__":
    main()
