"""`slow_request` and `slow_query`: what took long, with the ids it belongs to and without what was in it."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from oms.ids import new_id
from oms.transactions import read, transaction
from tests import factories
from tests.callers import person
from tests.conftest import Servers
from tests.floor import applications

Lines = list[dict[str, Any]]
EVERYTHING = {"SLOW_REQUEST_MS": "1", "SLOW_QUERY_MS": "1"}


def lines(captured: pytest.CaptureFixture[str], event: str) -> Lines:
    found = [json.loads(line) for line in captured.readouterr().out.splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == event]


def test_a_slow_statement_is_told_with_its_request_and_without_its_parameters(
    app: Flask, servers: Servers, capfd: pytest.CaptureFixture[str]
) -> None:
    """The statements of the hot paths go to the driver as they are; theirs are here too."""
    with applications.another(app, servers, **EVERYTHING) as made:
        caller = person(made, "customer")
        order = factories.lines_body(factories.line("VERY-SECRET-SKU"))
        for _ in range(20):  # whether it takes a millisecond is chance
            order["order_id"] = new_id()
            request_id = new_id()
            assert caller.post("/orders", order, headers={"X-Request-ID": request_id}).status_code == 201
            slow = [line for line in lines(capfd, "slow_query") if line["request_id"] == request_id]
            if any("INSERT INTO orders" in line["statement"] for line in slow):
                break
        else:
            pytest.fail("no statement was told")
    assert all(line["ms"] >= 1 and line["level"] == "warning" for line in slow)
    assert "VERY-SECRET-SKU" not in str(slow)
    assert order["order_id"] not in str(slow)


def test_a_statement_that_waits_is_told_by_its_text_and_a_commit_by_its_name(
    app: Flask, servers: Servers, capfd: pytest.CaptureFixture[str]
) -> None:
    with applications.another(app, servers, SLOW_QUERY_MS="20") as made, made.app_context():
        read(lambda session: session.execute(text("SELECT   pg_sleep(:seconds)"), {"seconds": 0.03}))
        read(lambda session: session.execute(text("SELECT 1")))
        told = lines(capfd, "slow_query")
        transaction(lambda session: session.execute(text(_SLOW_COMMIT)))
        committed = lines(capfd, "slow_query")
    assert [line["statement"] for line in told] == ["SELECT pg_sleep(%(seconds)s)"]
    assert told[0]["ms"] >= 30
    assert [line["statement"] for line in committed][-1] == "COMMIT"


# What is deferred is done by the commit.
_SLOW_COMMIT = """
    CREATE TEMPORARY TABLE slow (n int) ON COMMIT DROP;
    CREATE FUNCTION pg_temp.dawdle() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(0.03); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER dawdle AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION pg_temp.dawdle();
    INSERT INTO slow VALUES (1)
"""


def test_a_slow_request_is_told_with_route_order_and_caller(
    app: Flask, servers: Servers, capfd: pytest.CaptureFixture[str]
) -> None:
    with applications.another(app, servers, **EVERYTHING) as made:
        caller = person(made, "customer")
        order = factories.place(caller)
        factories.forget_cached(made, order)
        assert caller.get(factories.url(order, "journey")).status_code == 200
        told = [line for line in lines(capfd, "slow_request") if line["route"] == "/orders/<order_id>/journey"]
    assert [(line["order_id"], line["caller"]) for line in told] == [(order["order_id"], caller.id)]
    assert told[0].keys() >= {"request_id", "method", "status", "ms"}


def test_nothing_is_told_where_it_is_switched_off(
    app: Flask, servers: Servers, capfd: pytest.CaptureFixture[str]
) -> None:
    with applications.another(app, servers, SLOW_REQUEST_MS="0", SLOW_QUERY_MS="0", LOG_LEVEL="INFO") as made:
        with made.app_context():
            read(lambda session: session.execute(text("SELECT pg_sleep(0.03)")))
        assert person(made, "customer").get("/auth/me").status_code == 200
        out = capfd.readouterr().out
    assert '"event":"request"' in out
    assert "slow_" not in out
