import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from prometheus_client import REGISTRY

from devstack.valkey import Valkey
from oms import redis_guard
from oms.extensions import redis_client
from oms.redis_guard import attempt

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def closed_again() -> Iterator[None]:
    redis_guard.breaker.reset()
    yield
    redis_guard.breaker.reset()


def failures(use: str) -> float:
    return REGISTRY.get_sample_value("oms_redis_failures_total", {"use": use}) or 0.0


def ping(client: "redis.Redis") -> Any:
    return client.ping()


def test_the_answer_of_redis_is_given_back() -> None:
    assert attempt("tests", ping) is True


@pytest.mark.parametrize("away", ["kill", "pause"])
def test_without_redis_the_answer_is_none_and_counted(away: str, valkey: Valkey) -> None:
    getattr(valkey, away)()
    before = failures("tests")
    assert attempt("tests", ping) is None
    assert failures("tests") == before + 1


def test_a_full_redis_is_as_good_as_none(valkey: Valkey) -> None:
    redis_client().config_set("maxmemory", "1")
    try:
        assert attempt("tests", lambda client: client.set("tests:full", "x")) is None
    finally:
        redis_client().config_set("maxmemory", "0")


def test_a_hung_redis_is_waited_for_once_a_second_and_not_once_a_request(valkey: Valkey) -> None:
    valkey.pause()
    began = time.perf_counter()
    for _ in range(50):
        attempt("tests", ping)
    assert time.perf_counter() - began < 0.5


def test_many_threads_that_meet_a_hung_redis_all_go_on(valkey: Valkey, context: Any) -> None:
    valkey.pause()
    answers: list[Any] = []

    def work() -> None:
        with context.app_context():
            answers.append(attempt("tests", ping))

    threads = [threading.Thread(target=work) for _ in range(8)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [None] * 8
    assert time.perf_counter() - began < 1


def test_an_outage_is_told_once(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told()
    monkeypatch.setattr(redis_guard, "_log", told)
    valkey.kill()
    for _ in range(5):
        attempt("tests", ping)
    assert told.lines == [("redis_unavailable", "tests")]


class Told:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def warning(self, event: str, *, use: str, reason: str) -> None:
        self.lines.append((event, use))


def test_redis_is_used_again_a_second_after_it_is_back(valkey: Valkey) -> None:
    valkey.kill()
    assert attempt("tests", ping) is None
    valkey.start()
    deadline = time.monotonic() + 5
    while attempt("tests", ping) is None:
        assert time.monotonic() < deadline


def test_a_connection_that_redis_has_closed_is_dialled_anew(valkey: Valkey) -> None:
    assert attempt("tests", ping)
    valkey.restart()
    assert attempt("tests", ping) is True


def test_a_mistake_in_the_code_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        attempt("tests", lambda client: 1 // 0)
