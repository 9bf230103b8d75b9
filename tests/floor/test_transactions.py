import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from flask import Flask
from psycopg2 import errors as postgres
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from devstack.postgres import Postgres
from oms.errors import Conflict, Unavailable
from oms.extensions import db
from oms.ids import new_id
from oms.orders import cache
from oms.transactions import after_commit, read, transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications, events
from tests.floor.outsiders import Outsider
from tests.floor.postgres_proxy import COMMIT, CuttingWire

DEADLOCK, SERIALIZATION, DISK_FULL = "40P01", "40001", "53100"
KILL_ALL = text("""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'oms' AND pid <> pg_backend_pid()
""")
KILL_ALL_AND_WAIT = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'oms'")
TEA = {"items": {"tea": 1}}


def fail(session: Session, code: str) -> None:
    session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$"))


class Failing:
    """Work that fails in this way the first times it is run, and counts how often it was."""

    def __init__(self, code: str, times: int) -> None:
        self.code, self.times, self.runs = code, times, 0

    def __call__(self, session: Session) -> int:
        self.runs += 1
        if self.runs <= self.times:
            fail(session, self.code)
        return self.runs


@pytest.fixture
def terminate(context: Flask) -> Iterator[Callable[[Session], None]]:
    """Ends the backend a session is on, from outside."""
    engine = create_engine(db.engine.url, connect_args={"application_name": "axe"})

    def work(session: Session) -> None:
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with engine.connect() as axe:
            axe.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})

    yield work
    engine.dispose()


@pytest.mark.usefixtures("context")
class TestAFailureThatMayPass:
    @pytest.mark.parametrize("code", [DEADLOCK, SERIALIZATION])
    def test_is_tried_again(self, code: str) -> None:
        assert transaction(Failing(code, times=2)) == 3

    @pytest.mark.parametrize("code", [DEADLOCK, SERIALIZATION])
    def test_is_given_up_after_three_times(self, code: str) -> None:
        work = Failing(code, times=9)
        with pytest.raises(Unavailable):
            transaction(work)
        assert work.runs == 3

    def test_leaves_nothing_of_the_attempts_that_failed(self) -> None:
        order_id, attempts = new_id(), []

        def work(session: Session) -> None:
            attempts.append(1)
            events.add(session, order_id, len(attempts))
            if len(attempts) < 3:
                fail(session, DEADLOCK)

        transaction(work)
        assert len(events.rows(order_id)) == 1

    def test_that_is_not_known_to_pass_is_not_tried_again(self) -> None:
        work = Failing(DISK_FULL, times=9)
        with pytest.raises(Unavailable):
            transaction(work)
        assert work.runs == 1

    def test_two_transactions_that_lock_each_other_up_both_succeed(self, app: Flask) -> None:
        met = threading.Barrier(2)
        done: list[int] = []

        def lock(session: Session, first: int, second: int) -> None:
            session.execute(text("SET LOCAL deadlock_timeout = '20ms'"))
            session.execute(text("SELECT pg_advisory_xact_lock(77, :key)"), {"key": first})
            if not met.broken:
                with suppress(threading.BrokenBarrierError):
                    met.wait(0.5)
            session.execute(text("SELECT pg_advisory_xact_lock(77, :key)"), {"key": second})

        def work(first: int, second: int) -> None:
            with app.app_context():
                transaction(lambda session: lock(session, first, second))
                done.append(first)

        rivals = [threading.Thread(target=work, args=keys) for keys in ((1, 2), (2, 1))]
        for rival in rivals:
            rival.start()
        for rival in rivals:
            rival.join(10)
        assert sorted(done) == [1, 2]


