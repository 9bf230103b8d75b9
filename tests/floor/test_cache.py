import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from devstack.valkey import Valkey
from oms import redis_guard, transactions
from oms.extensions import redis_client
from oms.ids import new_id
from oms.jobs.sweep import Sweep
from oms.orders import cache, store
from oms.orders.cache import Cached
from oms.orders.order import Order
from oms.transactions import read
from tests.callers import Caller, exact
from tests.floor.outsiders import Outsider

# The design's promise is 300 ms more than usual. A shared machine needs room: this bound only tells a route that falls
# back from one that waits.
PROMISED_SECONDS, HARD_LIMIT_SECONDS = 0.3, 2.0
TEA = {"items": {"tea": 1}}


def placed(caller: Caller) -> str:
    return str(caller.post("/orders", TEA).json["order_id"])


def change(caller: Caller, order_id: str, note: object) -> int:
    """A new version of the order; which one it is."""
    response = caller.put(f"/orders/{order_id}", {"metadata": {"note": note}})
    assert response.status_code == 200
    return int(response.headers["ETag"].strip('"'))


def version_seen(caller: Caller, order_id: str) -> int:
    response = caller.get(f"/orders/{order_id}")
    assert response.status_code == 200
    return int(response.headers["ETag"].strip('"'))


def held(order_id: str) -> bytes | None:
    found: bytes | None = redis_client().get(cache.key(order_id))
    return found


def bytes_of(version: int) -> bytes:
    """An entry as a writer of this version makes it."""
    return cache.floor(version)[:-1] + b"1X{version %d}" % version


def put(order_id: str, value: bytes) -> None:
    """As any writer would: guarded."""
    cache._set_all(redis_client(), {order_id: value})


def loaded(order_id: str) -> Order:
    (order,) = read(lambda session: store.get_many(session, [order_id]))
    return order


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], None]]:
    """Processes that die between their commit and Redis: what should follow the commit does not happen."""

    def work(on: bool) -> None:
        dies = (lambda session, action: None) if on else real
        monkeypatch.setattr("oms.transactions.after_commit", dies)

    real = transactions.after_commit
    yield work
    work(False)


@pytest.mark.usefixtures("context")
class TestGuardedSetting:
    def test_an_older_version_never_replaces_a_newer_one(self) -> None:
        order_id = new_id()
        put(order_id, bytes_of(7))
        put(order_id, bytes_of(6))
        assert held(order_id) == bytes_of(7)

    def test_a_newer_version_replaces_an_older_one(self) -> None:
        order_id = new_id()
        put(order_id, bytes_of(9))
        put(order_id, bytes_of(10))
        assert held(order_id) == bytes_of(10)

    def test_a_floor_takes_the_place_of_what_is_older(self) -> None:
        order_id = new_id()
        put(order_id, bytes_of(6))
        put(order_id, cache.floor(7))
        assert cache.parse(held(order_id)) is None
        put(order_id, bytes_of(6))
        assert cache.parse(held(order_id)) is None

    def test_a_floor_leaves_the_same_version_alone(self) -> None:
        order_id = new_id()
        put(order_id, bytes_of(7))
        put(order_id, cache.floor(7))
        assert cache.parse(held(order_id)) == Cached(7, "X", b"{version 7}")

    def test_the_version_of_a_floor_fills_it(self) -> None:
        order_id = new_id()
        put(order_id, cache.floor(7))
        put(order_id, bytes_of(7))
        assert cache.parse(held(order_id)) == Cached(7, "X", b"{version 7}")

    def test_entries_do_not_live_for_ever(self) -> None:
        order_id = new_id()
        put(order_id, bytes_of(7))
        assert 0 < redis_client().ttl(cache.key(order_id)) <= 300


@pytest.mark.usefixtures("context")
def test_an_entry_gives_back_what_was_put_in(customer: Caller) -> None:
    order = loaded(placed(customer))
    entry = cache.parse(cache.entry(order, b'{"a": 1}'))
    assert entry == Cached(1, customer.id, b'{"a": 1}')


@pytest.mark.usefixtures("context")
def test_a_placed_order_is_in_the_cache_with_the_bytes_of_the_answer(customer: Caller) -> None:
    response = customer.post("/orders", TEA)
    entry = cache.parse(held(response.json["order_id"]))
    assert entry == Cached(1, customer.id, response.data)


def test_a_hit_shows_the_order_to_its_owner_and_to_staff_only(
    customer: Caller, other_customer: Caller, staff: Caller
) -> None:
    order_id = placed(customer)
    statuses = [caller.get(f"/orders/{order_id}").status_code for caller in (customer, staff, other_customer)]
    assert statuses == [200, 200, 404]


