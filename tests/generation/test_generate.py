"""`flask oms generate` writes orders that the product itself could have written."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis
from flask import Flask
from jsonschema import Draft202012Validator

from oms import outbox, partitions, redis_guard
from oms.figures import hourly
from oms.generation import copying, story
from oms.money import ZERO
from oms.orders import balance, customer_counts, events, lifecycle, representation, store, totals
from oms.orders.order import Order, refunds_of
from oms.transactions import read, transaction
from tests import factories, generated
from tests.callers import Caller, exact, person
from tests.conftest import Servers

ORDERS, PER_DAY = 300, 10


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers) -> Iterator[Flask]:
    with generated.shop(app, servers, ORDERS, PER_DAY) as made:
        yield made


def test_their_hours_are_counted_anew_by_the_clock(shop: Flask) -> None:
    hour = "SELECT counted_at > hour AS known FROM hourly_figures"
    with shop.app_context():
        while transaction(lambda session: hourly.count(session, datetime.now(UTC), timedelta(hours=72))):
            continue
    assert any(row.known for row in factories.rows(shop, hour))
    assert generated.generate(shop, ORDERS, PER_DAY).exit_code == 0
    assert not any(row.known for row in factories.rows(shop, hour))


@pytest.fixture
def orders(shop: Flask) -> list[Order]:
    with shop.app_context():
        return read(lambda session: store.get_many(session, [story.order_id(number) for number in range(ORDERS)]))


@pytest.fixture
def staff_of_shop(shop: Flask) -> Caller:
    return person(shop, "staff")


def all_listed(caller: Caller, path: str) -> Iterator[Any]:
    while path:
        answer = caller.get(path)
        assert answer.status_code == 200, answer.data
        yield from exact(answer)["orders"]
        path = answer.headers.get("Link", "").split(";")[0].strip("<>")


def test_there_are_as_many_as_were_asked_for_of_every_kind(orders: list[Order]) -> None:
    assert len(orders) == ORDERS
    seen = Counter(order.status for order in orders)
    assert {lifecycle.DELIVERED, lifecycle.CANCELLED, lifecycle.RETURNED, lifecycle.SHIPPED} <= set(seen)
    assert {len(order.lines) for order in orders} >= {0, 1, 2, 3, 4}
    assert max(len(order.lines) for order in orders) <= 8
    assert {refund.cause.partition(":")[0] for order in orders for refund in refunds_of(order)} == {
        "cancel",
        "return",
        "amount",
    }


def test_a_few_customers_have_many_of_them_and_many_have_one(orders: list[Order]) -> None:
    per_customer = Counter(order.customer_id for order in orders)
    (_, most), *_ = per_customer.most_common(1)
    assert most > ORDERS / 50
    assert sum(count == 1 for count in per_customer.values()) > ORDERS / 4


def test_totals_and_money_are_what_the_product_makes_them(orders: list[Order]) -> None:
    for order in orders:
        if order.lines:
            expected = order.total_amount
            totals.apply(order, None)
            assert (order.total_amount, order.rounding_adjustment) == (expected, ZERO)
        assert balance.excess(order) == ZERO
        for payment in order.payments:
            assert payment.refunded_amount == sum((refund.amount for refund in payment.refunds), ZERO)
            assert not (payment.open and order.status in (lifecycle.CANCELLED, lifecycle.DELIVERED))


def test_every_route_that_reads_shows_every_order(orders: list[Order], staff_of_shop: Caller) -> None:
    listed = {order["order_id"]: order for order in all_listed(staff_of_shop, "/orders?limit=100")}
    assert set(listed) == {order.order_id for order in orders}
    for order in orders:
        answer = staff_of_shop.get(f"/orders/{order.order_id}")
        assert exact(answer) == listed[order.order_id]
        steps = exact(staff_of_shop.get(f"/orders/{order.order_id}/journey"))["journey"]
        assert [step["seq"] for step in steps] == list(range(1, order.version + 1))
        assert (steps[0]["created_at"], steps[-1]["created_at"]) == (
            representation.moment(order.created_at),
            representation.moment(order.updated_at),
        )
        assert steps[-1]["current_status"] == order.status


def test_they_are_found_by_what_one_searches_for(orders: list[Order], staff_of_shop: Caller) -> None:
    order = next(order for order in orders if order.lines and order.address)
    phone = json.loads(order.address or b"")["phone"].replace("+", "%2B")
    for wanted in (order.order_id, order.customer_id, order.lines[0].sku, order.facility_id, phone):
        found = all_listed(staff_of_shop, f"/orders?q={wanted}&limit=100")
        assert order.order_id in {each["order_id"] for each in found}, wanted
    total = exact(staff_of_shop.get(f"/orders/user/{order.customer_id}"))["total_items"]
    assert total == sum(each.customer_id == order.customer_id for each in orders)


def test_their_events_keep_to_the_schemas_and_are_published(shop: Flask) -> None:
    found = factories.rows(shop, "SELECT type, CAST(payload AS text) AS payload, published_at FROM outbox_events")
    assert {event.type for event in found} >= {events.CREATED, events.NEW_ORDER, events.STATUS_CHANGED}
    for event in found:
        Draft202012Validator(events.schemas()[event.type]).validate(json.loads(event.payload, parse_float=Decimal))
    with shop.app_context():
        assert read(outbox.lag).pending == 0


def test_each_is_in_the_partition_of_its_time(shop: Flask) -> None:
    with shop.app_context():
        assert read(partitions.strays) == {"order_journey": 0, "outbox_events": 0}


def test_one_goes_on_along_its_lifecycle(app: Flask, servers: Servers) -> None:
    with generated.shop(app, servers, 60, PER_DAY) as shop:
        (wanted, *_) = factories.rows(
            shop, "SELECT order_id FROM orders WHERE status = 'shipped' AND managed_by = 'operator'"
        )
        answer = person(shop, "staff").patch(f"/orders/{wanted.order_id}", {"status": "delivered"})
        factories.forget_cached(shop, {"order_id": wanted.order_id})  # another database has an order of this name
    assert answer.status_code == 200, answer.data
    assert exact(answer)["status"] == "delivered"


def test_it_goes_on_where_it_ended_and_stops_when_there_are_enough(app: Flask, servers: Servers) -> None:
    with generated.shop(app, servers, 30, 100) as shop:
        assert generated.generate(shop, 50, 100).output.splitlines()[-1].startswith("20 orders written")
        assert generated.generate(shop, 50, 100).output.splitlines()[-1].startswith("0 orders written")
        assert len(factories.rows(shop, "SELECT 1 FROM orders")) == 50
        after = factories.rows(shop, "SELECT count(*) FROM orders WHERE created_at > (SELECT created_at FROM orders"
                               " WHERE order_id = :first)", first=story.order_id(0))  # fmt: skip
        assert after[0] == (0,)


def test_what_was_counted_of_customers_before_is_forgotten(app: Flask, servers: Servers) -> None:
    with generated.shop(app, servers, 10, 100) as shop:
        client, key = shop.extensions["oms_redis"], customer_counts.key("GEN-C000001")
        client.set(key, b'["2026-01-01T00:00:00Z",7]')
        assert generated.generate(shop, 20, 100).exit_code == 0
        assert client.get(key) is None
        shop.extensions["oms_redis"] = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
        try:
            done = generated.generate(shop, 30, 100)
        finally:
            shop.extensions["oms_redis"] = client
            redis_guard.breaker.reset()
        assert done.exit_code == 0
        assert "Redis is away" in done.stderr


def test_a_batch_is_there_as_a_whole_or_not_at_all(
    app: Flask, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    with generated.shop(app, servers, 10, 100) as shop:
        monkeypatch.setitem(copying._COLUMNS, "payments", ("no_such_column",))
        assert generated.generate(shop, 20, 100).exit_code == 1
        assert len(factories.rows(shop, "SELECT 1 FROM orders")) == 10


def test_a_database_with_other_orders_is_left_alone_unless_that_is_meant(app: Flask, servers: Servers) -> None:
    with generated.shop(app, servers, 10, 100) as shop:
        factories.place(person(shop, "customer"))
        refused = generated.generate(shop, 20, 100)
        assert (refused.exit_code, "--yes" in refused.output) == (1, True)
        assert len(factories.rows(shop, "SELECT 1 FROM orders")) == 11
        assert generated.generate(shop, 20, 100, "--yes").exit_code == 0
        assert len(factories.rows(shop, "SELECT 1 FROM orders")) == 21
