import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text

from devstack.server import wait_until
from tests.conftest import Servers
from tests.floor.topics import Listener
from tests.processes.conftest import Stack
from tests.processes.programs import Answer, Program

TEA = {"items": {"tea": 1}}


def somebody_waits_for_a_lock(stack: Stack) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'oms' AND wait_event_type = 'Lock'"
    return bool(stack.scalar(query))


def test_gunicorn_lets_a_request_in_flight_finish_and_exits_0(stack: Stack) -> None:
    web = stack.start_web(DB_LOCK_TIMEOUT_MS="20000")
    order_id = stack.client.call("POST", "/orders", TEA).json["order_id"]
    answers: list[Answer] = []
    with stack.database.connect() as other:
        other.execute(text("BEGIN"))
        other.execute(text("SELECT 1 FROM orders WHERE order_id = :id FOR UPDATE"), {"id": order_id})
        request = threading.Thread(
            target=lambda: answers.append(stack.client.call("POST", f"/orders/{order_id}/cancel"))
        )
        request.start()
        assert wait_until(lambda: somebody_waits_for_a_lock(stack), 60)
        web.terminate()
        assert wait_until(lambda: len(web.children) == 1, 60), "the worker without a request should be gone"
        assert answers == []
        other.execute(text("ROLLBACK"))
    request.join(20)
    assert [answer.status for answer in answers] == [200]
    assert web.wait() == 0


def test_the_worker_finishes_its_job_and_exits_0(stack: Stack, servers: Servers, redis: Redis) -> None:
    redis.delete("wake:publish_outbox")  # of a worker that was told to stop; here is no clock that rings again
    web = stack.start_web()
    with Listener(servers.kafka.url) as listener:
        order_id = stack.client.call("POST", "/orders", TEA).json["order_id"]
        web.end()
        with stack.database.connect() as other:
            other.execute(text("BEGIN"))
            other.execute(text("SELECT 1 FROM outbox_events WHERE order_id = :id FOR UPDATE"), {"id": order_id})
            worker = stack.start("worker")
            assert wait_until(lambda: somebody_waits_for_a_lock(stack), 60), worker.printed
            worker.terminate()
            other.execute(text("SELECT pg_sleep(0.2)"))
            assert worker.is_running
            other.execute(text("ROLLBACK"))
        assert worker.wait() == 0
        pending = "SELECT count(*) FROM outbox_events WHERE order_id = :id AND published_at IS NULL"
        assert stack.scalar(pending, id=order_id) == 0
        listener.wait_for(lambda heard: order_id in [message.key for message in heard])


def test_an_idle_worker_that_is_told_to_stop_exits_0(
    stack: Stack, redis: Redis, started: Callable[..., Program]
) -> None:
    worker = started("worker")

    def is_idle() -> bool:
        known: Any = [redis.hgetall(key) for key in redis.keys("rq:worker:*")]
        return (str(worker.pid).encode(), b"idle") in [(it.get(b"pid"), it.get(b"state")) for it in known]

    assert wait_until(is_idle, 60), worker.printed
    worker.terminate()
    assert worker.wait() == 0
    assert "Traceback" not in worker.printed


def test_an_idle_clock_that_is_told_to_stop_exits_0(
    stack: Stack, redis: Redis, started: Callable[..., Program]
) -> None:
    redis.delete("cache:swept_until")
    clock = started("clock")
    assert wait_until(lambda: bool(redis.exists("cache:swept_until")), 60), clock.printed
    clock.terminate()
    assert clock.wait() == 0
    assert "Traceback" not in clock.printed


@pytest.fixture
def redis(stack: Stack) -> Iterator[Redis]:
    with Redis.from_url(stack.environ["REDIS_URL"]) as client:
        yield client
