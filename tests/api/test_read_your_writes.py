"""Reads from a replica that lags: whoever has just written reads his write, everybody else what the replica knows.

And what the doctor says of such a replica.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from devstack.server import wait_until
from oms import redis_guard
from oms.api import read_your_writes
from oms.api.read_your_writes import Rest
from oms.doctor import broker
from oms.errors import Unavailable
from oms.orders import cache, customer_counts
from oms.transactions import read
from tests import factories
from tests.callers import Caller, exact
from tests.conftest import Servers
from tests.depth import THOROUGH
from tests.doctor.test_doctor import examined
from tests.floor import applications
from tests.floor.replica import Replica


@pytest.fixture(scope="module")
def replica(app: Flask, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    assert app  # the schema is there before it is copied
    with Replica(tmp_path_factory.mktemp("replica") / "postgres", servers.postgres) as found:
        yield found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded broker never answers the doctor about its topics' settings."""
    monkeypatch.setattr(broker, "PATIENCE_SECONDS", 0.5)


@pytest.fixture
def reading(app: Flask, servers: Servers, replica: Replica) -> Iterator[Flask]:
    """The application with its queries on the replica, which has caught up."""
    patience = {"REDIS_TIMEOUT_MS": "5000"}
    with applications.another(app, servers, READ_DATABASE_URL=replica.url, **patience) as made:
        replica.catch_up()
        yield made
        replica.catch_up()
    Rest.until = 0.0


def seen(app: Flask, caller: Caller, owner: Caller) -> list[str]:
    """The ids of `owner`'s orders as `caller` lists them."""
    answer = Caller(app, caller.headers, caller.id).get(f"/orders?customer_id={owner.id}")
    assert answer.status_code == 200, answer.data
    return [order["order_id"] for order in exact(answer)["orders"]]


def test_lists_come_from_the_replica(reading: Flask, replica: Replica, customer: Caller, staff: Caller) -> None:
    replica.stand_still()
    order = factories.place(customer)  # by the other application: nothing says who has written here
    assert seen(reading, staff, customer) == []
    replica.catch_up()
    assert seen(reading, staff, customer) == [order["order_id"]]


def test_a_count_of_the_replica_is_kept_only_up_to_what_it_has(
    reading: Flask, replica: Replica, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_counts, "SETTLES_AFTER", timedelta(seconds=0.2))
    monkeypatch.setattr(customer_counts, "WORTH_KEEPING", 1)

    def total() -> Any:
        return exact(Caller(reading, staff.headers, staff.id).get(f"/orders/user/{customer.id}"))["total_items"]

    factories.place(customer)
    settled = time.monotonic() + 0.3
    assert wait_until(lambda: time.monotonic() > settled, 5)
    factories.place(customer)
    replica.catch_up()
    replica.stand_still()
    factories.place(customer)
    late = time.monotonic() + 0.3
    assert wait_until(lambda: time.monotonic() > late, 5)
    assert total() == 2
    assert reading.extensions["oms_redis"].get(customer_counts.key(customer.id)) is not None
    replica.catch_up()
    assert total() == 3


def test_what_a_replica_counts_that_has_replayed_nothing_yet_is_not_kept(
    reading: Flask, replica: Replica, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_counts, "SETTLES_AFTER", timedelta(0))
    monkeypatch.setattr(customer_counts, "WORTH_KEEPING", 1)
    factories.place(customer)
    replica.catch_up()
    replica.restart_at_the_end()
    answer = Caller(reading, staff.headers, staff.id).get(f"/orders/user/{customer.id}")
    kept = reading.extensions["oms_redis"].get(customer_counts.key(customer.id))
    assert exact(answer)["total_items"] == 1
    assert time.monotonic() >= Rest.until  # the replica has answered
    assert kept is None or replica.has_replayed


