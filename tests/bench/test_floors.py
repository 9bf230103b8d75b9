"""The floors run what the product runs."""

import json
from typing import Any

import psycopg2
import pytest
from flask import Flask

from bench.floors import pgbench_script
from bench.product_sql import STAND_IN, Statement, overheard
from oms.ids import new_id
from tests.callers import person
from tests.conftest import Servers
from tests.factories import line, lines_body, rows


def creating(app: Flask, order_id: str) -> Statement:
    caller = person(app, "staff")
    body = lines_body(line(), line("CAKE"), order_id=order_id, customer_id="CUST-001")

    def serve() -> None:
        assert caller.post("/orders", body).status_code == 201

    return overheard(app, serve, having="INTO orders")


def placed(app: Flask, order_id: str) -> Any:
    return rows(
        app,
        "SELECT (SELECT count(*) FROM orders WHERE order_id = :id), (SELECT count(*) FROM order_items WHERE order_id ="
        " :id), (SELECT count(*) FROM order_journey WHERE order_id = :id), (SELECT count(*) FROM outbox_events WHERE"
        " order_id = :id)",
        id=order_id,
    )[0]


def test_what_was_overheard_places_another_whole_order(app: Flask, servers: Servers) -> None:
    first, second = new_id(), new_id()
    statement = creating(app, first)
    connection = psycopg2.connect(servers.postgres.url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement.sent.replace(first, second))
    connection.close()
    assert placed(app, second) == placed(app, first) == (1, 2, 1, 2)


def test_a_statement_the_product_does_not_run_is_missed(app: Flask) -> None:
    with pytest.raises(LookupError):
        overheard(app, lambda: None, having="INTO orders")


def test_pgbench_gets_the_order_id_anew_and_the_rest_as_variables() -> None:
    text = "INSERT INTO orders VALUES (%(order_id)s, %(total)s, %(eta)s, '%%') FROM f(%(events)s)"
    events = json.dumps([{"order_id": STAND_IN}])
    parameters = {"order_id": STAND_IN, "total": 3, "eta": None, "events": events}
    script, variables = pgbench_script(Statement(text, parameters, ""), "run")
    assert "VALUES (concat_ws(" in script
    assert "CAST(:total AS integer), NULL, '%')" in script
    assert f"f(replace(CAST(:events AS text), '{STAND_IN}', concat_ws(" in script
    assert variables == {"total": 3, "events": events, "label": "run", "number": 10_000_000}
