from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from devstack.kafka import Kafka
from devstack.valkey import Valkey
from oms import queues, redis_guard
from oms.accounts import sessions
from oms.extensions import redis_client
from oms.ids import new_id
from oms.jobs.publish_outbox import publish_outbox
from oms.jobs.sweep import Sweep
from oms.orders import cache
from oms.transactions import read, transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications, events
from tests.floor.topics import Listener

pytestmark = pytest.mark.usefixtures("quiet")
TEA = {"items": {"tea": 1}}


def execute(statement: str, **parameters: Any) -> Any:
    return transaction(lambda session: session.execute(text(statement), parameters))


def scalar(statement: str, **parameters: Any) -> Any:
    return read(lambda session: session.execute(text(statement), parameters).scalar())


def rung() -> set[str]:
    """The names of the jobs that wait."""
    return {job.func_name for job in queues.queue().get_jobs()}


def make_older(order_id: str, seconds: int) -> None:
    execute(
        "UPDATE outbox_events SET created_at = now() - make_interval(secs => :s), "
        "retry_at = now() - make_interval(secs => :s) WHERE order_id = :id",
        s=seconds,
        id=order_id,
    )


class TestWakingThePublisher:
    def test_late_events_ring(self) -> None:
        order_id = new_id()
        events.record([order_id])
        make_older(order_id, 3)
        Sweep().wake_publisher()
        assert rung() == {queues.PUBLISH_OUTBOX}

    def test_fresh_events_do_not(self) -> None:
        events.record([new_id()])
        Sweep().wake_publisher()
        assert rung() == set()

    def test_without_redis_the_clock_sends_late_events_itself(self, kafka: Kafka, valkey: Valkey) -> None:
        order_id = new_id()
        events.record([order_id])
        make_older(order_id, 3)
        valkey.kill()
        with Listener(kafka.url) as listener:
            Sweep().round()
            listener.wait_for_ids(events.ids([order_id]))
        assert all(row.published_at is not None for row in events.rows(order_id))

    def test_an_order_placed_while_redis_was_away_goes_out(self, customer: Caller, valkey: Valkey) -> None:
        valkey.kill()
        order_id = customer.post("/orders", TEA).json["order_id"]
        valkey.start()
        redis_guard.breaker.reset()
        assert rung() == set()
        make_older(order_id, 3)
        Sweep().round()
        assert queues.PUBLISH_OUTBOX in rung()
        publish_outbox()
        assert all(row.published_at is not None for row in events.rows(order_id))


class TestRepairingTheCache:
    def test_a_changed_order_that_redis_holds_too_old_is_rebuilt(self, customer: Caller) -> None:
        order_id = customer.post("/orders", TEA).json["order_id"]
        stale = redis_client().get(cache.key(order_id))
        customer.put(f"/orders/{order_id}", {"metadata": {"note": 1}})
        redis_client().set(cache.key(order_id), stale)  # type: ignore[arg-type]
        Sweep().round()
        assert customer.get(f"/orders/{order_id}").headers["ETag"] == '"2"'
        assert queues.REFRESH_CACHE in rung()

    def test_a_round_does_not_repeat_what_the_one_before_did(self, monkeypatch: pytest.MonkeyPatch) -> None:
        events.record([new_id()])
        told: list[int] = []
        real = cache.announce_many
        monkeypatch.setattr(cache, "announce_many", lambda versions: bool(told.append(len(versions))) or real(versions))
        clock = Sweep()
        clock.round()
        clock.round()
        assert len(told) == 1

    def test_what_happened_while_redis_was_away_is_repaired_when_it_is_back(
        self, customer: Caller, valkey: Valkey
    ) -> None:
        order_id = customer.post("/orders", TEA).json["order_id"]
        clock = Sweep()
        clock.round()
        valkey.pause()
        customer.put(f"/orders/{order_id}", {"metadata": {"note": 1}})
        clock.round()
        valkey.resume()
        redis_guard.breaker.reset()
        clock.round()
        assert customer.get(f"/orders/{order_id}").headers["ETag"] == '"2"'


class TestRevocations:
    def test_a_mark_that_redis_missed_is_made_again(self, customer: Caller, valkey: Valkey) -> None:
        assert customer.get("/auth/me").status_code == 200
        copies = {key: value for key in redis_client().keys("session:*") if (value := redis_client().get(key))}
        customer.post("/auth/logout")
        redis_client().mset(copies)
        assert customer.get("/auth/me").status_code == 200
        Sweep().round()
        assert customer.get("/auth/me").status_code == 401

    def test_only_recent_ones_are_marked_again(self) -> None:
        assert Sweep.remark_revocations() is None
        assert read(lambda session: sessions.remark_recent(session, 0)) == 0