@pytest.mark.usefixtures("context")
class TestActionsAfterTheCommit:
    def test_run_once_and_only_after_it(self) -> None:
        order_id = new_id()
        seen: list[int] = []

        def work(session: Session) -> None:
            after_commit(session, lambda: seen.append(_rows_seen_by_others(order_id)))
            events.add(session, order_id, 1)
            session.begin_nested().commit()
            assert not seen

        transaction(work)
        transaction(lambda session: session.execute(text("SELECT 1")))
        assert seen == [1]

    def test_are_forgotten_when_the_work_fails(self) -> None:
        seen: list[int] = []

        def work(session: Session) -> None:
            after_commit(session, lambda: seen.append(1))
            raise Conflict("no")

        with pytest.raises(Conflict):
            transaction(work)
        transaction(lambda session: session.execute(text("SELECT 1")))
        assert seen == []

    def test_of_an_attempt_that_failed_are_forgotten(self) -> None:
        seen: list[int] = []
        failing = Failing(DEADLOCK, times=2)

        def work(session: Session) -> None:
            after_commit(session, lambda: seen.append(failing.runs))
            failing(session)

        transaction(work)
        assert seen == [3]

    def test_that_fail_hold_up_neither_the_answer_nor_each_other(self) -> None:
        seen: list[int] = []

        def work(session: Session) -> str:
            after_commit(session, lambda: seen.append(1 // 0))
            after_commit(session, lambda: seen.append(1))
            return "answer"

        assert transaction(work) == "answer"
        assert seen == [1]


def _rows_seen_by_others(order_id: str) -> int:
    query = text("SELECT count(*) FROM outbox_events WHERE order_id = :order_id")
    with db.engine.connect() as other:
        return int(other.execute(query, {"order_id": order_id}).scalar_one())


@pytest.mark.usefixtures("context")
class TestABrokenConnection:
    def test_is_replaced_when_the_work_has_not_been_committed(self, terminate: Callable[[Session], None]) -> None:
        runs = []

        def work(session: Session) -> int:
            runs.append(1)
            if len(runs) == 1:
                terminate(session)
            return int(session.execute(text("SELECT 42")).scalar_one())

        assert transaction(work) == 42

    def test_met_at_the_commit_is_not_tried_again(self, terminate: Callable[[Session], None]) -> None:
        runs = []

        def work(session: Session) -> None:
            terminate(session)
            runs.append(1)

        with pytest.raises(Unavailable):
            transaction(work)
        assert len(runs) == 1

    def test_does_not_hide_what_was_refused(self, terminate: Callable[[Session], None]) -> None:
        def work(session: Session) -> None:
            terminate(session)
            raise Conflict("this is what the caller has to hear")

        with pytest.raises(Conflict):
            transaction(work)

    def test_after_the_answer_does_not_spoil_a_read(self, terminate: Callable[[Session], None]) -> None:
        def work(session: Session) -> str:
            terminate(session)
            return "answer"

        assert read(work) == "answer"

    def test_before_the_query_does_not_spoil_a_read(self, terminate: Callable[[Session], None]) -> None:
        runs = []

        def work(session: Session) -> int:
            runs.append(1)
            if len(runs) == 1:
                terminate(session)
            return int(session.execute(text("SELECT 42")).scalar_one())

        assert read(work) == 42


@pytest.mark.usefixtures("context")
def test_connections_that_die_cost_no_place_in_the_pool(terminate: Callable[[Session], None]) -> None:
    for _ in range(db.engine.pool.size() + 3):
        read(terminate)
        with suppress(Unavailable):
            transaction(terminate)
    assert read(lambda session: session.execute(text("SELECT 1")).scalar()) == 1
    assert db.engine.pool.checkedout() == 0


@pytest.mark.usefixtures("context")
def test_a_read_that_failed_leaves_no_connection_behind_that_commits_by_itself() -> None:
    order_id = new_id()

    def work(session: Session) -> None:
        events.add(session, order_id, 1)
        raise Conflict("no")

    with pytest.raises(Unavailable):
        read(lambda session: fail(session, DISK_FULL))
    read(lambda session: session.execute(text("SELECT 1")))
    with pytest.raises(Conflict):
        transaction(work)
    assert events.rows(order_id) == []


@pytest.mark.usefixtures("context")
def test_a_broken_constraint_stays_what_it_is() -> None:
    twice = text("INSERT INTO order_processing (order_id, event_id) VALUES (:order_id, 'E'), (:order_id, 'E')")
    with pytest.raises(IntegrityError):
        transaction(lambda session: session.execute(twice, {"order_id": new_id()}))


@pytest.mark.usefixtures("context")
def test_a_mistake_in_the_code_is_not_called_a_busy_database() -> None:
    with pytest.raises(DBAPIError) as caught:
        transaction(lambda session: session.execute(text("SELECT nothing FROM nowhere")))
    assert isinstance(caught.value.orig, postgres.UndefinedTable)
    assert caught.value.__cause__ is caught.value.orig


def test_a_row_that_stays_locked_is_503_with_retry_after(app: Flask, servers: Servers, customer: Caller) -> None:
    placed = customer.post("/orders", TEA).json["order_id"]
    with applications.another(app, servers, DB_LOCK_TIMEOUT_MS="50") as impatient, impatient.app_context():
        engine = db.engine
        with engine.begin() as other:
            other.execute(text("SELECT 1 FROM orders WHERE order_id = :id FOR UPDATE"), {"id": placed})
            response = Outsider(impatient, customer.headers, customer.id).post(f"/orders/{placed}/cancel")
    assert response.status_code == 503
    assert response.content_type == "application/problem+json"
    assert response.headers["Retry-After"] == "1"
    assert b"SELECT" not in response.data


def test_a_query_that_takes_too_long_is_503(app: Flask, servers: Servers) -> None:
    with (
        applications.another(app, servers, DB_STATEMENT_TIMEOUT_MS="100") as impatient,
        impatient.app_context(),
        pytest.raises(Unavailable),
    ):
        read(lambda session: session.execute(text("SELECT pg_sleep(5)")))


def test_a_pool_that_is_used_up_is_503(app: Flask, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    with applications.another(app, servers, DB_POOL_SIZE="1") as small, small.app_context():
        monkeypatch.setattr(db.engine.pool, "_timeout", 0.05)
        held = [db.engine.connect() for _ in range(3)]
        with pytest.raises(Unavailable):
            transaction(lambda session: session.execute(text("SELECT 1")))
        for connection in held:
            connection.close()


class Traffic:
    """Callers who place orders and read them until told to stop."""

    def __init__(self, caller: Caller, threads: int = 6) -> None:
        self.statuses: set[int] = set()
        self.acknowledged: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go, args=(Outsider.like(caller),)) for _ in range(threads)]

    def _go(self, caller: Caller) -> None:
        while not self._stop.is_set():
            placed = caller.post("/orders", TEA)
            self.statuses.add(placed.status_code)
            if placed.status_code == 201:
                self.acknowledged.append(placed.json["order_id"])
                self.statuses.add(caller.get("/orders").status_code)

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)


