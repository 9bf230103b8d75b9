"""Redis behind sentinels, and a Redis of the queue's own."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from flask import Flask
from rq.serializers import JSONSerializer

from devstack.server import wait_until
from devstack.valkey import Valkey
from oms import queues, redis_guard
from oms.doctor import redis_server
from oms.extensions import queue_connection, settings
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.depth import THOROUGH
from tests.factories import cached_body, place, url
from tests.floor import applications
from tests.floor.sentinels import sentinels
from worker import OmsWorker


@pytest.fixture
def queue_server(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path / "queue") as found:
        yield found


@pytest.fixture
def split(app: Flask, servers: Servers, queue_server: Valkey) -> Iterator[Flask]:
    """The application with a cache at one server and its queue at another."""
    urls = {"REDIS_URL": f"redis://127.0.0.1:{servers.valkey.port}/3", "REDIS_QUEUE_URL": queue_server.url}
    with applications.another(app, servers, REDIS_TIMEOUT_MS="5000", **urls) as made:
        made.extensions["oms_redis"].flushdb()
        yield made
    redis_guard.breaker.reset()


def test_orders_are_cached_at_one_server_and_jobs_wait_at_the_other(split: Flask, queue_server: Valkey) -> None:
    order = place(person(split, "customer"))
    assert cached_body(split, order)
    with redis.Redis.from_url(queue_server.url) as client:
        assert client.llen(f"rq:queue:{queues.QUEUE}") == 1
        assert not client.exists(f"order:{order['order_id']}")
    assert not list(split.extensions["oms_redis"].scan_iter("rq:*"))
    with split.app_context():
        looked_at = [finding.what for finding in redis_server.examine(settings())]
    assert {"Redis", "eviction policy", "Redis of the cache", "its eviction policy"} <= set(looked_at)


def test_without_the_queue_orders_are_placed_and_read(split: Flask, queue_server: Valkey) -> None:
    customer = person(split, "customer")
    queue_server.stop()
    order = place(customer)
    assert customer.get(url(order)).status_code == 200
    redis_guard.breaker.reset()
    with split.app_context():
        assert not queues.insist(queues.PUBLISH_OUTBOX)  # so that the clock publishes by itself
    queue_server.start()


class Customer:
    """Places orders and reads them, again and again, until told to stop; notes what he is answered."""

    def __init__(self, app: Flask) -> None:
        self._caller = person(app, "customer")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._trade)
        self.answers: list[int] = []

    def _trade(self) -> None:
        caller = Caller(self._caller.app, self._caller.headers, self._caller.id)
        while not self._over.is_set():
            placed = caller.post("/orders", {"items": {"tea": 1}})
            self.answers.append(placed.status_code)
            self.answers.append(caller.get(placed.headers["Location"]).status_code)

    def __enter__(self) -> "Customer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)


@pytest.mark.skipif(not THOROUGH, reason="sentinels take seconds to find each other and to agree")
def test_a_failover_by_sentinels_is_met_without_an_error_and_the_new_leader_is_used(
    app: Flask, servers: Servers, tmp_path: Path
) -> None:
    with (
        sentinels(tmp_path) as watched,
        applications.another(app, servers, REDIS_URL=watched.url) as made,
    ):
        place(person(made, "customer"))
        with redis.Redis(port=watched.leader.port) as client:
            assert client.keys("order:*")
        with Customer(made) as customer:
            assert wait_until(lambda: len(customer.answers) > 20, 30)
            watched.leader.kill()
            assert wait_until(watched.follower_leads, 30)
            seen = len(customer.answers)
            assert wait_until(lambda: len(customer.answers) > seen + 20, 30)
        assert set(customer.answers) == {201, 200}

        def cached_again() -> bool:
            with suppress(redis.ConnectionError):  # the sentinels may not all know yet who leads
                return cached_body(made, place(person(made, "customer"))) is not None
            return False

        assert wait_until(cached_again, 30)
        with made.app_context():
            assert wait_until(worked_off, 30)
        # The old leader comes back as one who follows, and takes no writes: nobody may be stuck with it.
        watched.leader.start()
        assert wait_until(cached_again, 30)
    redis_guard.breaker.reset()


def worked_off() -> bool:
    """Whether a job could be queued, was found by a worker, and is done."""
    with suppress(redis.ConnectionError):
        queues.queue().empty()
        if not queues.insist(queues.PUBLISH_OUTBOX) or queues.depth()["waiting"] != 1:
            return False
        worker = OmsWorker([queues.queue()], connection=queue_connection(), serializer=JSONSerializer)
        worker.work(burst=True, logging_level="WARNING")
        return queues.depth() == {"waiting": 0, "failed": 0}
    return False
