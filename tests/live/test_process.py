"""GET /orders/{order_id}/events in the process that serves it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask

from devstack.server import wait_until
from devstack.valkey import Valkey
from tests import factories
from tests.callers import Caller, person
from tests.conftest import SECRET, Servers
from tests.factories import url
from tests.floor import mending
from tests.live.conftest import MOST, MOST_OF_ONE, Watch
from tests.live.watching import Watcher

# More of the largest events than the buffers of a connection hold.
MANY = 12
CHANGED = "oms.order.status_changed.v1"


def move(staff: Caller, order: Any, *statuses: str) -> None:
    for status in statuses:
        answer = staff.patch(url(order), {"status": status})
        assert answer.status_code == 200, answer.data


def statuses(watcher: Watcher, count: int) -> list[str]:
    return [watcher.next().json["status"] for _ in range(count)]


def test_an_order_is_shown_as_it_stands_and_then_event_by_event(customer: Caller, staff: Caller, watch: Watch) -> None:
    order = factories.place(customer)
    watcher = watch(customer, order)
    first = watcher.next()
    assert (watcher.answer.status, watcher.answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert (first.type, first.id, first.json["version"]) == ("order", "0000000001.9999", 1)
    assert first.json["order_id"] == order["order_id"]
    move(staff, order, "confirmed", "processing", "packed")
    found = [watcher.next() for _ in range(3)]
    assert [(event.type, event.id) for event in found] == [(CHANGED, f"{version:010d}.0000") for version in (2, 3, 4)]
    assert [event.json["status"] for event in found] == ["confirmed", "processing", "packed"]


def test_two_watchers_of_one_order_hear_the_same_and_those_of_another_nothing(
    customer: Caller, staff: Caller, watch: Watch
) -> None:
    order, other = factories.place(customer), factories.place(customer)
    watchers = [watch(customer, order), watch(staff, order), watch(customer, other)]
    for watcher in watchers:
        assert watcher.next().type == "order"
    move(staff, order, "confirmed")
    move(staff, other, "cancelled")
    assert [statuses(watcher, 1) for watcher in watchers] == [["confirmed"], ["confirmed"], ["cancelled"]]


def test_who_comes_back_hears_what_followed_and_nothing_twice(customer: Caller, staff: Caller, watch: Watch) -> None:
    order = factories.place(customer)
    with watch(customer, order) as watcher:
        last = watcher.next().id
        move(staff, order, "confirmed", "processing")
        assert statuses(watcher, 1) == ["confirmed"]
    move(staff, order, "packed")
    again = watch(customer, order, last)
    found = [again.next() for _ in range(3)]
    assert [event.json["status"] for event in found] == ["confirmed", "processing", "packed"]
    assert watch(customer, order, found[1].id).next().json["status"] == "packed"


def test_who_comes_back_too_late_is_shown_the_order_anew(
    app: Flask, customer: Caller, staff: Caller, watch: Watch
) -> None:
    order = factories.place(customer)
    move(staff, order, "confirmed", "processing")
    factories.execute(app, "DELETE FROM outbox_events WHERE order_id = :id AND version < 3", id=order["order_id"])
    assert watch(customer, order, "0000000001.0000").next().type == "order"
    assert watch(customer, order, "nonsense").next().type == "order"
    with watch(customer, order, "0000000003.0000") as watcher:
        move(staff, order, "packed")
        assert watcher.next().json["status"] == "packed"


def test_a_quiet_stream_shows_that_it_lives(customer: Caller, watch: Watch) -> None:
    watcher = watch(customer, factories.place(customer))
    parts = watcher.parts()
    assert next(parts) == {"retry": "2000"}
    assert next(parts)["event"] == "order"
    assert next(parts) == next(parts) == {"": ""}


def test_it_is_for_those_who_may_read_the_order(
    customer: Caller, other_customer: Caller, anonymous: Caller, watch: Watch
) -> None:
    order = factories.place(customer)
    assert [watch(who, order).answer.status for who in (anonymous, other_customer)] == [401, 404]


def test_connections_are_bounded_for_a_caller_and_in_all(app: Flask, customer: Caller, watch: Watch) -> None:
    order = factories.place(customer)
    mine = [watch(customer, order) for _ in range(MOST_OF_ONE)]
    over = watch(customer, order)
    assert (over.answer.status, over.answer.headers["Retry-After"]) == (429, "10")
    several = [person(app, "staff") for _ in range(-(-MOST // MOST_OF_ONE))]
    others = [watch(staff, order) for staff in several for _ in range(MOST_OF_ONE)]
    full = [watcher.answer for watcher in others if watcher.answer.status == 503]
    assert full[0].headers["Retry-After"] == "10"
    held = [watcher for watcher in (*mine, *others) if watcher.answer.status == 200]
    assert MOST_OF_ONE < len(held) <= MOST
    assert all(watcher.next().type == "order" for watcher in held)
    for watcher in held:
        watcher.__exit__()
    # The process finds out when it sends the next beats.
    assert wait_until(lambda: watch(customer, order).answer.status == 200, 20)


def test_who_takes_nothing_holds_nobody_up(customer: Caller, staff: Caller, watch: Watch) -> None:
    order = factories.place(customer)
    idle, watcher = watch(staff, order), watch(customer, order)
    assert watcher.next().type == "order"
    for number in range(MANY):
        answer = staff.put(url(order), {"metadata": {"note": str(number) + "x" * 500_000}})
        assert answer.status_code == 200
    found = [watcher.next() for _ in range(MANY)]
    assert [event.json["order"]["metadata"]["note"][:2] for event in found][:2] == ["0x", "1x"]
    assert idle.next().type == "order"


def test_a_token_that_is_revoked_ends_the_stream(customer: Caller, staff: Caller, watch: Watch) -> None:
    order = factories.place(customer)
    quiet, watcher = watch(customer, factories.place(customer)), watch(customer, order)
    for one in (quiet, watcher):
        assert one.next().type == "order"
    assert customer.post("/auth/logout").status_code == 204
    move(staff, order, "confirmed")
    for one in (watcher, quiet):
        (end,) = one.rest()
        assert (end.type, end.json["code"]) == ("end", "token_revoked")


def test_a_token_that_expires_ends_the_stream(app: Flask, watch: Watch) -> None:
    caller = person(app, "customer")
    order = factories.place(caller)
    genuine = caller.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(genuine, options={"verify_signature": False})
    # Five seconds are forgiven to clocks that differ.
    claims["exp"] = int((datetime.now(UTC) - timedelta(seconds=3)).timestamp())
    kid = jwt.get_unverified_header(genuine)["kid"]
    short = Caller(app, {"Authorization": "Bearer " + jwt.encode(claims, SECRET, "HS256", headers={"kid": kid})}, "")
    first, end = watch(short, order).rest()
    assert (first.type, end.type, end.json["code"]) == ("order", "end", "token_expired")


@pytest.fixture
def valkey(app: Flask, servers: Servers) -> Iterator[Valkey]:
    yield servers.valkey
    mending.mend_redis(app, servers)


def test_without_redis_events_come_all_the_same_and_with_it_again(
    app: Flask, valkey: Valkey, customer: Caller, staff: Caller, watch: Watch
) -> None:
    order = factories.place(customer)
    watcher = watch(customer, order)
    assert watcher.next().type == "order"
    valkey.kill()
    move(staff, order, "confirmed")
    assert statuses(watcher, 1) == ["confirmed"]
    valkey.start()
    move(staff, order, "processing", "packed")
    assert statuses(watcher, 2) == ["processing", "packed"]


def test_web_leads_to_where_streams_are(customer: Caller, other_customer: Caller) -> None:
    order = factories.place(customer)
    answer = customer.get(url(order, "events"))
    assert (answer.status_code, answer.headers["Location"]) == (307, f"http://live.example.com{url(order, 'events')}")
    assert other_customer.get(url(order, "events")).status_code == 404