def stored(app: Flask, order_ids: list[str]) -> set[str]:
    query = text("SELECT order_id FROM orders WHERE order_id = ANY(:ids)")
    with app.app_context():
        return set(read(lambda session: session.execute(query, {"ids": order_ids}).scalars().all()))


def test_ending_every_backend_under_load_costs_no_order_and_makes_no_500(
    app: Flask, postgres: Postgres, customer: Caller
) -> None:
    axe = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], isolation_level="AUTOCOMMIT")
    with Traffic(customer) as traffic, axe.connect() as connection:
        for blow in range(1, 9):
            deadline = time.monotonic() + 10
            while len(traffic.acknowledged) < 5 * blow and time.monotonic() < deadline:
                connection.execute(text("SELECT pg_sleep(0.01)"))
            connection.execute(KILL_ALL)
    axe.dispose()
    assert traffic.statuses <= {200, 201, 503}
    assert len(traffic.acknowledged) >= 40
    assert stored(app, traffic.acknowledged) == set(traffic.acknowledged)
    assert customer.post("/orders", TEA).status_code == 201


def test_a_restart_of_postgresql_under_load_costs_no_order_and_makes_no_500(
    app: Flask, postgres: Postgres, customer: Caller
) -> None:
    with Traffic(customer) as traffic:
        while len(traffic.acknowledged) < 20:
            traffic._stop.wait(0.01)
        postgres.stop()
        began = time.monotonic()
        down = customer.get("/orders")
        assert time.monotonic() - began < 3
        assert (down.status_code, down.headers["Retry-After"]) == (503, "1")
        assert customer.get("/health/live").status_code == 200
        before = len(traffic.acknowledged)
        postgres.start()
        deadline = time.monotonic() + 10
        while len(traffic.acknowledged) < before + 20 and time.monotonic() < deadline:
            traffic._stop.wait(0.01)
    assert traffic.statuses == {200, 201, 503}
    assert len(traffic.acknowledged) >= before + 20
    assert stored(app, traffic.acknowledged) == set(traffic.acknowledged)


@contextmanager
def cut_wire(app: Flask, servers: Servers, customer: Caller, at: bytes) -> Iterator[tuple[CuttingWire, Caller]]:
    """The customer at an application whose connections to PostgreSQL can be cut at a certain message."""
    with (
        CuttingWire(servers.postgres.url, at) as wire,
        applications.another(app, servers, DATABASE_URL=wire.url) as cut_off,
    ):
        caller = Outsider(cut_off, customer.headers, customer.id)
        assert caller.get("/orders").status_code == 200
        yield wire, caller


