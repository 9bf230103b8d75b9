"""The journey and the outbox in partitions: created ahead, dropped behind, nothing lost between."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from oms import outbox, partitions
from oms.errors import Unavailable
from oms.extensions import db
from oms.jobs.sweep import Sweep
from oms.orders import journey
from oms.partitions import JOURNEY, OUTBOX, Partitioned
from oms.transactions import read, transaction
from tests import factories
from tests.callers import Caller, person
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.databases import own_database
from tests.today import of_each_test

NOW = datetime.now(UTC)
today = of_each_test(globals())


@pytest.fixture
def shop(app: Flask, servers: Servers) -> Iterator[Flask]:
    """An application whose database nobody else's clock looks after."""
    with own_database(app, servers) as url, applications.another(app, servers, DATABASE_URL=url) as made:
        yield made


@pytest.fixture
def buyer(shop: Flask) -> Caller:
    return person(shop, "customer")


def names(shop: Flask, of: Partitioned) -> list[str]:
    with shop.app_context():
        return [each.name for each in read(lambda session: partitions.partitions(session, of))]


def create_missing(shop: Flask, of: Partitioned, now: datetime) -> list[str]:
    with shop.app_context():
        return transaction(lambda session: partitions.create_missing(session, of, now))


def strays(shop: Flask) -> dict[str, int]:
    with shop.app_context():
        return read(partitions.strays)


def age(shop: Flask, order: Any, days: int) -> None:
    """Everything of an order happened earlier; its events are published."""
    for table in ("orders", "order_journey", "outbox_events"):
        more = ", updated_at = updated_at - interval '1 day' * :days" if table == "orders" else ""
        factories.execute(
            shop,
            f"UPDATE {table} SET created_at = created_at - interval '1 day' * :days{more} WHERE order_id = :order_id",
            days=days,
            order_id=order["order_id"],
        )
    factories.execute(
        shop, "UPDATE outbox_events SET published_at = now() WHERE order_id = :order_id", order_id=order["order_id"]
    )


def events(shop: Flask, order: Any) -> int:
    return len(factories.outbox(shop, order))


def test_a_new_database_has_partitions_for_now_and_some_ahead(shop: Flask) -> None:
    for of in partitions.ALL:
        assert len(names(shop, of)) == 1 + of.ahead
        assert create_missing(shop, of, NOW) == []


@pytest.mark.parametrize("of", partitions.ALL, ids=lambda of: of.table)
def test_as_time_goes_by_the_clock_creates_more_that_follow_each_other(shop: Flask, of: Partitioned) -> None:
    step = timedelta(days=1 if of.unit == "day" else 32)
    made = [create_missing(shop, of, NOW + step * count) for count in (1, 2, 3)]
    assert [len(each) for each in made] == [1, 1, 1]
    with shop.app_context():
        found = sorted(read(lambda session: partitions.partitions(session, of)), key=lambda each: each.until)
    assert [each.since for each in found[1:]] == [each.until for each in found[:-1]]


def test_an_order_of_another_year_has_its_journey_and_its_partition_is_made(shop: Flask, buyer: Caller) -> None:
    order = factories.place(buyer)
    before = factories.journey(buyer, order)
    age(shop, order, 400)
    assert strays(shop) == {"order_journey": 1, "outbox_events": 2}
    made = create_missing(shop, JOURNEY, NOW) + create_missing(shop, OUTBOX, NOW)
    assert strays(shop) == {"order_journey": 0, "outbox_events": 0}
    then = NOW - timedelta(days=400)
    assert made == [f"order_journey_{then:%Y_%m}", f"outbox_events_{then:%Y_%m_%d}"]
    assert [step["seq"] for step in factories.journey(buyer, order)] == [step["seq"] for step in before]
    assert events(shop, order) == 2


def test_reading_a_journey_looks_at_the_months_of_its_order_only(shop: Flask, buyer: Caller) -> None:
    order = factories.place(buyer)
    for days in (0, 100, 200, 300):
        create_missing(shop, JOURNEY, NOW + timedelta(days=days))
    explained = factories.rows(
        shop,
        f"EXPLAIN {journey._JOURNEY.text}",
        order_id=order["order_id"],
        owner=None,
        since=NOW,
        until=NOW + timedelta(seconds=9),
    )
    assert sum("order_journey_2" in line[0] and "Scan" in line[0] for line in explained) == 1
    assert len(names(shop, JOURNEY)) > 8


