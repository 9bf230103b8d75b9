"""How often a request waits for PostgreSQL: the messages on the wire, BEGIN and COMMIT among them."""

from collections.abc import Iterator

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.callers import Caller
from tests.conftest import Servers
from tests.console.visitors import signed_in
from tests.factories import line, url
from tests.floor import applications
from tests.floor.outsiders import Outsider
from tests.floor.postgres_proxy import CuttingWire

Wired = tuple[CuttingWire, Caller, dict[str, str]]


@pytest.fixture
def wired(app: Flask, servers: Servers, staff: Caller) -> Iterator[Wired]:
    """A wire, somebody at an application that uses it, and an order; the connection is open already."""
    with (
        CuttingWire(servers.postgres.url) as wire,
        applications.another(app, servers, DATABASE_URL=wire.url, REDIS_TIMEOUT_MS="5000") as made,
    ):
        caller = Outsider(made, staff.headers, staff.id)
        order = factories.place(caller, line(), line("CAKE"), customer_id=new_id())
        assert caller.get("/orders?limit=1").status_code == 200
        wire.queries.clear()
        yield wire, caller, order


def test_an_order_is_one_message(wired: Wired) -> None:
    wire, caller, _ = wired
    body = {"customer_id": new_id(), "items": [line()] * 5}
    assert caller.post("/orders", body, headers={"Idempotency-Key": new_id()}).status_code == 201
    assert [query[:20].split()[0] for query in wire.queries] == ["WITH"]


def test_a_plain_move_is_two(wired: Wired) -> None:
    wire, caller, order = wired
    assert caller.patch(url(order), {"status": "confirmed"}).status_code == 200
    assert [query.split()[0] for query in wire.queries] == ["SELECT", "WITH"]


def test_another_change_is_four(wired: Wired) -> None:
    wire, caller, order = wired
    assert caller.put(url(order), {"metadata": {"a": 1}}).status_code == 200
    assert [query.split()[0] for query in wire.queries] == ["BEGIN", "SELECT", "WITH", "COMMIT"]


def test_a_list_is_one_and_a_warm_order_none(wired: Wired) -> None:
    wire, caller, order = wired
    assert caller.get(url(order)).status_code == 200
    assert wire.queries == []
    assert caller.get(f"/orders?customer_id={order['customer_id']}").status_code == 200
    assert [query.split()[0] for query in wire.queries] == ["SELECT"]


def test_a_page_of_the_console_prolongs_its_session_by_one(app: Flask, servers: Servers) -> None:
    with (
        CuttingWire(servers.postgres.url) as wire,
        applications.another(app, servers, DATABASE_URL=wire.url, REDIS_TIMEOUT_MS="5000") as made,
    ):
        visitor = signed_in(made, "staff")
        visitor.get("/console/failed-jobs")  # Redis knows the session from now on
        wire.queries.clear()
        assert visitor.get("/console/failed-jobs").status_code == 200
        assert [query.split()[0] for query in wire.queries] == ["UPDATE"]
