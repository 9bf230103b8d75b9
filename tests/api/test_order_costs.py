"""What a hot route costs: SQL statements on the engine, round trips to Redis. A pin, so that it can't creep up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import event

from oms import queues
from oms.extensions import db
from oms.ids import new_id
from tests import factories
from tests.api.goods_and_money import ask, asked, cancel, delivered, move, paid, pay, shown, take
from tests.callers import Caller, exact
from tests.conftest import Servers
from tests.factories import line, url


@dataclass
class Cost:
    """Statements in their order, and every packet written to Redis: a pipeline is one, and so one round trip."""

    statements: list[str] = field(default_factory=list)
    packets: list[Any] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int]:
        return len(self.statements), len(self.packets)


@contextmanager
def counted(app: Flask) -> Iterator[Cost]:
    cost = Cost()
    with app.app_context():
        engine = db.engine

    def executed(_: Any, __: Any, statement: str, *rest: Any) -> None:
        cost.statements.append(statement.strip())

    send = redis.Connection.send_packed_command

    def sent(self: Any, command: Any, *args: Any, **options: Any) -> Any:
        cost.packets.append(command)
        return send(self, command, *args, **options)

    event.listen(engine, "before_cursor_execute", executed)
    redis.Connection.send_packed_command = sent
    try:
        yield cost
    finally:
        redis.Connection.send_packed_command = send
        event.remove(engine, "before_cursor_execute", executed)


@pytest.fixture(scope="module")
def app(app: Flask, servers: Servers) -> Flask:
    return factories.patient(app, servers)


@pytest.fixture
def warm(app: Flask, customer: Caller, staff: Caller) -> Any:
    """An order; connections, scripts and sessions are in place, and the doorbell has been rung already."""
    order = factories.place(customer, line(), line("CAKE"))
    for caller in (customer, staff):
        caller.get(url(order))
    for job in (queues.PUBLISH_OUTBOX, queues.SEND_REFUNDS):
        app.extensions["oms_redis"].set("wake:" + job.rsplit(".", 1)[1], 1, ex=60)
    return order


def test_a_warm_get_is_one_round_trip_to_redis_and_no_statement(app: Flask, customer: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert customer.get(url(warm)).status_code == 200
    assert cost.counts == (0, 1)


def test_a_304_costs_no_more(app: Flask, customer: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert customer.get(url(warm), headers={"If-None-Match": '"1"'}).status_code == 304
    assert cost.counts == (0, 1)


def test_a_warm_get_of_as_kind_costs_the_same(app: Flask, customer: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert customer.get(f"/get_order_details?order_id={warm['order_id']}").status_code == 200
    assert cost.counts == (0, 1)


def test_a_cold_get_is_one_query_and_fills_the_cache(app: Flask, customer: Caller, warm: Any) -> None:
    factories.forget_cached(app, warm)
    with counted(app) as cost:
        assert customer.get(url(warm)).status_code == 200
    assert cost.counts == (1, 2)
    assert factories.cached_body(app, warm)


@pytest.mark.parametrize("query", ["", "?limit=1", "?q={order_id}&status=pending"])
def test_a_page_is_one_query_and_a_look_into_the_cache(app: Flask, customer: Caller, warm: Any, query: str) -> None:
    with counted(app) as cost:
        assert customer.get("/orders" + query.format(**warm)).status_code == 200
    assert cost.counts == (1, 2)


def test_a_page_of_orders_that_are_not_cached_is_one_query_more(app: Flask, customer: Caller, warm: Any) -> None:
    orders = [warm, *(factories.place(customer, line()) for _ in range(3))]
    for order in orders[1:]:
        factories.forget_cached(app, order)
    with counted(app) as cold:
        assert len(exact(customer.get("/orders"))["orders"]) == 4
    with counted(app) as again:
        assert len(exact(customer.get("/orders"))["orders"]) == 4
    assert (cold.counts, again.counts) == ((2, 3), (1, 2))


def test_a_numbered_page_is_a_count_and_a_query(app: Flask, customer: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert customer.get(f"/orders/user/{customer.id}").status_code == 200
    assert cost.counts == (2, 2)


def test_a_journey_is_a_look_at_the_order_and_a_query(app: Flask, customer: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert customer.get(url(warm, "journey")).status_code == 200
    assert cost.counts == (2, 1)


@pytest.mark.parametrize("lines", [1, 50])
def test_an_order_is_placed_by_one_statement(app: Flask, customer: Caller, warm: Any, lines: int) -> None:
    body = {"items": [line()] * lines, "payment": [{"mode": "cod", "amount": 1}, {"mode": "card", "amount": 1}]}
    with counted(app) as cost:
        assert customer.post("/orders", body).status_code == 201
    assert cost.counts == (1, 2)


def test_an_order_with_a_key_is_one_statement_and_its_replay_two(app: Flask, customer: Caller, warm: Any) -> None:
    key = {"Idempotency-Key": new_id()}
    with counted(app) as first:
        assert customer.post("/orders", {"items": {}}, headers=key).status_code == 201
    with counted(app) as again:
        assert customer.post("/orders", {"items": {}}, headers=key).status_code == 201
    assert (first.counts, again.counts) == ((1, 2), (2, 1))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "", {"metadata": {"a": 1}}),
        ("POST", "/cancel", None),
        ("POST", "/cancel", {"items": [{"line_no": 1}, {"line_no": 2}]}),
        ("PATCH", "/items/1", {"status": "packed"}),
    ],
)
def test_a_change_is_a_look_under_lock_and_a_write(
    app: Flask, staff: Caller, warm: Any, method: str, path: str, body: Any
) -> None:
    with counted(app) as cost:
        assert staff.call(method, url(warm) + path, body).status_code == 200
    assert cost.counts == (2, 2)
    assert "FOR UPDATE" in cost.statements[0]


def test_a_change_that_changes_nothing_writes_nothing(app: Flask, staff: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert staff.patch(url(warm), {"status": "pending"}).status_code == 200
    assert cost.counts == (2, 1)


@pytest.fixture
def whole(app: Flask, customer: Caller, staff: Caller, warm: Any) -> Any:
    """An order with everything there can be: two payments, a refund, a return that is accepted, an invoice."""
    pay(staff, warm, "30.00", "10.00")
    assert staff.post(url(warm, "refunds"), {"amount": "1.00"}).status_code == 201
    move(staff, warm, "delivered")
    return_id = asked(customer, warm, (1, 1))
    assert take(staff, warm, return_id, "accept").status_code == 200
    return warm


def test_a_whole_order_is_one_query(app: Flask, customer: Caller, whole: Any) -> None:
    factories.forget_cached(app, whole)
    with counted(app) as cost:
        order = shown(customer, whole)
    assert cost.counts == (1, 2)
    assert [len(payment["refunds"]) for payment in order["payments"]] == [1, 1]
    assert ([request["status"] for request in order["returns"]], bool(order["invoice_number"])) == (["accepted"], True)


@pytest.mark.parametrize("part", ["payments", "refunds", "returns", "invoices"])
def test_each_part_of_it_is_one_query(app: Flask, customer: Caller, whole: Any, part: str) -> None:
    with counted(app) as cost:
        assert customer.get(url(whole, part)).status_code == 200
    assert cost.counts == (1, 1)


def test_a_pdf_is_one_query(app: Flask, customer: Caller, whole: Any) -> None:
    number = shown(customer, whole)["invoice_number"]
    with counted(app) as cost:
        assert customer.get(url(whole, "invoices", number, "pdf")).status_code == 200
    assert cost.counts == (1, 1)


def test_a_capture_looks_first_whether_there_is_a_provider_to_be_asked(app: Flask, staff: Caller, warm: Any) -> None:
    with counted(app) as added:
        part = exact(staff.post(url(warm, "payments"), {"mode": "card"}))
    with counted(app) as captured:
        assert staff.post(url(warm, "payments", part["payment_id"], "capture")).status_code == 200
    assert (added.counts, captured.counts) == ((2, 2), (3, 2))


def test_leaving_with_an_invoice_takes_a_number_and_nothing_else(app: Flask, staff: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert staff.patch(url(warm), {"status": "shipped"}).status_code == 200
    assert cost.counts == (3, 2)
    assert "invoice_series" in cost.statements[1]


def test_a_refund_takes_a_number_and_rings_the_worker(app: Flask, staff: Caller, warm: Any) -> None:
    pay(staff, warm, "40.00")
    with counted(app) as cost:
        assert staff.post(url(warm, "refunds"), {"amount": "1.00"}).status_code == 201
    assert cost.counts == (3, 3)


def test_cancelling_what_is_paid_costs_what_a_refund_does(
    app: Flask, customer: Caller, staff: Caller, warm: Any
) -> None:
    order = paid(customer, staff)
    with counted(app) as cost:
        cancel(customer, order)
    assert cost.counts == (3, 3)


def test_the_steps_of_a_return_are_changes_like_others_until_it_is_paid(
    app: Flask, customer: Caller, staff: Caller, warm: Any
) -> None:
    order = delivered(customer, staff)
    with counted(app) as asking:
        return_id = ask(customer, order, (1, 1)).get_json()["return_id"]
    with counted(app) as accepting:
        take(staff, order, return_id, "accept")
    with counted(app) as receiving:
        assert take(staff, order, return_id, "receive").get_json()["status"] == "received"
    assert (asking.counts, accepting.counts, receiving.counts) == ((2, 2), (2, 2), (3, 3))


def test_the_first_order_after_a_quiet_time_rings_the_doorbell_once(app: Flask, customer: Caller, warm: Any) -> None:
    app.extensions["oms_redis"].delete("wake:" + queues.PUBLISH_OUTBOX.rsplit(".", 1)[1])
    with app.app_context():
        before = len(queues.queue())
        for _ in range(3):
            customer.post("/orders", {"items": {}})
        assert len(queues.queue()) == before + 1


def test_a_refused_request_costs_no_statement(app: Flask, customer: Caller, warm: Any) -> None:
    with counted(app) as cost:
        assert customer.post("/orders", {"items": [line(quantity=0)]}).status_code == 422
        assert customer.get("/orders?limit=0").status_code == 422
    assert cost.counts == (0, 2)
