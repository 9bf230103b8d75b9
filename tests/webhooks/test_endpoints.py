"""Endpoints over the API: made, changed, given another secret, disabled, deleted."""

from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from oms.webhooks.recording import FEWEST_FAILURES
from tests.callers import Caller, api_key_caller
from tests.factories import rows
from tests.floor import applications
from tests.webhooks.hooks import KEY, Hooks
from tests.webhooks.receivers import Receiver


def verifies(receiver: Receiver, number: int, secret: str) -> bool:
    try:
        receiver.got[number].verified(secret)
    except WebhookVerificationError:
        return False
    return True


class TestMaking:
    def test_it_is_shown_with_its_secret_once(self, hooks: Hooks, endpoint: Any) -> None:
        assert endpoint["secret"].startswith("whsec_")
        assert endpoint["event_types"] == ["oms.*"]
        found = hooks.found(endpoint)
        assert found == {name: value for name, value in endpoint.items() if name != "secret"}
        assert hooks.seller.get("/webhooks").get_json() == {"webhooks": [found], "next_cursor": None}

    def test_the_secret_is_sealed_in_the_database(self, hooks: Hooks, endpoint: Any) -> None:
        (row,) = rows(hooks.app, "SELECT secret FROM webhook_endpoints")
        assert endpoint["secret"].removeprefix("whsec_").encode() not in bytes(row.secret)

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"url": "https://10.0.0.1/"}, "/url"),
            ({"url": "https://user@93.184.216.34/"}, "/url"),
            ({"url": "https://no-such-host.invalid/"}, "/url"),
            ({"url": "URL", "event_types": ["order.created"]}, "/event_types/0"),
            ({"url": "URL", "event_types": ["order.*", "nothing.*"]}, "/event_types/1"),
            ({"url": "URL", "event_types": ["new_order.v1"]}, "/event_types/0"),
            ({"url": "URL", "event_types": []}, "/event_types"),
            ({"url": "URL", "more": 1}, "/more"),
            ({}, "/url"),
        ],
    )
    def test_what_is_wrong_is_said(self, hooks: Hooks, receiver: Receiver, body: Any, pointer: str) -> None:
        body = {name: receiver.url if value == "URL" else value for name, value in body.items()}
        answer = hooks.seller.post("/webhooks", body)
        assert answer.status_code == 422, answer.data
        assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]

    def test_without_a_key_to_seal_with_there_are_none(self, hooks: Hooks, receiver: Receiver, servers: Any) -> None:
        own = {"DATABASE_URL": hooks.app.config["OMS_SETTINGS"].database_url, "WEBHOOK_ALLOW_HTTP": "YES"}
        with applications.another(hooks.app, servers, **own, WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8") as bare:
            answer = Caller(bare, hooks.seller.headers, hooks.seller.id).post("/webhooks", {"url": receiver.url})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "webhooks_not_set_up")

    def test_a_key_with_the_scope_may_and_others_may_not(self, hooks: Hooks, receiver: Receiver) -> None:
        assert api_key_caller(hooks.app, "webhooks").post("/webhooks", {"url": receiver.url}).status_code == 201
        assert api_key_caller(hooks.app, "orders:read").get("/webhooks").status_code == 403

    def test_pages_follow_one_another(self, hooks: Hooks, receiver: Receiver) -> None:
        made = [hooks.endpoint(receiver)["id"] for _ in range(3)]
        first = hooks.seller.get("/webhooks?limit=2").get_json()
        second = hooks.seller.get(f"/webhooks?limit=2&cursor={first['next_cursor']}").get_json()
        assert [each["id"] for each in first["webhooks"] + second["webhooks"]] == made[::-1]
        assert second["next_cursor"] is None


class TestRotation:
    def test_both_secrets_verify_until_the_overlap_is_over(
        self, hooks: Hooks, receiver: Receiver, endpoint: Any
    ) -> None:
        new = hooks.post(endpoint, "secret").get_json()
        assert new["previous_secret_until"] is not None
        hooks.post(endpoint, "test")
        hooks.deliver()
        assert [verifies(receiver, 0, each["secret"]) for each in (endpoint, new)] == [True, True]
        hooks.simply("UPDATE webhook_endpoints SET previous_secret_until = now() - interval '1 second'")
        hooks.post(endpoint, "test")
        hooks.deliver()
        assert [verifies(receiver, 1, each["secret"]) for each in (endpoint, new)] == [False, True]

    def test_a_leaked_one_can_end_at_once(self, hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
        new = hooks.post(endpoint, "secret", body={"overlap_hours": 0}).get_json()
        hooks.post(endpoint, "test")
        hooks.deliver()
        assert [verifies(receiver, 0, each["secret"]) for each in (endpoint, new)] == [False, True]

    def test_the_key_that_seals_can_be_exchanged(
        self, hooks: Hooks, receiver: Receiver, endpoint: Any, servers: Any
    ) -> None:
        chosen = hooks.app.config["OMS_SETTINGS"]
        own = {"DATABASE_URL": chosen.database_url, "REDIS_URL": chosen.redis_url, "WEBHOOK_ALLOW_HTTP": "YES"}
        keys = f"another-key-that-is-long-enough-0123456789,{KEY}"
        more = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "WEBHOOK_ENCRYPTION_KEYS": keys}
        hooks.post(endpoint, "test")
        with applications.another(hooks.app, servers, **own, **more) as made, made.app_context():
            hooks.deliver()
        assert verifies(receiver, 0, endpoint["secret"])