class TestExpiry:
    @pytest.fixture
    def expiring(self, app: Flask, servers: Servers) -> Any:
        # The oldest are taken first, and the other tests have left theirs.
        execute("UPDATE orders SET created_at = now() WHERE status = 'pending'")
        with applications.another(app, servers, PENDING_ORDER_TTL_MINUTES="30") as made, made.app_context():
            yield made

    def placed(self, customer: Caller, age_minutes: int) -> str:
        order_id = customer.post("/orders", {"items": [{"sku": "A", "quantity": 1, "unit_price": 5}]}).json["order_id"]
        execute(
            "UPDATE orders SET created_at = now() - make_interval(mins => :age) WHERE order_id = :id",
            age=age_minutes,
            id=order_id,
        )
        return str(order_id)

    def test_an_old_unpaid_order_is_cancelled_with_its_reason(self, expiring: Flask, customer: Caller) -> None:
        order_id = self.placed(customer, 31)
        Sweep().round()
        assert customer.get(f"/orders/{order_id}").json["status"] == "cancelled"
        (entry,) = [
            entry
            for entry in customer.get(f"/orders/{order_id}/journey").json["journey"]
            if entry["current_status"] == "cancelled" and entry.get("line_no") is None
        ]
        assert entry["reason"] == "payment_expired"
        types = scalar("SELECT array_agg(type) FROM outbox_events WHERE order_id = :id AND version > 1", id=order_id)
        assert "oms.order.cancelled.v1" in types

    def test_a_young_order_is_not(self, expiring: Flask, customer: Caller) -> None:
        order_id = self.placed(customer, 29)
        Sweep().round()
        assert customer.get(f"/orders/{order_id}").json["status"] == "pending"

    def test_an_old_order_that_was_confirmed_is_not(self, expiring: Flask, customer: Caller) -> None:
        order_id = self.placed(customer, 31)
        execute("UPDATE orders SET status = 'confirmed' WHERE order_id = :id", id=order_id)
        Sweep().round()
        assert scalar("SELECT status FROM orders WHERE order_id = :id", id=order_id) == "confirmed"

    def test_an_old_order_with_money_captured_is_not(self, expiring: Flask, customer: Caller) -> None:
        order_id = self.placed(customer, 31)
        execute(
            "INSERT INTO payments (order_id, payment_id, mode, status, amount, captured_amount) "
            "VALUES (:id, :payment, 'card', 'captured', 5, 5)",
            id=order_id,
            payment=new_id(),
        )
        Sweep().round()
        assert scalar("SELECT status FROM orders WHERE order_id = :id", id=order_id) == "pending"

    def test_it_is_off_unless_asked_for(self, customer: Caller) -> None:
        order_id = self.placed(customer, 100_000)
        Sweep().round()
        assert scalar("SELECT status FROM orders WHERE order_id = :id", id=order_id) == "pending"


class TestPurging:
    def test_published_events_stored_answers_and_the_inbox_go_when_their_time_is_over(self, customer: Caller) -> None:
        old, young = self.aged(customer)
        Sweep().round()
        assert [self.left(mark) for mark in (old, young)] == [(0, 0, 0), (1, 1, 1)]

    def aged(self, customer: Caller) -> tuple[str, str]:
        """Two orders' worth of rows, of which the first is past every retention."""
        marks = (new_id(), new_id())
        for mark in marks:
            events.record([mark])
            customer.post("/orders", TEA, headers={"Idempotency-Key": mark})
            execute("INSERT INTO inbox_events (consumer, event_id, topic) VALUES ('tests', :id, 'new_order')", id=mark)
        events.settle_everything()
        for statement in (
            "UPDATE outbox_events SET created_at = now() - interval '30 days' WHERE order_id = :id",
            "UPDATE idempotency_keys SET created_at = now() - interval '30 days' WHERE key = :id",
            "UPDATE inbox_events SET received_at = now() - interval '30 days' WHERE event_id = :id",
        ):
            execute(statement, id=marks[0])
        return marks

    def left(self, mark: str) -> tuple[int, int, int]:
        return (
            scalar("SELECT count(*) FROM outbox_events WHERE order_id = :id", id=mark),
            scalar("SELECT count(*) FROM idempotency_keys WHERE key = :id", id=mark),
            scalar("SELECT count(*) FROM inbox_events WHERE event_id = :id", id=mark),
        )

    def test_it_happens_once_a_minute(self, customer: Caller) -> None:
        clock = Sweep()
        clock.round()
        old, _ = self.aged(customer)
        clock.round()
        assert self.left(old) == (1, 1, 1)


def test_a_round_without_redis_does_what_it_can(valkey: Valkey, customer: Caller) -> None:
    valkey.kill()
    old, young = TestPurging().aged(customer)
    Sweep().round()
    assert [TestPurging().left(mark)[0] for mark in (old, young)] == [0, 1]