def test_a_standby_that_was_made_the_primary_settles_what_is_placed_since(
    app: Flask,
    servers: Servers,
    customer: Caller,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(customer_counts, "SETTLES_AFTER", timedelta(0))
    monkeypatch.setattr(customer_counts, "WORTH_KEEPING", 1)
    factories.place(customer)
    with Replica(tmp_path_factory.mktemp("successor") / "postgres", servers.postgres) as successor:
        successor.catch_up()
        assert successor.has_replayed
        successor.promote()
        with applications.another(app, servers, DATABASE_URL=successor.url, REDIS_TIMEOUT_MS="5000") as made:
            buyer = Caller(made, customer.headers, customer.id)
            factories.place(buyer)
            assert exact(buyer.get(f"/orders/user/{customer.id}"))["total_items"] == 2
            kept = customer_counts.parse(made.extensions["oms_redis"].get(customer_counts.key(customer.id)))
    assert kept.orders == 2


def test_who_has_just_written_reads_his_write(
    reading: Flask, replica: Replica, customer: Caller, staff: Caller
) -> None:
    replica.stand_still()
    writer = Caller(reading, customer.headers, customer.id)
    order = factories.place(writer)
    assert seen(reading, customer, customer) == [order["order_id"]]
    assert exact(writer.get(f"/orders/{order['order_id']}/journey"))["journey"]
    assert seen(reading, staff, customer) == []  # the replica has not moved


def test_a_write_that_was_replayed_is_read_from_the_replica(reading: Flask, replica: Replica, customer: Caller) -> None:
    writer = Caller(reading, customer.headers, customer.id)
    first = factories.place(writer)
    replica.catch_up()
    replica.stand_still()
    factories.place(customer)  # nobody notes this one, so only the replica's own sight is left
    assert seen(reading, customer, customer) == [first["order_id"]]


def test_without_the_replica_the_primary_answers(reading: Flask, replica: Replica, customer: Caller) -> None:
    order = factories.place(customer)
    replica.stop()
    try:
        assert seen(reading, customer, customer) == [order["order_id"]]
    finally:
        replica.start()


def test_a_replica_that_failed_is_left_alone_for_a_while(
    reading: Flask, replica: Replica, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_your_writes, "PAUSE_SECONDS", 3600)
    replica.stop()
    try:
        assert seen(reading, staff, customer) == []
    finally:
        replica.start()
    replica.stand_still()
    order = factories.place(customer)
    assert seen(reading, staff, customer) == [
        order["order_id"]
    ]  # from the primary, although the replica is there again
    Rest.until = 0.0
    assert seen(reading, staff, customer) == []


def test_an_order_the_primary_has_listed_is_shown_although_the_replica_does_not_have_it(
    reading: Flask, replica: Replica, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica.stand_still()
    order = factories.place(customer)
    factories.forget_cached(reading, order)
    held = cache.held

    def later(versions: dict[str, int]) -> dict[str, bytes]:
        """Between the list and its bodies the replica has come back."""
        Rest.until = 0.0
        return held(versions)

    monkeypatch.setattr(cache, "held", later)
    Rest.until = time.monotonic() + 3600
    assert seen(reading, staff, customer) == [order["order_id"]]


def test_a_query_the_replica_ends_is_answered_by_the_primary_and_the_next_one_by_the_replica(
    reading: Flask, replica: Replica, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica.stand_still()
    order = factories.place(customer)
    with monkeypatch.context() as ending:
        ending.setattr(read_your_writes, "look", ended_by_the_replica(read_your_writes.look))
        assert seen(reading, staff, customer) == [order["order_id"]]
    assert seen(reading, staff, customer) == []


def ended_by_the_replica(read: Any) -> Any:
    """The same, with a statement before it that the replica ends."""

    def late(work: Any, *, replica: bool = False) -> Any:
        def first_sleep(session: Session) -> Any:
            session.execute(text("SET statement_timeout = 1"))
            try:
                session.execute(text("SELECT pg_sleep(1)"))
            finally:
                session.execute(text("SET statement_timeout = 10000"))

        return read(first_sleep if replica else work, replica=replica)

    return late


@pytest.mark.skipif(not THOROUGH, reason="waits for seconds until PostgreSQL counts as silent")
def test_a_replica_that_hangs_costs_one_wait(
    app: Flask, servers: Servers, replica: Replica, customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"READ_DATABASE_URL": replica.url, "REDIS_TIMEOUT_MS": "5000", "DB_STATEMENT_TIMEOUT_MS": "100"}
    monkeypatch.setattr(read_your_writes, "PAUSE_SECONDS", 3600)
    monkeypatch.setattr(Rest, "until", 0.0)
    with applications.another(app, servers, **variables) as made:
        seen(made, customer, customer)
        order = factories.place(customer)
        replica.pause()
        try:
            assert seen(made, customer, customer) == [order["order_id"]]
            assert Rest.until > time.monotonic()
        finally:
            replica.resume()


def test_without_redis_the_primary_answers(app: Flask, servers: Servers, replica: Replica, customer: Caller) -> None:
    with applications.another(app, servers, READ_DATABASE_URL=replica.url, REDIS_URL="redis://127.0.0.1:1/0") as made:
        replica.stand_still()
        order = factories.place(Caller(made, customer.headers, customer.id))
        assert seen(made, customer, customer) == [order["order_id"]]
        replica.catch_up()
    redis_guard.breaker.reset()


def test_nothing_is_written_through_the_replicas_connection(reading: Flask) -> None:
    with reading.app_context(), pytest.raises(Unavailable):
        read(lambda session: session.execute(text("DELETE FROM inbox_events")), replica=True)


class TestTheDoctor:
    def test_a_replica_that_follows_is_well_and_tells_how_far(self, reading: Flask, customer: Caller) -> None:
        factories.place(customer)
        _, found = examined(reading)
        assert found["replica"][0] == "ok"
        assert "replayed" in found["replica"][1]

    def test_one_that_is_away_is_to_be_looked_into(self, reading: Flask, replica: Replica) -> None:
        replica.stop()
        try:
            _, found = examined(reading)
        finally:
            replica.start()
        assert found["replica"][0] == "warn"
        assert "READ_DATABASE_URL" in found["replica"][1]

    def test_another_primary_is_no_replica(self, app: Flask, servers: Servers) -> None:
        with applications.another(app, servers, READ_DATABASE_URL=servers.postgres.url) as made:
            _, found = examined(made)
        assert found["replica"][0] == "warn"
        assert "not a standby" in found["replica"][1]