class TestStatus:
    def test_a_paused_one_is_told_later(self, hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
        hooks.patch(endpoint, status="paused")
        hooks.order()
        hooks.told()
        assert (receiver.got, len(hooks.deliveries(endpoint, status="waiting"))) == ([], 1)
        hooks.patch(endpoint, status="enabled")
        hooks.deliver()
        assert len(receiver.got) == 1

    def test_a_disabled_one_is_not_told_of_what_happens_meanwhile(
        self, hooks: Hooks, receiver: Receiver, endpoint: Any
    ) -> None:
        assert hooks.patch(endpoint, status="disabled")["disabled_reason"] == "by_hand"
        hooks.order()
        hooks.told()
        assert hooks.post(endpoint, "test").get_json()["code"] == "webhook_not_enabled"
        enabled = hooks.patch(endpoint, status="enabled")
        assert (enabled["disabled_reason"], enabled["disabled_at"]) == (None, None)
        hooks.deliver()
        assert receiver.got == []

    def test_one_that_says_it_is_gone_is_disabled_at_once(
        self, hooks: Hooks, receiver: Receiver, endpoint: Any
    ) -> None:
        receiver.fail(410)
        hooks.post(endpoint, "test")
        hooks.deliver()
        found = hooks.found(endpoint)
        assert (found["status"], found["disabled_reason"]) == ("disabled", "gone")
        assert [each["status"] for each in hooks.deliveries(endpoint)] == ["failed"]

    def test_one_that_only_fails_for_days_is_disabled_and_whoever_asked_is_told(
        self, hooks: Hooks, receiver: Receiver, endpoint: Any, receivers: Any
    ) -> None:
        (operators,) = receivers(1)
        hooks.endpoint(operators, event_types=["webhook_endpoint.*"])
        receiver.fail(500)
        hooks.post(endpoint, "test")
        hooks.deliver()
        hooks.simply("UPDATE webhook_endpoints SET failing_since = failing_since - interval '6 days'")
        for _ in range(FEWEST_FAILURES - 2):
            hooks.try_again()
        assert hooks.found(endpoint)["status"] == "enabled", "two failures a week are not enough"
        hooks.try_again()
        hooks.deliver()
        assert hooks.found(endpoint)["disabled_reason"] == "failing"
        assert [got.json()["data"]["endpoint_id"] for got in operators.got] == [endpoint["id"]]
        assert operators.got[0].json()["type"] == "oms.webhook_endpoint.disabled.v1"

    def test_a_success_in_between_starts_the_count_anew(self, hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
        receiver.fail(500, times=1)
        hooks.post(endpoint, "test")
        hooks.deliver()
        assert hooks.found(endpoint)["failing_since"] is not None
        hooks.try_again()
        assert hooks.found(endpoint)["failing_since"] is None
        assert rows(hooks.app, "SELECT failures FROM webhook_endpoints") == [(0,)]


def test_a_change_is_kept_and_an_empty_one_refused(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    changed = hooks.patch(endpoint, event_types=["order.*"], customer_id="C", description="d", ordered=True)
    assert (changed["event_types"], changed["customer_id"], changed["ordered"]) == (["oms.order.*"], "C", True)
    assert hooks.patch(endpoint, customer_id=None)["customer_id"] is None
    assert hooks.seller.patch(f"/webhooks/{endpoint['id']}", {}).status_code == 422
    assert hooks.seller.patch(f"/webhooks/{endpoint['id']}", {"url": "http://10.0.0.1/"}).status_code == 422


def test_a_deleted_one_is_not_there_any_more(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    hooks.post(endpoint, "test")
    path = f"/webhooks/{endpoint['id']}"
    assert hooks.seller.call("DELETE", path).status_code == 204
    hooks.deliver()
    assert receiver.got == []
    for method, rest in [("GET", ""), ("DELETE", ""), ("POST", "/secret"), ("POST", "/test"), ("GET", "/deliveries")]:
        assert hooks.seller.call(method, path + rest).status_code == 404
    assert hooks.seller.patch(path, {"status": "enabled"}).status_code == 404


def test_who_changes_one_is_in_the_audit_log_without_secrets(hooks: Hooks, endpoint: Any) -> None:
    at, seller = f"/webhooks/{endpoint['id']}", hooks.seller
    assert seller.patch(at, {"status": "paused"}).status_code == 200
    rotated = seller.post(f"{at}/secret").get_json()
    assert seller.post(f"{at}/replay", {"since": "2026-01-01T00:00:00Z"}).status_code == 202
    assert seller.call("DELETE", at).status_code == 204
    told = rows(hooks.app, "SELECT * FROM audit_entries WHERE subject_id = :id ORDER BY id", id=endpoint["id"])
    assert [(entry.actor_id, entry.action, entry.details) for entry in told] == [
        (seller.id, "webhook.created", {"url": endpoint["url"], "event_types": ["oms.*"]}),
        (seller.id, "webhook.changed", {"status": "paused"}),
        (seller.id, "webhook.secret_rotated", {"overlap_hours": 24}),
        (seller.id, "webhook.replayed", {"since": "2026-01-01T00:00:00+00:00", "count": 0}),
        (seller.id, "webhook.deleted", None),
    ]
    assert not any(made["secret"] in str(entry.details) for made in (endpoint, rotated) for entry in told)
