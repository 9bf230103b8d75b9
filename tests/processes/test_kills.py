"""kill -9 while orders come in: what was acknowledged is there once, and all of it is told in order."""

import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from devstack.ports import free_port, is_free
from devstack.server import parents, wait_until
from oms.ids import new_id
from tests.conftest import Servers
from tests.floor.topics import NEW_ORDER, ORDER_EVENTS, Listener, first_sequences
from tests.processes.conftest import Stack
from tests.processes.programs import Client, Program, kill

# A wake-up that died with the worker is repeated when the clock comes by.
DELIVERED_SECONDS = 60


@dataclass
class Running:
    """The whole application: gunicorn with two workers, two job workers, and the clock."""

    stack: Stack
    web: Program
    workers: list[Program]
    clock: Program

    def kill_web_worker(self) -> None:
        kill(self.web.children[0])

    def kill_job_worker(self) -> None:
        self.workers.pop(0).kill()
        self.workers.append(self.stack.start("worker"))

    def kill_clock(self) -> None:
        self.clock.kill()
        self.clock = self.stack.start("clock")

    def kill_everything(self) -> None:
        for program in (self.web, *self.workers, self.clock):
            program.kill()
        self.workers = [self.stack.start("worker")]
        self.clock = self.stack.start("clock")
        self.web = self.stack.start_web()


@pytest.fixture(scope="module")
def running(stack: Stack) -> Running:
    workers = [stack.start("worker"), stack.start("worker")]
    clock = stack.start("clock")
    return Running(stack, stack.start_web(), workers, clock)


@dataclass
class Shop:
    """Callers who place an order, change it, and place the next one."""

    client: Client
    placed: dict[str, str] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Shop":
        self._threads = [threading.Thread(target=self._trade) for _ in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(40)

    def _trade(self) -> None:
        while not self._over.is_set():
            key = new_id()
            order = self.client.insist("POST", "/orders", {"items": {"tea": 1}}, key).json
            self.placed[key] = order["order_id"]
            self.client.insist("POST", f"/orders/{order['order_id']}/cancel", {"reason": "test"}, new_id())

    def wait_for_more(self, orders: int) -> None:
        goal = len(self.placed) + orders
        assert wait_until(lambda: len(self.placed) >= goal, 80)


class KeptAlive:
    """A caller who asks again and again over one connection, as long as it lasts."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def asks(self) -> int:
        """The status; 0 where no answer came."""
        try:
            self._connection.request("GET", "/health/live")
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0
        return answer.status


@pytest.fixture
def free_web() -> str:
    """A port for a gunicorn of the test's own."""
    return str(free_port())


@pytest.fixture
def listener(servers: Servers) -> Iterator[Listener]:
    with Listener(servers.kafka.url, ORDER_EVENTS, NEW_ORDER) as made:
        yield made


@pytest.mark.parametrize("victim", ["web_worker", "job_worker", "clock", "everything"])
def test_a_kill_loses_no_order_and_no_event(victim: str, running: Running, listener: Listener) -> None:
    stack = running.stack
    with Shop(stack.client) as shop:
        shop.wait_for_more(10)
        getattr(running, f"kill_{victim}")()
        shop.wait_for_more(15)
    orders = list(shop.placed.values())
    assert len(set(orders)) == len(orders)
    assert stack.scalar("SELECT count(*) FROM orders WHERE order_id = ANY(:ids)", ids=orders) == len(orders)
    keys = "SELECT count(*) FROM idempotency_keys WHERE key = ANY(:keys) AND status = 201"
    assert stack.scalar(keys, keys=list(shop.placed)) == len(orders)
    # No attempt that got no answer has left an order behind that nobody knows of.
    unknown = """
        SELECT count(*) FROM orders
        WHERE NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE location = '/orders/' || orders.order_id)
    """
    assert stack.scalar(unknown) == 0
    ids = stack.scalar("SELECT array_agg(event_id) FROM outbox_events WHERE order_id = ANY(:ids)", ids=orders)
    heard = listener.wait_for_ids(ids, DELIVERED_SECONDS)  # type: ignore[arg-type]
    by_order = first_sequences(message for message in heard if message.topic == ORDER_EVENTS)
    assert all(by_order[order_id] == sorted(by_order[order_id]) for order_id in orders)
    assert all(len(by_order[order_id]) == 2 for order_id in orders)
    assert {message.key for message in heard if message.topic == NEW_ORDER} >= set(orders)


def test_a_killed_master_leaves_no_worker_that_holds_the_port(
    stack: Stack, started: Callable[..., Program], free_web: str
) -> None:
    web = started("web", PORT=free_web)
    caller = KeptAlive(int(free_web))
    assert wait_until(lambda: caller.asks() == 200, 30), web.printed
    workers = web.children
    kill(web.pid)
    web.wait()

    def all_gone() -> bool:
        caller.asks()
        return parents().keys().isdisjoint(workers)

    assert wait_until(all_gone, 10)
    assert wait_until(lambda: is_free(int(free_web)), 2)


def test_metrics_add_up_over_the_workers_whichever_answers(running: Running) -> None:
    client, series = running.stack.client, 'oms_requests_total{method="GET",route="/orders",status="200"}'

    def counted() -> float:
        lines = client.call("GET", "/metrics").body.decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))

    before = counted()
    for _ in range(30):
        assert client.call("GET", "/orders").status == 200
    assert {counted() - before for _ in range(10)} == {30}
    assert len(running.web.children) == 2