def test_days_of_published_events_go_as_a_whole_when_their_time_has_come(shop: Flask, buyer: Caller) -> None:
    old, young = factories.place(buyer), factories.place(buyer)
    age(shop, old, 5)
    create_missing(shop, OUTBOX, NOW)
    with shop.app_context():
        assert transaction(lambda session: outbox.purge(session, 72)) == 1
        assert transaction(lambda session: outbox.purge(session, 72)) == 0
    assert (events(shop, old), events(shop, young)) == (0, 2)
    assert f"outbox_events_{NOW - timedelta(days=5):%Y_%m_%d}" not in names(shop, OUTBOX)


def test_an_unpublished_event_holds_its_day_and_loses_only_its_company(shop: Flask, buyer: Caller) -> None:
    published, stuck = factories.place(buyer), factories.place(buyer)
    age(shop, published, 5)
    age(shop, stuck, 5)
    factories.execute(
        shop, "UPDATE outbox_events SET published_at = NULL WHERE order_id = :id AND position = 0", id=stuck["order_id"]
    )
    create_missing(shop, OUTBOX, NOW)
    with shop.app_context():
        purged = [transaction(lambda session: outbox.purge(session, 72, batch=2)) for _ in range(3)]
    assert purged == [2, 1, 0]
    assert (events(shop, published), events(shop, stuck)) == (0, 1)


def test_journeys_are_kept_for_ever_unless_told_otherwise_and_the_order_stays(
    app: Flask, servers: Servers, shop: Flask, buyer: Caller
) -> None:
    order = factories.place(buyer)
    age(shop, order, 100)
    with shop.app_context():
        Sweep().round()
    assert len(factories.journey(buyer, order)) == 1
    url = shop.config["OMS_SETTINGS"].database_url
    another = applications.another(app, servers, DATABASE_URL=url, JOURNEY_RETENTION_DAYS="60")
    with another as strict, strict.app_context():
        Sweep().round()
    assert factories.journey(buyer, order) == []
    assert buyer.get(factories.url(order)).status_code == 200


@pytest.mark.parametrize("of", partitions.ALL, ids=lambda of: of.table)
def test_a_busy_table_is_left_for_the_next_round(shop: Flask, of: Partitioned, buyer: Caller) -> None:
    order = factories.place(buyer)
    age(shop, order, 100)
    before = names(shop, of)
    with shop.app_context(), db.engine.connect() as traffic:
        traffic.execute(text(f"LOCK TABLE {of.table} IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(Unavailable):
            transaction(lambda session: partitions.create_missing(session, of, NOW))
        traffic.rollback()
    assert names(shop, of) == before


def test_creating_and_dropping_do_not_wait_for_orders_that_are_locked(shop: Flask, buyer: Caller) -> None:
    order = factories.place(buyer)
    age(shop, order, 100)
    with shop.app_context(), db.engine.connect() as traffic:
        traffic.execute(text("SELECT 1 FROM orders WHERE order_id = :id FOR UPDATE"), {"id": order["order_id"]})
        assert len(transaction(lambda session: partitions.create_missing(session, JOURNEY, NOW))) == 1
        assert transaction(lambda session: journey.purge(session, 60)) == 1


def test_rows_outside_of_partitions_are_seen_by_the_doctor_and_in_the_metrics(shop: Flask, buyer: Caller) -> None:
    age(shop, factories.place(buyer), 100)
    scraped = buyer.get("/metrics").text
    assert 'oms_rows_outside_partitions{table="order_journey"} 1.0' in scraped
    examined = shop.test_cli_runner().invoke(args=["oms", "doctor"]).output
    assert "warn  partitions           3 rows outside of them" in examined


def test_events_that_are_kept_for_less_than_a_day_go_one_by_one(shop: Flask, buyer: Caller) -> None:
    old, young = factories.place(buyer), factories.place(buyer)
    for order in (old, young):
        age(shop, order, 0)
    factories.execute(
        shop,
        "UPDATE outbox_events SET created_at = now() - interval '2 minutes' WHERE order_id = :id",
        id=old["order_id"],
    )
    with shop.app_context():
        assert [transaction(lambda session: outbox.purge(session, 1 / 60)) for _ in range(2)] == [2, 0]
    assert (events(shop, old), events(shop, young)) == (0, 2)
