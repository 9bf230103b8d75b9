"""The log of deliveries: looked at, replayed, forgotten."""

from typing import Any

import pytest

from oms.jobs.sweep import Sweep
from oms.transactions import read
from oms.webhooks import backlog
from tests.factories import rows
from tests.webhooks.hooks import Hooks
from tests.webhooks.receivers import Receiver


def given_up(hooks: Hooks, endpoint: Any, receiver: Receiver, count: int) -> list[str]:
    """Events that nobody tries to send any more, oldest first."""
    receiver.fail(500)
    ids = [hooks.post(endpoint, "test").get_json()["event_id"] for _ in range(count)]
    hooks.simply("UPDATE webhook_deliveries SET attempts = 10")
    while hooks.waiting():
        hooks.try_again()
    receiver.fail(500, times=0)
    receiver.got.clear()
    return ids


def test_pages_follow_one_another(hooks: Hooks, endpoint: Any) -> None:
    ids = [hooks.post(endpoint, "test").get_json()["event_id"] for _ in range(3)]
    path = f"/webhooks/{endpoint['id']}/deliveries?limit=2"
    first = hooks.seller.get(path).get_json()
    second = hooks.seller.get(f"{path}&cursor={first['next_cursor']}").get_json()
    assert [each["event_id"] for each in first["deliveries"] + second["deliveries"]] == sorted(ids)[::-1]
    assert hooks.deliveries(endpoint, status="failed") == []


def test_a_delivered_one_can_be_sent_again(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    event_id = hooks.post(endpoint, "test").get_json()["event_id"]
    hooks.deliver()
    assert hooks.post(endpoint, "deliveries", event_id, "replay").get_json()["status"] == "waiting"
    hooks.deliver()
    assert receiver.ids() == [event_id, event_id]
    assert len(hooks.delivery(endpoint, event_id)["attempt_log"]) == 2


def test_everything_that_was_given_up_since_a_time_can_be_sent_again(
    hooks: Hooks, receiver: Receiver, endpoint: Any
) -> None:
    ids = given_up(hooks, endpoint, receiver, 3)
    since = hooks.delivery(endpoint, sorted(ids)[1])["created_at"]
    answer = hooks.post(endpoint, "replay", body={"since": since})
    assert answer.get_json()["more"] is False
    hooks.deliver()
    assert sorted(receiver.ids()) == sorted(ids)[1:]
    assert answer.get_json()["replayed"] == 2
    assert hooks.post(endpoint, "replay", body={"since": "2999-01-01T00:00:00Z"}).get_json()["replayed"] == 0


def test_an_unknown_one_is_404(hooks: Hooks, endpoint: Any) -> None:
    for path in ("deliveries/nothing", "deliveries/nothing/replay"):
        method = "POST" if path.endswith("replay") else "GET"
        answer = hooks.seller.call(method, f"/webhooks/{endpoint['id']}/{path}")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "webhook_delivery_not_found")


class TestForgetting:
    TABLES = ("webhook_endpoints", "webhook_messages", "webhook_deliveries", "webhook_attempts")

    def left(self, hooks: Hooks) -> list[int]:
        return [rows(hooks.app, f"SELECT count(*) FROM {table}")[0][0] for table in self.TABLES]

    def test_what_is_past_its_retention_goes_and_the_rest_stays(self, hooks: Hooks, endpoint: Any) -> None:
        hooks.post(endpoint, "test")
        hooks.deliver()
        for table in ("webhook_messages", "webhook_deliveries"):
            hooks.simply(f"UPDATE {table} SET created_at = created_at - interval '31 days'")
        hooks.post(endpoint, "test")
        hooks.deliver()
        Sweep().purge()
        assert self.left(hooks) == [1, 1, 1, 1]

    def test_what_is_left_of_a_deleted_endpoint_goes(self, hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
        other = hooks.endpoint(receiver)
        for each in (endpoint, endpoint, other):
            hooks.post(each, "test")
        hooks.deliver()
        hooks.seller.call("DELETE", f"/webhooks/{endpoint['id']}")
        Sweep().purge()
        assert self.left(hooks) == [1, 3, 1, 1]


def test_how_it_is_doing_can_be_measured(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    receiver.fail(410)
    other = hooks.endpoint(receiver)
    hooks.patch(other, status="paused")
    hooks.post(endpoint, "test")
    hooks.simply("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '100 seconds'")
    late = read(backlog.backlog)
    assert (late.waiting, late.endpoints) == (1, {"enabled": 1, "paused": 1, "disabled": 0})
    assert 100 <= late.overdue_seconds < 200
    hooks.deliver()
    after = read(backlog.backlog)
    assert (after.waiting, after.overdue_seconds, after.given_up) == (0, 0, 1)
    text = hooks.seller.get("/metrics").text
    assert 'oms_webhook_endpoints{status="disabled"} 1.0' in text
    assert pytest.approx(0) == after.overdue_seconds
