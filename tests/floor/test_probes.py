import time
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from devstack.kafka import Kafka
from devstack.postgres import Postgres
from devstack.valkey import Valkey
from oms import queues
from oms.api import probes
from oms.consumer_lag import write_lag
from oms.extensions import redis_client
from oms.ids import new_id
from oms.kafka import BrokerCheck
from oms.transactions import transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications, events, mending


def scrape(caller: Caller) -> dict[str, float]:
    """Every series by its name and labels as they are written."""
    response = caller.get("/metrics")
    assert response.status_code == 200
    assert response.content_type.startswith("text/plain")
    found = {}
    for line in response.text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


@pytest.fixture
def fresh_check(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker is asked at every probe."""
    monkeypatch.setattr(BrokerCheck, "AGE_SECONDS", 0.0)


@pytest.fixture
def quiet(app: Flask) -> Iterator[None]:
    with app.app_context():
        events.settle_everything()
    yield


@pytest.mark.usefixtures("fresh_check", "quiet")
class TestHealth:
    def test_is_healthy_when_everything_answers(self, anonymous: Caller) -> None:
        response = anonymous.get("/health")
        assert (response.status_code, response.json["status"]) == (200, "healthy")
        assert {name: check["status"] for name, check in response.json["checks"].items()} == {
            "database": "ok",
            "redis": "ok",
            "kafka": "ok",
            "outbox": "ok",
        }

    def test_is_degraded_without_kafka(self, anonymous: Caller, servers: Servers, kafka: Kafka) -> None:
        kafka.down()
        response = anonymous.get("/health")
        assert (response.status_code, response.json["status"]) == (200, "degraded")
        assert response.json["checks"]["kafka"]["status"] == "down"
        mending.mend_kafka(servers)
        deadline = time.monotonic() + 5
        while anonymous.get("/health").json["status"] != "healthy":
            assert time.monotonic() < deadline

    @pytest.mark.parametrize("away", ["kill", "pause"])
    def test_is_degraded_without_redis(self, away: str, anonymous: Caller, valkey: Valkey) -> None:
        getattr(valkey, away)()
        response = anonymous.get("/health")
        assert (response.status_code, response.json["status"]) == (200, "degraded")
        assert response.json["checks"]["redis"]["status"] == "down"

    def test_is_503_without_the_database(self, anonymous: Caller, postgres: Postgres) -> None:
        postgres.stop()
        response = anonymous.get("/health")
        assert response.status_code == 503
        assert response.json["checks"]["database"]["status"] == "down"
        assert response.json["checks"]["redis"]["status"] == "ok"

    def test_is_degraded_when_events_are_late(self, app: Flask, anonymous: Caller) -> None:
        order_id = new_id()
        with app.app_context():
            events.record([order_id])
            late = text("UPDATE outbox_events SET created_at = now() - interval '2 minutes' WHERE order_id = :id")
            transaction(lambda session: session.execute(late, {"id": order_id}))
        outbox = anonymous.get("/health").json["checks"]["outbox"]
        assert (outbox["status"], outbox["pending"]) == ("late", 1)
        assert outbox["lag_seconds"] >= 120

    def test_is_degraded_when_a_broker_has_refused_an_event(self, app: Flask, anonymous: Caller) -> None:
        order_id = new_id()
        with app.app_context():
            events.record([order_id])
            refused = text("UPDATE outbox_events SET attempts = 1 WHERE order_id = :id")
            transaction(lambda session: session.execute(refused, {"id": order_id}))
        outbox = anonymous.get("/health").json["checks"]["outbox"]
        assert (outbox["status"], outbox["refused"]) == ("late", 1)


class TestLiveAndReady:
    def test_a_process_lives_whatever_it_stands_on(
        self, anonymous: Caller, postgres: Postgres, valkey: Valkey, kafka: Kafka
    ) -> None:
        postgres.stop()
        valkey.pause()
        kafka.pause()
        response = anonymous.get("/health/live")
        assert (response.status_code, response.json) == (200, {"status": "alive"})

    def test_a_process_is_ready_when_its_database_answers(self, anonymous: Caller, valkey: Valkey) -> None:
        valkey.pause()
        response = anonymous.get("/health/ready")
        assert (response.status_code, response.json) == (200, {"status": "ready"})

    def test_a_process_without_its_database_is_not_ready(self, anonymous: Caller, postgres: Postgres) -> None:
        postgres.stop()
        response = anonymous.get("/health/ready")
        assert (response.status_code, response.json) == (503, {"status": "database_down"})

    def test_a_process_that_is_told_to_stop_is_not_ready_but_alive(
        self, anonymous: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(probes.draining, "is_set", lambda: True)
        response = anonymous.get("/health/ready")
        assert (response.status_code, response.json) == (503, {"status": "draining"})
        assert anonymous.get("/health/live").status_code == 200


class TestMetrics:
    def test_requests_are_counted_by_route_and_status(self, anonymous: Caller, customer: Caller) -> None:
        ok = 'oms_requests_total{method="GET",route="/orders",status="200"}'
        refused = 'oms_requests_total{method="GET",route="/orders",status="401"}'
        before = scrape(anonymous)
        customer.get("/orders")
        anonymous.get("/orders")
        after = scrape(anonymous)
        assert [after[name] - before.get(name, 0) for name in (ok, refused)] == [1, 1]

    def test_the_time_of_a_request_is_measured(self, anonymous: Caller, customer: Caller) -> None:
        series = 'oms_request_seconds_count{method="GET",route="/orders"}'
        before = scrape(anonymous)
        customer.get("/orders")
        assert scrape(anonymous)[series] - before.get(series, 0) == 1

    def test_ids_and_unknown_paths_make_no_new_series(self, anonymous: Caller, customer: Caller) -> None:
        def walk() -> set[str]:
            for _ in range(3):
                customer.get(f"/orders/{new_id()}")
                customer.get(f"/{new_id()}/{new_id()}")
                customer.call("BREW", "/orders")
                customer.call(f"X{new_id()}", "/orders")
            return {name for name in scrape(anonymous) if name.startswith("oms_request")}

        walk()
        assert walk() == walk()

    def test_cache_hits_and_misses_are_counted(self, anonymous: Caller, customer: Caller) -> None:
        order_id = customer.post("/orders", {"items": {"tea": 1}}).json["order_id"]
        before = scrape(anonymous)
        customer.get(f"/orders/{order_id}")
        hit = 'oms_cache_reads_total{result="hit"}'
        assert scrape(anonymous)[hit] - before.get(hit, 0) == 1

    @pytest.mark.usefixtures("quiet")
    def test_the_outbox_is_measured(self, app: Flask, anonymous: Caller) -> None:
        with app.app_context():
            events.record([new_id(), new_id()])
        found = scrape(anonymous)
        assert (found["oms_outbox_pending"], found["oms_outbox_refused"]) == (2, 0)
        assert 0 <= found["oms_outbox_lag_seconds"] < 60

    def test_dead_letters_are_counted(self, app: Flask, anonymous: Caller) -> None:
        before = scrape(anonymous)["oms_dead_letters"]
        letter = text("""
            INSERT INTO dead_letters (consumer, event_id, topic, partition, "offset", headers, reason, attempts)
            VALUES ('tests', :id, 'new_order', 0, 0, '[]', 'made up', 5)
        """)
        with app.app_context():
            transaction(lambda session: session.execute(letter, {"id": new_id()}))
        assert scrape(anonymous)["oms_dead_letters"] == before + 1

    def test_waiting_jobs_are_counted(self, app: Flask, anonymous: Caller) -> None:
        before = scrape(anonymous)['oms_queue_jobs{state="waiting"}']
        with app.app_context():
            queues.enqueue([queues.REFRESH_CACHE])
        assert scrape(anonymous)['oms_queue_jobs{state="waiting"}'] == before + 1

    def test_the_lag_of_the_consumer_is_shown(self, app: Flask, anonymous: Caller) -> None:
        with app.app_context():
            write_lag(redis_client(), {("new_order", 3): 17})
        assert scrape(anonymous)['oms_consumer_lag{partition="3",topic="new_order"}'] == 17

    def test_a_server_that_is_away_only_leaves_its_own_series_out(
        self, anonymous: Caller, valkey: Valkey, postgres: Postgres
    ) -> None:
        valkey.kill()
        found = scrape(anonymous)
        assert "oms_outbox_pending" in found
        assert not [name for name in found if name.startswith("oms_queue_jobs")]
        valkey.start()
        postgres.stop()
        found = scrape(anonymous)
        assert "oms_outbox_pending" not in found
        assert 'oms_queue_jobs{state="waiting"}' in found


def test_a_second_application_does_not_disturb_the_probes_of_the_first(
    app: Flask, servers: Servers, anonymous: Caller
) -> None:
    with applications.another(app, servers):
        assert anonymous.get("/health").status_code == 200
    assert anonymous.get("/health").status_code == 200
