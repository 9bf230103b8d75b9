"""Webhooks in the console: made, changed, stopped, looked into, sent again."""

from typing import Any

import pytest

from tests.console.test_people import secret
from tests.console.visitors import Visitor, form, signed_in
from tests.factories import execute, rows
from tests.webhooks.conftest import endpoint, hooks, receiver, seller, shop
from tests.webhooks.hooks import Hooks
from tests.webhooks.receivers import Receiver

__all__ = ["endpoint", "hooks", "receiver", "seller", "shop"]


@pytest.fixture
def staff(hooks: Hooks) -> Visitor:
    return signed_in(hooks.app, "staff")


def told(hooks: Hooks, webhook_id: str) -> list[tuple[str, str]]:
    found = rows(hooks.app, "SELECT * FROM audit_entries WHERE subject_id = :id ORDER BY id", id=webhook_id)
    return [(entry.actor_id, entry.action) for entry in found]


def at(webhook: Any, rest: str = "") -> str:
    return f"/console/webhooks/{webhook['id']}{rest}"


def test_one_is_made_and_its_secret_is_shown_once(hooks: Hooks, staff: Visitor, receiver: Receiver) -> None:
    assert "No webhooks" in staff.get("/console/webhooks").text
    blank = form(staff.get("/console/webhooks/new"), "/webhooks/new")
    answer = staff.send(blank, url=receiver.url, event_types="order.*, refund.processed.v1", facility_id="PUNE")
    assert answer.status_code == 200
    (made,) = hooks.seller.get("/webhooks").get_json()["webhooks"]
    assert (made["event_types"], made["facility_id"]) == (["oms.order.*", "oms.refund.processed.v1"], "PUNE")
    assert secret(answer.text).startswith("whsec_")
    assert told(hooks, made["id"]) == [(staff.id, "webhook.created")]
    assert receiver.url in staff.get("/console/webhooks").text
    assert secret(answer.text) not in staff.get(at(made)).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "https://10.0.0.1/"}, "10.0.0.1"),
        ({"event_types": "nothing.*"}, "No event has this type."),
        ({"event_types": " "}, ""),
        ({"url": ""}, ""),
        ({"description": "x" * 201}, ""),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_typed(
    hooks: Hooks, staff: Visitor, receiver: Receiver, changes: dict[str, str], said: str
) -> None:
    blank = form(staff.get("/console/webhooks/new"), "/webhooks/new")
    typed = {"url": receiver.url, "customer_id": "C-9", **changes}
    answer = staff.send(blank, **typed)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert form(answer, "/webhooks/new").fields["customer_id"] == "C-9"
    assert hooks.seller.get("/webhooks").get_json()["webhooks"] == []


def test_what_it_is_told_of_is_changed(hooks: Hooks, staff: Visitor, receiver: Receiver) -> None:
    made = hooks.endpoint(receiver, customer_id="C-1", ordered=True)
    edit = form(staff.get(at(made, "/edit")), "/edit")
    assert edit.fields["event_types"] == "oms.*"
    assert "ordered" in edit.fields
    assert staff.send(edit, event_types="order.*", customer_id="", ordered=None).status_code == 303
    found = hooks.found(made)
    assert (found["event_types"], found["customer_id"], found["ordered"]) == (["oms.order.*"], None, False)
    assert staff.send(edit, event_types="nothing.*").status_code == 422
    assert told(hooks, made["id"])[1:] == [(staff.id, "webhook.changed")]


def test_it_is_paused_resumed_disabled_and_deleted(hooks: Hooks, staff: Visitor, endpoint: Any) -> None:
    page = staff.get(at(endpoint))
    status = form(page, "/status")
    for wanted in ("paused", "enabled", "disabled"):
        assert staff.send(status, status=wanted).status_code == 303
        assert hooks.found(endpoint)["status"] == wanted
    assert staff.send(status, status="deleted").status_code == 422
    assert "by hand" in staff.get(at(endpoint)).text
    staff.send(form(staff.part(at(endpoint, "/delete")), "/delete"))
    assert staff.get(at(endpoint)).status_code == 404
    assert told(hooks, endpoint["id"])[-1] == (staff.id, "webhook.deleted")


def test_it_gets_another_secret(hooks: Hooks, staff: Visitor, endpoint: Any) -> None:
    rotate = form(staff.part(at(endpoint, "/secret")), "/secret")
    for wrong in ("-1", "169", "x", ""):
        assert staff.send(rotate, overlap_hours=wrong).status_code == 422
    answer = staff.send(rotate, overlap_hours="2")
    assert secret(answer.text).startswith("whsec_")
    assert secret(answer.text) != endpoint["secret"]
    assert "former one too" in staff.get(at(endpoint)).text


def test_a_test_event_is_sent_and_its_attempt_is_shown(
    hooks: Hooks, staff: Visitor, endpoint: Any, receiver: Receiver
) -> None:
    answer = staff.send(form(staff.get(at(endpoint)), "/test"))
    assert answer.location.startswith(at(endpoint, "/deliveries/"))
    assert "No attempts yet" in staff.get(answer.location).text
    hooks.deliver()
    page = staff.get(answer.location).text
    for text in ("Delivered", "oms.webhook.test.v1", "Answered", ">204<"):
        assert text in page
    assert len(receiver.got) == 1


def test_a_failed_delivery_is_sent_again_alone_or_with_the_others(
    hooks: Hooks, staff: Visitor, endpoint: Any, receiver: Receiver
) -> None:
    send = form(staff.get(at(endpoint)), "/test")
    addresses = [staff.send(send).location for _ in range(2)]
    hooks.deliver()
    fail(hooks)
    listed = staff.get(at(endpoint, "/deliveries?status=failed"))
    assert all(address in listed.text for address in addresses)
    assert staff.send(form(staff.get(addresses[0]), "/replay")).location == addresses[0]
    assert hooks.deliver() == 1
    replay = form(listed, "/replay")
    for wrong in ("", "yesterday"):
        assert staff.send(replay, since=wrong).status_code == 422
    assert staff.send(replay).status_code == 303
    assert "1 delivery is sent again." in staff.get(at(endpoint, "/deliveries")).text
    assert hooks.deliver() == 1
    assert len(receiver.got) == 4
    assert told(hooks, endpoint["id"])[1:] == [(staff.id, "webhook.replayed")] * 2
    assert staff.get(at(endpoint, "/deliveries?status=lost")).status_code == 422


def fail(hooks: Hooks) -> None:
    """As if all attempts had been in vain."""
    execute(hooks.app, "UPDATE webhook_deliveries SET status = 'failed'")


def test_deliveries_come_in_pages(hooks: Hooks, staff: Visitor, endpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.console.webhook_deliveries.PAGE", 1)
    send = form(staff.get(at(endpoint)), "/test")
    older, newer = (staff.send(send).location for _ in range(2))
    first = staff.get(at(endpoint, "/deliveries"))
    assert newer in first.text
    assert older not in first.text
    second = staff.get(at(endpoint, f"/deliveries?after={newer.rpartition('/')[2]}"))
    assert older in second.text
