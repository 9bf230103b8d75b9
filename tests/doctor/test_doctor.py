"""`flask oms doctor` finds what is wrong with the real servers, and says what to do about it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from oms import redis_guard, schema_version
from oms.doctor import broker
from oms.extensions import queue_connection
from oms.ids import new_id
from tests import factories
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications


def examined(app: Flask) -> tuple[int, dict[str, tuple[str, str]]]:
    """The exit code, and (grade, the rest of the line and its advice) by what was looked at."""
    answer = app.test_cli_runner().invoke(args=["oms", "doctor"])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    found: dict[str, tuple[str, str]] = {}
    last = ""
    for line in answer.output.splitlines()[:-1]:
        if line.startswith("      -> "):
            found[last] = (found[last][0], f"{found[last][1]}{line.strip()}")
        else:
            last = line[6:27].strip()
            found[last] = (line[:4].strip(), line[27:])
    return answer.exit_code, found


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded broker never answers what it is asked about its topics' settings."""
    monkeypatch.setattr(broker, "PATIENCE_SECONDS", 0.5)


@pytest.fixture
def redis_setting(app: Flask) -> Iterator[None]:
    with app.app_context():
        client = queue_connection()
        yield
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 0)


def test_all_is_looked_at_and_the_servers_of_the_stack_are_well(app: Flask) -> None:
    code, found = examined(app)
    assert {"configuration", "PostgreSQL", "schema", "eviction policy", "Kafka", "topics", "outbox", "refunds"} <= set(
        found
    )
    assert {found[what][0] for what in ("configuration", "PostgreSQL", "schema", "Redis", "Kafka")} == {"ok"}
    assert found["durability"][0] == "fail"  # the tests' own PostgreSQL is quick and careless
    assert code == 1


def test_an_older_schema_is_broken_and_the_way_out_is_named(app: Flask) -> None:
    factories.execute(app, "UPDATE alembic_version SET version_num = '0001'")
    try:
        code, found = examined(app)
    finally:
        factories.execute(app, "UPDATE alembic_version SET version_num = :head", head=schema_version.heads().pop())
    assert code == 1
    assert found["schema"][0] == "fail"
    assert "flask --app wsgi db upgrade" in found["schema"][1]


@pytest.mark.usefixtures("redis_setting")
def test_an_eviction_policy_that_loses_jobs_is_broken(app: Flask) -> None:
    with app.app_context():
        queue_connection().config_set("maxmemory-policy", "allkeys-lru")
    _, found = examined(app)
    assert found["eviction policy"][0] == "fail"
    assert "noeviction" in found["eviction policy"][1]


@pytest.mark.usefixtures("redis_setting")
def test_a_redis_that_is_nearly_full_is_to_be_looked_into(app: Flask) -> None:
    with app.app_context():
        client = queue_connection()
        client.config_set("maxmemory", int(client.info("memory")["used_memory"] * 1.05))
    _, found = examined(app)
    assert found["memory of Redis"][0] == "warn"


def test_servers_that_are_away_are_each_told_with_what_goes_on_without_them(app: Flask, servers: Servers) -> None:
    away = {"REDIS_URL": "redis://127.0.0.1:1/0", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    with applications.another(app, servers, **away) as made:
        _, found = examined(made)
    redis_guard.breaker.reset()
    assert (found["Redis"][0], found["Kafka"][0]) == ("warn", "warn")
    assert "REDIS_URL" in found["Redis"][1]
    assert "KAFKA_BOOTSTRAP_SERVERS" in found["Kafka"][1]


def test_without_the_database_the_rest_is_looked_at_all_the_same(app: Flask, servers: Servers) -> None:
    with applications.another(app, servers, DATABASE_URL="postgresql://oms@127.0.0.1:1/oms") as made:
        code, found = examined(made)
    assert code == 1
    assert found["PostgreSQL"][0] == "fail"
    assert "Redis" in found
    assert "outbox" not in found


def test_too_many_connections_for_the_server_are_counted_beforehand(app: Flask, servers: Servers) -> None:
    with applications.another(app, servers, DB_POOL_SIZE="60") as made:
        _, found = examined(made)
    assert found["connections"][0] == "warn"


def test_a_refund_that_has_failed_is_told(app: Flask, customer: Caller) -> None:
    order = factories.place(customer, payment=[{"mode": "card", "amount": 20}])
    factories.execute(
        app,
        "INSERT INTO refunds (order_id, refund_id, payment_id, cause, status, amount)"
        " SELECT order_id, :refund_id, payment_id, 'cancel', 'failed', 5 FROM payments WHERE order_id = :order_id",
        order_id=order["order_id"],
        refund_id=new_id(),
    )
    _, found = examined(app)
    factories.execute(app, "DELETE FROM refunds WHERE order_id = :order_id", order_id=order["order_id"])
    assert found["refunds"][0] == "warn"
    assert "retry" in found["refunds"][1]


def test_events_that_wait_too_long_are_told(app: Flask, customer: Caller) -> None:
    order = factories.place(customer)
    factories.execute(
        app,
        "UPDATE outbox_events SET published_at = NULL, created_at = now() - interval '2 minutes'"
        " WHERE order_id = :order_id",
        order_id=order["order_id"],
    )
    _, found = examined(app)
    factories.execute(app, "UPDATE outbox_events SET published_at = now() WHERE published_at IS NULL")
    assert found["outbox"][0] == "warn"
