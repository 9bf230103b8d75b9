import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from oms import queues
from oms.extensions import db, redis_client
from oms.ids import new_id
from oms.jobs.refresh_cache import refresh_cache
from oms.orders import cache
from tests.callers import Caller

pytestmark = pytest.mark.usefixtures("quiet")
TEA = {"items": {"tea": 1}}


def placed(caller: Caller, count: int) -> dict[str, bytes]:
    answers = [caller.post("/orders", TEA) for _ in range(count)]
    return {answer.json["order_id"]: answer.data for answer in answers}


def held(order_id: str) -> bytes | None:
    entry = cache.parse(redis_client().get(cache.key(order_id)))  # type: ignore[arg-type]
    return None if entry is None else entry.body


def test_orders_whose_floor_was_raised_are_rebuilt_with_one_query(customer: Caller) -> None:
    orders = placed(customer, 12)
    redis_client().delete(*(cache.key(order_id) for order_id in orders))
    assert cache.announce_many(dict.fromkeys(orders, 1))
    assert [held(order_id) for order_id in orders] == [None] * 12
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engine: Engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert refresh_cache() == 12
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1
    assert {order_id: held(order_id) for order_id in orders} == orders


def test_raising_floors_rings_for_the_job_once() -> None:
    cache.announce_many({new_id(): 1})
    cache.announce_many({new_id(): 1})
    assert queues.depth()["waiting"] == 1


def test_orders_that_redis_holds_as_they_are_need_no_rebuilding(customer: Caller) -> None:
    orders = placed(customer, 3)
    cache.announce_many(dict.fromkeys(orders, 1))
    assert cache.take_dirty(10) == []


def test_more_orders_than_a_batch_are_all_rebuilt(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.jobs.refresh_cache.BATCH", 2)
    orders = placed(customer, 5)
    redis_client().delete(*(cache.key(order_id) for order_id in orders))
    cache.announce_many(dict.fromkeys(orders, 1))
    assert refresh_cache() == 5
    assert {order_id: held(order_id) for order_id in orders} == orders


def test_an_order_that_does_not_exist_is_passed_over() -> None:
    cache.announce_many({new_id(): 3})
    assert refresh_cache() == 0


def test_a_rebuilt_order_never_replaces_a_newer_one(customer: Caller) -> None:
    (order_id,) = placed(customer, 1)
    newer = cache.floor(9)
    cache._set_all(redis_client(), {order_id: newer})
    redis_client().sadd(cache.DIRTY, order_id)
    refresh_cache()
    assert redis_client().get(cache.key(order_id)) == newer


def test_a_run_clears_the_flag_it_was_rung_by() -> None:
    queues.wake(queues.REFRESH_CACHE)
    refresh_cache()
    queues.wake(queues.REFRESH_CACHE)
    assert queues.depth()["waiting"] == 2
