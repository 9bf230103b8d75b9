"""Everything through PgBouncer in transaction mode: no session is ours for longer than a transaction."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from oms import schema_version
from oms.config import Settings
from oms.consumer.health import Pulse
from oms.consumer.loop import Loop
from oms.doctor import database
from oms.ids import new_id
from oms.jobs.publish_outbox import publish_outbox
from oms.jobs.sweep import Sweep
from tests.callers import Caller, exact, person
from tests.conftest import Servers
from tests.consumer.topics import Topics, eventually, own_settings
from tests.factories import lines_body, place, rows, url
from tests.floor import applications
from tests.floor.databases import own_database
from tests.floor.pgbouncer import POOL_SIZE, PgBouncer
from tests.floor.topics import Listener

LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}

SESSIONS = "FROM pg_stat_activity WHERE application_name = 'oms' AND datname = current_database()"


@pytest.fixture(scope="module")
def direct(app: Flask, servers: Servers) -> Iterator[str]:
    """A database with the limits that no client can ask for through a pooler."""
    with own_database(app, servers) as found:
        engine = create_engine(found, isolation_level="AUTOCOMMIT")
        parts = urlsplit(found)
        with engine.connect() as connection:
            for name, value in LIMITS.items():
                connection.execute(
                    text(f"ALTER ROLE {parts.username} IN DATABASE {parts.path[1:]} SET {name} = '{value}'")
                )
        engine.dispose()
        yield found


@pytest.fixture(scope="module")
def bouncer(direct: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgBouncer]:
    with PgBouncer(tmp_path_factory.mktemp("pgbouncer") / "server", direct) as found:
        yield found


@pytest.fixture
def pooled(app: Flask, servers: Servers, bouncer: PgBouncer) -> Iterator[Flask]:
    """The application behind the pooler."""
    redis_url = f"redis://127.0.0.1:{servers.valkey.port}/2"
    with applications.another(
        app, servers, DATABASE_URL=bouncer.url, REDIS_URL=redis_url, REDIS_TIMEOUT_MS="5000"
    ) as made:
        yield made


def test_a_customer_registers_orders_once_lists_and_cancels(pooled: Flask) -> None:
    email, password = f"{new_id().lower()}@example.com", "a-long-enough-password"
    nobody = Caller(pooled, {}, "")
    assert nobody.post("/register", {"email": email, "password": password}).status_code == 201
    token = nobody.call("POST", "/auth/token", data={"username": email, "password": password})
    customer = Caller(pooled, {"Authorization": f"Bearer {exact(token)['access_token']}"}, "")
    key = {"Idempotency-Key": new_id()}
    first, second = (customer.post("/orders", {"items": {"tea": 1}}, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code, first.data) == (201, 201, second.data)
    order = exact(first)
    changed = customer.patch(url(order), {"status": "PAID"})
    assert (changed.status_code, exact(changed)["status"]) == (200, "confirmed")
    assert [found["order_id"] for found in exact(customer.get("/orders"))["orders"]] == [order["order_id"]]
    assert customer.post(url(order, "cancel"), {"reason": "changed_mind"}).status_code == 200
    assert len(exact(customer.get(url(order, "journey")))["journey"]) == 3


def test_a_key_used_by_many_at_once_has_one_effect(pooled: Flask) -> None:
    customer, key = person(pooled, "customer"), {"Idempotency-Key": new_id()}

    def ask(_: int) -> int:
        return Caller(pooled, customer.headers, "").post("/orders", {"items": {"tea": 1}}, headers=key).status_code

    with ThreadPoolExecutor(4 * POOL_SIZE) as threads:
        answers = list(threads.map(ask, range(24)))
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert len(rows(pooled, "SELECT 1 FROM orders WHERE customer_id = :id", id=customer.id)) == 1


def test_callers_outnumber_the_sessions_and_no_lock_stays_behind(pooled: Flask, direct: str) -> None:
    staff = person(pooled, "staff")
    orders = [place(staff, customer_id="C-1") for _ in range(8)]

    def move(order: object) -> list[int]:
        caller = Caller(pooled, staff.headers, "")
        return [caller.patch(url(order), {"status": step}).status_code for step in ("confirmed", "packed", "shipped")]

    with ThreadPoolExecutor(4 * POOL_SIZE) as threads:
        assert list(threads.map(move, orders)) == [[200, 200, 200]] * len(orders)
    engine = create_engine(direct)
    with engine.connect() as connection:
        locks = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid IN (SELECT pid {SESSIONS})"
        assert connection.execute(text(locks)).scalar() == 0
        assert connection.execute(text(f"SELECT count(*) BETWEEN 1 AND {POOL_SIZE} {SESSIONS}")).scalar()
    engine.dispose()


def test_the_worker_drains_and_the_clock_does_its_round(pooled: Flask, servers: Servers) -> None:
    with Listener(servers.kafka.url) as listener, pooled.app_context():
        order = place(person(pooled, "customer"))
        publish_outbox()
        Sweep().round()
        listener.wait_for(lambda heard: any(message.key == order["order_id"] for message in heard))
        unsent = "SELECT 1 FROM outbox_events WHERE order_id = :id AND published_at IS NULL"
        assert rows(pooled, unsent, id=order["order_id"]) == []


def test_a_message_has_its_effect_once(pooled: Flask) -> None:
    topics = Topics(own_settings(pooled.config["OMS_SETTINGS"]))
    order = lines_body(customer_id="C-1")
    event_id = topics.event(topics.commands, {"command": "create", "order": order})
    topics.event(topics.commands, {"command": "create", "order": order}, event_id)
    with consuming(pooled, topics.settings):
        eventually(lambda: topics.committed(topics.commands) == topics.end(topics.commands))
    found = rows(pooled, "SELECT version FROM orders WHERE order_id = :id", id=order["order_id"])
    assert [row.version for row in found] == [1]


@contextmanager
def consuming(app: Flask, settings: Settings) -> Iterator[None]:
    with app.app_context():
        consumer = Loop(settings, Pulse())

    def run() -> None:
        with app.app_context():
            consumer.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        consumer.stop()
        thread.join(30)


def test_the_limits_of_a_session_come_from_the_database_and_the_doctor_misses_them_where_they_are_not(
    pooled: Flask, direct: str
) -> None:
    assert limits(pooled) == ("ok", "as configured")
    engine, parts = create_engine(direct, isolation_level="AUTOCOMMIT"), urlsplit(direct)
    role = f"ALTER ROLE {parts.username} IN DATABASE {parts.path[1:]}"
    with engine.connect() as connection:
        connection.execute(text(f"{role} RESET statement_timeout"))
        try:
            # A session that was opened before keeps what it had.
            connection.execute(text(f"SELECT pg_terminate_backend(pid) {SESSIONS}"))
            assert limits(pooled) == ("warn", "statement_timeout is 0ms")
        finally:
            connection.execute(text(f"{role} SET statement_timeout = '10s'"))
    engine.dispose()


def limits(app: Flask) -> tuple[str, str]:
    with app.app_context():
        found = database.examine(app.config["OMS_SETTINGS"])
        return next((finding.grade, finding.found) for finding in found if finding.what == "limits of sessions")


def test_a_pooler_that_restarts_costs_nobody_an_error(pooled: Flask, bouncer: PgBouncer) -> None:
    customer = person(pooled, "customer")
    order = place(customer)
    bouncer.restart()
    assert customer.get(url(order, "journey")).status_code == 200
    bouncer.restart()
    assert customer.patch(url(order), {"status": "cancelled"}).status_code == 200


def test_migrations_refuse_the_pooler_and_take_the_direct_way(
    app: Flask, servers: Servers, bouncer: PgBouncer, direct: str, capsys: pytest.CaptureFixture[str]
) -> None:
    migrations = str(schema_version.MIGRATIONS)
    refused = pytest.raises(click.ClickException, match="MIGRATION_DATABASE_URL")
    with applications.another(app, servers, DATABASE_URL=bouncer.url) as made, made.app_context(), refused:
        upgrade(migrations)
    both = {"DATABASE_URL": bouncer.url, "MIGRATION_DATABASE_URL": direct}
    with applications.another(app, servers, **both) as made, made.app_context():
        upgrade(migrations)
    assert capsys.readouterr().out.startswith("nothing to do")
