"""From an event to a receiver: signed, again after failures, never lost."""

from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from oms import queues
from oms.jobs.sweep import Sweep
from oms.webhooks.schedule import PAUSES
from tests.conftest import Servers
from tests.factories import rows, url
from tests.floor import mending
from tests.webhooks.hooks import Hooks, delivering
from tests.webhooks.receivers import Answer, Receiver

CREATED = "oms.order.created.v1"


def types(receiver: Receiver) -> list[str]:
    return [got.json()["type"] for got in receiver.got]


def test_an_event_arrives_with_a_signature_that_others_verify(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    order = hooks.order()
    hooks.told()
    (got,) = receiver.got
    event = got.verified(endpoint["secret"])
    assert event == got.json()
    assert event["type"] == CREATED
    assert event["data"]["order"]["order_id"] == order["order_id"]
    assert got.headers["content-type"] == "application/json"
    assert got.path == "/hook"
    (delivery,) = hooks.deliveries(endpoint)
    assert (delivery["event_id"], delivery["status"], delivery["attempts"]) == (got.id, "delivered", 1)


def test_another_secret_does_not_verify_it(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    other = hooks.endpoint(receiver)
    hooks.post(endpoint, "test")
    hooks.deliver()
    with pytest.raises(WebhookVerificationError):
        receiver.got[0].verified(other["secret"])


def test_the_body_is_the_event_as_kafka_has_it(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    order = hooks.order()
    hooks.told()
    (row,) = rows(
        hooks.app,
        "SELECT event_id, CAST(payload AS text) AS payload FROM outbox_events WHERE order_id = :id AND type = :type",
        id=order["order_id"],
        type=CREATED,
    )
    assert receiver.got[0].id == row.event_id
    assert f',"data":{row.payload}}}'.encode() in receiver.got[0].body


def test_each_endpoint_is_told_once_however_often_the_event_is_looked_at(
    hooks: Hooks, receiver: Receiver, endpoint: Any
) -> None:
    hooks.order()
    hooks.publish()
    hooks.simply("UPDATE outbox_events SET published_at = NULL")
    hooks.told()
    assert len(receiver.got) == 1


def test_many_endpoints_make_the_batches_of_the_outbox_shorter_and_lose_nothing(
    hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms.webhooks.fan_out.MOST_AT_ONCE", 3)
    for _ in range(2):
        hooks.endpoint(receiver)
    for _ in range(5):
        hooks.order()
    left = []
    while unpublished := rows(hooks.app, "SELECT count(*) FROM outbox_events WHERE published_at IS NULL")[0][0]:
        left.append(unpublished)
        hooks.publish()
    assert len(left) > 2
    hooks.deliver()
    assert len(receiver.got) == 10


def test_an_endpoint_is_not_told_of_what_was_before_it(hooks: Hooks, receiver: Receiver) -> None:
    hooks.order()
    endpoint = hooks.endpoint(receiver)
    hooks.told()
    assert hooks.deliveries(endpoint) == []


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, {CREATED, "oms.order.status_changed.v1", "oms.payment.created.v1"}),
        ({"event_types": ["order.*"]}, {CREATED, "oms.order.status_changed.v1"}),
        ({"event_types": ["*"], "customer_id": "somebody else"}, set()),
        ({"event_types": ["order.created.v1"], "customer_id": "C"}, {CREATED}),
        ({"event_types": ["payment.*", CREATED], "facility_id": "F"}, {CREATED, "oms.payment.created.v1"}),
        ({"facility_id": "G"}, set()),
    ],
)
def test_an_endpoint_is_told_of_what_it_asked_for(
    hooks: Hooks, receiver: Receiver, wanted: dict[str, Any], told: set[str]
) -> None:
    hooks.endpoint(receiver, **wanted)
    order = hooks.order(facility_id="F")
    assert hooks.seller.post(url(order, "payments"), {"mode": "cash"}).status_code == 201
    hooks.move(order, "confirmed")
    hooks.told()
    assert set(types(receiver)) == told


def test_a_failure_is_tried_again_later_under_the_same_id(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    receiver.fail(503, times=1)
    hooks.order()
    hooks.told()
    (delivery,) = hooks.deliveries(endpoint, status="waiting")
    assert delivery["attempts"] == 1
    assert hooks.deliver() == 0
    hooks.try_again()
    first, second = receiver.got
    assert first.id == second.id
    assert second.verified(endpoint["secret"])
    log = hooks.delivery(endpoint, first.id)
    assert [attempt["status_code"] for attempt in log["attempt_log"]] == [503, 204]
    assert log["attempt_log"][0]["response"] == "no"
    assert (log["status"], log["body"].encode()) == ("delivered", first.body)


def test_it_is_given_up_when_the_schedule_is_over(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    receiver.fail(500)
    hooks.post(endpoint, "test")
    hooks.deliver()
    while hooks.waiting():
        hooks.try_again()
    assert len(receiver.got) == len(PAUSES) + 1
    assert [delivery["status"] for delivery in hooks.deliveries(endpoint, status="failed")] == ["failed"]


def test_a_receiver_may_ask_for_a_longer_pause(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    receiver.fail(429, ("Retry-After", "3600"))
    hooks.post(endpoint, "test")
    hooks.deliver()
    (pause,) = rows(hooks.app, "SELECT EXTRACT(EPOCH FROM next_attempt_at - now()) FROM webhook_deliveries")
    assert 3500 < pause[0] <= 3600


def test_a_redirect_is_a_failure_and_is_not_followed(
    hooks: Hooks, receiver: Receiver, endpoint: Any, receivers: Any
) -> None:
    (elsewhere,) = receivers(1)
    receiver.fail(307, ("Location", elsewhere.url))
    hooks.post(endpoint, "test")
    hooks.deliver()
    assert (len(receiver.got), elsewhere.got, hooks.waiting()) == (1, [], 1)


def test_a_long_answer_is_kept_in_part(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    receiver.answer = lambda _: Answer(200, body=b"\x00x" * 500_000)
    event_id = hooks.post(endpoint, "test").get_json()["event_id"]
    hooks.deliver()
    (attempt,) = hooks.delivery(endpoint, event_id)["attempt_log"]
    assert (attempt["status_code"], len(attempt["response"])) == (200, 1024)


def test_a_worker_that_dies_after_sending_leaves_it_to_the_next(
    hooks: Hooks, receiver: Receiver, endpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks.post(endpoint, "test")
    with monkeypatch.context() as dying:
        dying.setattr("oms.webhooks.recording.record", lambda *_: (_ for _ in ()).throw(SystemExit()))
        with pytest.raises(SystemExit):
            hooks.deliver()
    assert hooks.deliver() == 0, "the claim of the first one still runs"
    assert hooks.try_again() == 1
    assert len(set(receiver.ids())) == 1
    assert hooks.deliveries(endpoint)[0]["status"] == "delivered"


def test_a_ring_while_others_hang_is_heard(hooks: Hooks, receivers: Any) -> None:
    """The job is busy with one receiver, and another one's event comes in."""
    slow, quick = receivers(2)
    slow.hang()
    hanging, prompt = hooks.endpoint(slow), hooks.endpoint(quick)
    hooks.post(hanging, "test")
    with delivering(hooks):
        slow.wait_for(1)
        hooks.post(prompt, "test")
        quick.wait_for(1)
        slow.release()
    assert [len(each.got) for each in (slow, quick)] == [1, 1]


def test_a_lost_job_is_rung_for_by_the_clock(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    hooks.post(endpoint, "test")
    queues.queue(queues.WEBHOOKS).empty()
    hooks.simply("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '3 seconds'")
    Sweep().round()
    assert [job.func_name for job in queues.queue(queues.WEBHOOKS).get_jobs()] == [queues.DELIVER_WEBHOOKS]


def test_without_redis_the_clock_sends_them(hooks: Hooks, receiver: Receiver, endpoint: Any, servers: Servers) -> None:
    hooks.post(endpoint, "test")
    hooks.simply("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '3 seconds'")
    servers.valkey.kill()
    try:
        Sweep.wake_webhooks()
    finally:
        mending.mend_redis(hooks.app, servers)
    assert len(receiver.got) == 1


def test_what_waits_for_kafka_is_told_all_the_same(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    order = hooks.order()
    hooks.simply("UPDATE outbox_events SET retry_at = now() - interval '5 seconds' WHERE published_at IS NULL")
    clock = Sweep()
    clock.tell_early()
    hooks.deliver()
    assert [got.json()["data"]["order_id"] for got in receiver.got] == [order["order_id"]]
    clock.tell_early()
    assert hooks.told() == 0


def test_a_secret_that_can_not_be_opened_is_said(hooks: Hooks, receiver: Receiver, endpoint: Any) -> None:
    hooks.simply("UPDATE webhook_endpoints SET secret = 'x'")
    event_id = hooks.post(endpoint, "test").get_json()["event_id"]
    hooks.deliver()
    (attempt,) = hooks.delivery(endpoint, event_id)["attempt_log"]
    assert "WEBHOOK_ENCRYPTION_KEYS" in attempt["error"]
    assert receiver.got == []


def test_nothing_is_written_while_nobody_wants_to_be_told(hooks: Hooks) -> None:
    hooks.order()
    hooks.publish()
    assert rows(hooks.app, "SELECT 1 FROM webhook_messages") == []
    assert len(queues.queue(queues.WEBHOOKS)) == 0
