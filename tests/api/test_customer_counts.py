"""How many orders somebody has, as B's listing tells it: counted once up to an hour ago, from there on each time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from flask import Flask

from oms.orders import customer_counts
from tests import factories
from tests.callers import Caller, exact
from tests.conftest import Servers
from tests.floor.mending import mend_redis

DATED = (b'["2026-01-01", 5]', b'["2926-01-01T00:00:00Z", 5]', b'["2026-01-01T00:00:00Z", -1]')


@pytest.fixture(autouse=True)
def a_few_are_worth_keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customer_counts, "WORTH_KEEPING", 3)


def total(customer: Caller) -> int:
    return int(exact(customer.get(f"/orders/user/{customer.id}"))["total_items"])


def kept(app: Flask, customer: Caller) -> Any:
    return app.extensions["oms_redis"].get(customer_counts.key(customer.id))


def settle(app: Flask, customer: Caller, minutes: int = 61) -> None:
    """All that the customer has placed was placed so long ago."""
    statement = "UPDATE orders SET created_at = created_at - interval '1 minute' * :minutes WHERE customer_id = :id"
    factories.execute(app, statement, minutes=minutes, id=customer.id)


def place(customer: Caller, many: int) -> None:
    for _ in range(many):
        factories.place_free_form(customer)


def test_what_has_settled_is_not_counted_again(app: Flask, customer: Caller) -> None:
    place(customer, 3)
    settle(app, customer)
    place(customer, 2)
    assert total(customer) == 5
    until, orders = orjson.loads(kept(app, customer))
    assert orders == 3
    left = app.extensions["oms_redis"].ttl(customer_counts.key(customer.id))
    assert customer_counts.KEPT_SECONDS - 60 < left <= customer_counts.KEPT_SECONDS
    # So many that they can't have been counted.
    app.extensions["oms_redis"].set(customer_counts.key(customer.id), orjson.dumps([until, 1003]))
    assert total(customer) == 1005


def test_what_was_kept_is_brought_up_when_enough_has_settled_since(app: Flask, customer: Caller) -> None:
    place(customer, 3)
    settle(app, customer, 200)
    assert total(customer) == 3
    # As if that had been a day ago, before any of them.
    long_ago = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    app.extensions["oms_redis"].set(customer_counts.key(customer.id), orjson.dumps([long_ago, 0]))
    place(customer, 1)
    assert total(customer) == 4
    until, orders = orjson.loads(kept(app, customer))
    assert (until > long_ago, orders) == (True, 3)


def test_an_order_of_the_last_hour_is_not_taken_for_settled(app: Flask, customer: Caller) -> None:
    place(customer, 4)
    settle(app, customer, 59)
    assert total(customer) == 4
    assert kept(app, customer) is None


@pytest.mark.parametrize("garbage", [b"", b"x", b"[]", b'["2026-01-01", "many"]', b'{"until": 1}', b"[1, 2]", *DATED])
def test_anything_else_in_its_place_counts_for_nothing(app: Flask, customer: Caller, garbage: bytes) -> None:
    place(customer, 2)
    app.extensions["oms_redis"].set(customer_counts.key(customer.id), garbage)
    assert total(customer) == 2


def test_without_redis_all_are_counted(app: Flask, customer: Caller, servers: Servers) -> None:
    place(customer, 4)
    settle(app, customer)
    assert total(customer) == 4
    assert kept(app, customer) is not None
    servers.valkey.pause()
    try:
        assert total(customer) == 4
    finally:
        mend_redis(app, servers)