def orders_of(customer: Caller) -> list[str]:
    return [order["order_id"] for order in customer.get("/orders").json["orders"]]


@pytest.mark.parametrize(("cut", "replayed"), [("before", None), ("after", "true")])
def test_a_connection_lost_at_the_commit_is_503_and_the_retry_learns_the_one_outcome(
    cut: str, replayed: str | None, app: Flask, servers: Servers, customer: Caller
) -> None:
    order_id, key = customer.post("/orders", TEA).json["order_id"], {"Idempotency-Key": new_id()}
    with cut_wire(app, servers, customer, COMMIT) as (wire, caller):
        wire.cut = cut
        lost = caller.patch(f"/orders/{order_id}", {"status": "confirmed"}, headers=key)
        again = caller.patch(f"/orders/{order_id}", {"status": "confirmed"}, headers=key)
        while again.status_code == 409:  # PostgreSQL has not noticed yet that the first one is gone
            again = caller.patch(f"/orders/{order_id}", {"status": "confirmed"}, headers=key)
    assert lost.status_code == 503
    assert (again.status_code, again.headers.get("Idempotency-Replayed")) == (200, replayed)
    assert [entry["seq"] for entry in customer.get(f"/orders/{order_id}/journey").json["journey"]] == [1, 2]


@pytest.mark.parametrize(("cut", "replayed"), [("before", None), ("after", "true")])
def test_a_connection_lost_at_the_statement_of_a_new_order_is_not_felt_with_a_key(
    cut: str, replayed: str | None, app: Flask, servers: Servers, customer: Caller
) -> None:
    with cut_wire(app, servers, customer, b"INSERT INTO orders ") as (wire, caller):
        wire.cut = cut
        placed = caller.post("/orders", TEA, headers={"Idempotency-Key": new_id()})
    assert (placed.status_code, placed.headers.get("Idempotency-Replayed")) == (201, replayed)
    assert orders_of(customer) == [placed.json["order_id"]]


@pytest.mark.parametrize(("cut", "written"), [("before", 0), ("after", 1)])
def test_without_a_key_it_is_503_and_nothing_is_tried_twice(
    cut: str, written: int, app: Flask, servers: Servers, customer: Caller
) -> None:
    with cut_wire(app, servers, customer, b"INSERT INTO orders ") as (wire, caller):
        wire.cut = cut
        assert caller.post("/orders", TEA).status_code == 503
    assert len(orders_of(customer)) == written


def test_a_connection_that_died_in_the_pool_is_replaced_before_a_new_order_needs_it(
    servers: Servers, customer: Caller
) -> None:
    assert orders_of(customer) == []
    axe = create_engine(servers.postgres.url, connect_args={"application_name": "axe"})
    with axe.connect() as connection:
        ended = connection.execute(KILL_ALL_AND_WAIT).scalars().all()
    axe.dispose()
    assert True in ended
    assert customer.post("/orders", TEA).status_code == 201


def test_an_order_is_answered_although_what_follows_its_commit_fails(
    customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_afterwards(*_: Any) -> None:
        raise RuntimeError("made up")

    monkeypatch.setattr(cache, "spread", fail_afterwards)
    placed = customer.post("/orders", TEA)
    assert placed.status_code == 201
    assert orders_of(customer) == [placed.json["order_id"]]


def test_a_server_that_ends_every_session_at_once_is_503(app: Flask, servers: Servers, customer: Caller) -> None:
    axe = create_engine(servers.postgres.url, isolation_level="AUTOCOMMIT", connect_args={"application_name": "axe"})
    with applications.another(app, servers) as doomed, axe.connect() as killer:
        caller = Outsider(doomed, customer.headers, customer.id)
        assert caller.get("/orders").status_code == 200

        def end(connection: Any, _: Any) -> None:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": connection.info.backend_pid})

        with doomed.app_context():
            event.listen(db.engine, "connect", end)
            with db.engine.connect() as held:
                end(held.connection.dbapi_connection, None)
        statuses = [caller.get("/orders").status_code, caller.post("/orders", TEA).status_code]
    axe.dispose()
    assert statuses == [503, 503]


@pytest.mark.usefixtures("context")
def test_a_lost_connection_drops_what_was_to_follow_the_commit(terminate: Callable[[Session], None]) -> None:
    seen: list[int] = []

    def work(session: Session) -> None:
        after_commit(session, lambda: seen.append(1))
        terminate(session)

    with pytest.raises(Unavailable):
        transaction(work)
    assert seen == []
