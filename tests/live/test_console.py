"""The console's page of an order, listening: the real process, and the cookie of a session."""

from collections.abc import Iterator

import pytest
from flask import Flask

from oms.accounts import sign_in
from oms.console import access
from tests.callers import Caller, person
from tests.console.visitors import Visitor, form, signed_in
from tests.factories import place, url
from tests.live.watching import Watcher
from tests.processes.programs import Program


@pytest.fixture
def support(app: Flask) -> Visitor:
    return signed_in(app, "staff")


@pytest.fixture
def seller(app: Flask) -> Caller:
    return person(app, "staff")


def cookie(visitor: Visitor) -> str:
    found = visitor.client.get_cookie(access.COOKIE, path=access.PATH)
    assert found
    return found.value


@pytest.fixture
def listener(app: Flask, support: Visitor) -> Caller:
    return Caller(app, {"Cookie": f"{access.COOKIE}={cookie(support)}"}, support.id)


@pytest.fixture
def order_id(app: Flask) -> str:
    return str(place(person(app, "customer"))["order_id"])


@pytest.fixture
def listening(stream: Program, port: int, listener: Caller, order_id: str) -> Iterator[Watcher]:
    with Watcher(port, listener.headers, f"/console/orders/{order_id}") as watcher:
        yield watcher


def test_the_page_is_told_of_what_happens_until_somebody_signs_out(
    listening: Watcher, support: Visitor, seller: Caller, order_id: str
) -> None:
    assert listening.answer.status == 200
    assert listening.next().type == "order"
    assert seller.patch(url({"order_id": order_id}), {"status": "confirmed"}).status_code == 200
    event = listening.next()
    assert (event.type, event.json["status"]) == ("oms.order.status_changed.v1", "confirmed")
    support.send(form(support.get("/console/orders"), "/sign-out"))
    assert [event.type for event in listening.rest()] == ["end"]


def test_a_stranger_is_told_nothing(stream: Program, port: int, app: Flask, order_id: str, seller: Caller) -> None:
    for stranger in (Caller(app, {}, ""), seller, Caller(app, {"Cookie": f"{access.COOKIE}=x"}, "")):
        with Watcher(port, stranger.headers, f"/console/orders/{order_id}") as watcher:
            assert watcher.answer.status == 303


def test_an_order_that_is_not_there_is_not_watched(stream: Program, port: int, listener: Caller) -> None:
    with Watcher(port, listener.headers, "/console/orders/nothing-like-it") as watcher:
        assert watcher.answer.status == 404


def test_web_holds_no_thread_and_keeps_the_browser_from_asking_again(support: Visitor, order_id: str) -> None:
    assert support.get(f"/console/orders/{order_id}/events").status_code == 204


def test_listening_keeps_no_session_alive(support: Visitor, order_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prolonged: list[object] = []
    monkeypatch.setattr(sign_in, "prolong", lambda _, family_id: prolonged.append(family_id))
    support.get(f"/console/orders/{order_id}/events")
    assert prolonged == []
    page = support.get(f"/console/orders/{order_id}")
    assert len(prolonged) == 1
    for text in (f'data-events="/console/orders/{order_id}/events"', "oms.order.status_changed.v1", "order.js"):
        assert text in page.text