@pytest.mark.usefixtures("context")
def test_a_hit_needs_no_database(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = placed(customer)
    customer.get(f"/orders/{order_id}")

    def unused(*_: object) -> None:
        raise AssertionError("PostgreSQL was asked")

    monkeypatch.setattr(store, "get", unused)
    assert customer.get(f"/orders/{order_id}").status_code == 200


@pytest.mark.usefixtures("context")
def test_a_flushed_cache_is_filled_by_the_next_reader_with_the_same_bytes(customer: Caller) -> None:
    order_id = placed(customer)
    warm = customer.get(f"/orders/{order_id}").data
    redis_client().delete(cache.key(order_id))
    assert customer.get(f"/orders/{order_id}").data == warm
    entry = cache.parse(held(order_id))
    assert entry is not None
    assert entry.body == warm


@pytest.mark.usefixtures("context")
def test_no_reader_sees_a_version_older_than_one_acknowledged_before_he_asked(customer: Caller) -> None:
    faults = []
    for _ in range(12):
        race = Race(placed(customer), customer)
        redis_client().delete(cache.key(race.order_id))  # so that readers fill the cache against the writers
        race.run()
        assert race.acknowledged == 13
        assert race.reads > 3
        faults += race.faults
    assert faults == []


class Race:
    """Three writers and three readers over one order; who has seen what too late."""

    def __init__(self, order_id: str, caller: Caller) -> None:
        self.order_id = order_id
        self.acknowledged = 1
        self.reads = 0
        self.faults: list[Any] = []
        self._over = threading.Event()
        self._start = threading.Barrier(6)
        self._lock = threading.Lock()
        self._writers = [threading.Thread(target=self._write, args=(Outsider.like(caller),)) for _ in range(3)]
        self._readers = [threading.Thread(target=self._read, args=(Outsider.like(caller),)) for _ in range(3)]

    def run(self) -> None:
        for thread in (*self._readers, *self._writers):
            thread.start()
        for writer in self._writers:
            writer.join(30)
        self._over.set()
        for reader in self._readers:
            reader.join(10)

    def _write(self, caller: Caller) -> None:
        self._start.wait()
        for number in range(4):
            version = change(caller, self.order_id, f"{threading.get_ident()} {number}")
            with self._lock:
                self.acknowledged = max(self.acknowledged, version)

    def _read(self, caller: Caller) -> None:
        self._start.wait()
        while not self._over.is_set():
            known = self.acknowledged
            seen = version_seen(caller, self.order_id)
            self.reads += 1
            if seen < known:
                self.faults.append((seen, known))


@pytest.mark.usefixtures("context")
def test_what_a_dying_process_left_behind_is_repaired_by_one_round_of_the_sweep(
    customer: Caller, forgetful: Callable[[bool], None]
) -> None:
    order_id = placed(customer)
    Sweep().round()
    forgetful(True)
    changed = change(customer, order_id, "new")
    forgetful(False)
    assert version_seen(customer, order_id) == 1
    Sweep().round()
    assert version_seen(customer, order_id) == changed


@pytest.mark.usefixtures("context")
def test_a_redis_that_lost_its_last_second_is_repaired_by_the_same_clock(customer: Caller) -> None:
    order_id = placed(customer)
    clock = Sweep()
    clock.round()
    earlier = {key: redis_client().get(key) for key in (cache.key(order_id), "cache:swept_until")}
    changed = change(customer, order_id, "new")
    clock.round()
    redis_client().mset(earlier)  # as its append-only file had it
    assert version_seen(customer, order_id) == 1
    clock.round()
    assert version_seen(customer, order_id) == changed


def test_redis_killed_in_traffic_costs_no_answer_and_comes_back_true(
    app: Flask, valkey: Valkey, customer: Caller
) -> None:
    order_id = placed(customer)
    seen: list[int] = []
    over = threading.Event()

    def traffic(caller: Caller) -> None:
        while not over.is_set():
            seen.extend([caller.get(f"/orders/{order_id}").status_code, caller.post("/orders", TEA).status_code])

    callers = [threading.Thread(target=traffic, args=(Outsider.like(customer),)) for _ in range(3)]
    for caller in callers:
        caller.start()
    valkey.kill()
    missed = change(customer, order_id, "while Redis was away")
    valkey.start()
    over.set()
    for caller in callers:
        caller.join(10)
    assert set(seen) == {200, 201}
    with app.app_context():
        redis_guard.breaker.reset()
        Sweep().round()
    assert version_seen(customer, order_id) == missed


def test_with_redis_hung_every_route_keeps_its_answer(valkey: Valkey, customer: Caller, staff: Caller) -> None:
    order_id = placed(customer)
    calls: list[tuple[str, Callable[[], Any]]] = [
        ("get order", lambda: customer.get(f"/orders/{order_id}")),
        ("list orders", lambda: customer.get("/orders")),
        ("journey", lambda: customer.get(f"/orders/{order_id}/journey")),
        ("a user's orders", lambda: customer.get(f"/orders/user/{customer.id}")),
        ("place", lambda: customer.post("/orders", TEA)),
        ("update", lambda: customer.put(f"/orders/{order_id}", {"metadata": {"note": 1}})),
        ("cancel", lambda: customer.post(f"/orders/{placed(customer)}/cancel")),
        ("me", lambda: customer.get("/auth/me")),
        ("statuses of staff", lambda: staff.get("/orders?status=pending")),
        ("health", lambda: customer.get("/health")),
        ("ready", lambda: customer.get("/health/ready")),
    ]
    usual = {name: _timed(call)[0] for name, call in calls}
    valkey.pause()
    extra = {}
    for name, call in calls:
        seconds, response = _timed(call)
        assert response.status_code in (200, 201), name
        extra[name] = seconds - usual[name]
    worst = max(extra, key=lambda name: extra[name])
    print(f"\nRedis hung: at most {extra[worst] * 1000:.0f} ms more ({worst})")  # noqa: T201 - run with -s to see it
    assert extra[worst] < HARD_LIMIT_SECONDS


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    response = call()
    return time.perf_counter() - began, response


def test_with_redis_hung_the_order_comes_from_postgresql_as_it_is(valkey: Valkey, customer: Caller) -> None:
    order_id = placed(customer)
    warm = exact(customer.get(f"/orders/{order_id}"))
    valkey.pause()
    assert exact(customer.get(f"/orders/{order_id}")) == warm
    changed = change(customer, order_id, "while Redis hung")
    assert version_seen(customer, order_id) == changed


def test_a_session_ended_while_redis_is_away_is_refused_at_once(valkey: Valkey, customer: Caller) -> None:
    assert customer.get("/auth/me").status_code == 200
    valkey.pause()
    assert customer.post("/auth/logout").status_code in (200, 204)
    assert customer.get("/auth/me").status_code == 401
