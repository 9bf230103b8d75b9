"""`flask oms stats`."""

import json
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from oms import consumer_lag
from oms.orders import status_counts
from oms.transactions import read
from tests import factories
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["oms", "stats", *arguments])


def test_it_counts_orders_by_status_and_what_waits(app: Flask, customer: Caller) -> None:
    before = json.loads(run(app, "--json").output)
    factories.place(customer)
    consumer_lag.write_lag(app.extensions["oms_redis"], {("order-commands", 3): 7})
    after = json.loads(run(app, "--json").output)
    app.extensions["oms_redis"].delete(consumer_lag.KEY)

    def pending(found: Any) -> int:
        return next(row["orders"] for row in found["orders"] if row["status"] == "pending")

    assert pending(after) == pending(before) + 1
    assert after["outbox"]["pending"] >= 2
    assert {"topic": "order-commands", "partition": 3, "messages": 7} in after["consumer_lag"]
    assert after["queue"].keys() == {"waiting", "failed"}
    assert after["cache"]["keys"] > 0


def test_people_get_tables(app: Flask) -> None:
    result = run(app)
    assert result.exit_code == 0
    titles = [line for line in result.output.splitlines() if line.strip() in ("Orders", "Outbox", "Queue", "Cache")]
    assert len(titles) == 4
    assert any(line.split()[0] == "pending" for line in result.output.splitlines() if line.split())


def test_what_can_not_be_asked_is_null_and_fails_the_command(app: Flask, servers: Servers) -> None:
    with applications.another(app, servers, REDIS_URL="redis://127.0.0.1:1/0") as without_redis:
        result = run(without_redis, "--json")
        told = run(without_redis)
    found = json.loads(result.output)
    assert (result.exit_code, found["queue"], found["cache"]) == (1, None, None)
    assert found["orders"]
    assert "queue, consumer lag, cache" in told.stderr


def test_of_many_orders_there_are_about_so_many(app: Flask, customer: Caller) -> None:
    for _ in range(3):
        factories.place(customer)
    factories.vacuum(app)
    with app.app_context():
        found = read(lambda session: status_counts.count(session, most=2))
        there = read(
            lambda session: session.execute(text("SELECT count(*) FROM orders WHERE status = 'pending'")).scalar_one()
        )
    (pending,) = [row for row in found if row.status == "pending"]
    assert not pending.exact
    assert pending.orders == pytest.approx(there, rel=0.05, abs=1)
