"""What each handler does and refuses, called as the loop calls it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from oms.consumer import handlers
from oms.consumer.processing import Handler
from oms.consumer.received import Received
from oms.errors import Conflict, Invalid, InvalidTransition, NotFound, OmsError
from oms.ids import new_id
from oms.orders import store
from oms.orders.order import Order
from oms.transactions import read, transaction
from tests.callers import Caller
from tests.factories import line, lines_body, place, place_at, rows, stored

pytestmark = pytest.mark.usefixtures("context")


def handle(handler: Handler, document: Any) -> Order | None:
    received = Received("topic", 0, 0, None, b"", (), new_id())
    return transaction(lambda session: handler(session, document, received))


def found(order_id: str) -> Order | None:
    return read(lambda session: store.get(session, order_id, None))


def test_a_new_order_is_processed_once_whoever_announces_it(context: Flask) -> None:
    order_id = new_id()
    for _ in range(2):
        assert handle(handlers.new_order, {"id": order_id, "items": {}, "warehouse": "of another system"}) is None
    assert len(rows(context, "SELECT 1 FROM order_processing WHERE order_id = :id", id=order_id)) == 1


def test_a_new_order_may_have_a_number_for_an_id(context: Flask) -> None:
    handle(handlers.new_order, {"id": 170_000_000_001})
    assert read(
        lambda session: session.execute(text("SELECT 1 FROM order_processing WHERE order_id = '170000000001'")).all()
    )


@pytest.mark.parametrize("document", [{}, {"id": None}, {"id": ""}, {"id": "x" * 51}, {"id": True}, [], "text", None])
def test_a_new_order_without_a_usable_id_is_refused(document: Any) -> None:
    with pytest.raises(Invalid):
        handle(handlers.new_order, document)


def test_a_report_moves_the_order_and_its_lines(staff: Caller) -> None:
    order = place(staff, customer_id="C-1")
    report = {"order_id": order["order_id"], "status": "SHIPPED", "reason": "picked_up", "carrier": "DHL"}
    changed = handle(handlers.fulfilment_update, report)
    assert changed is not None
    assert (changed.status, changed.lines[0].status) == ("shipped", "shipped")


@pytest.mark.parametrize("by", [{"line_no": 2}, {"sku": "CAKE"}])
def test_a_report_moves_some_units_of_one_line(context: Flask, staff: Caller, by: dict[str, Any]) -> None:
    order = place(staff, line("TEA"), line("CAKE", 3), customer_id="C-1", status="confirmed")
    report = {"order_id": order["order_id"], "status": "shipped", "quantity": 1, "reason": "first_box", **by}
    handle(handlers.fulfilment_update, report)
    after = stored(context, order)
    assert [str(each.shipped_quantity) for each in after.lines] == ["0.000", "1.000"]
    entry = rows(context, "SELECT * FROM order_journey WHERE order_id = :id ORDER BY seq DESC", id=after.order_id)[0]
    assert (entry.line_no, entry.reason, entry.actor_id) == (2, "first_box", "fulfilment")


def test_a_late_report_of_a_line_changes_nothing(context: Flask, customer: Caller, staff: Caller) -> None:
    order = place_at(customer, staff, "delivered")
    for by in ({}, {"line_no": 1}, {"sku": "TEA"}):
        assert handle(handlers.fulfilment_update, {"order_id": order["order_id"], "status": "packed", **by}) is None
    assert stored(context, order).version == order["version"]


@pytest.mark.parametrize(
    ("report", "family"),
    [
        ({"status": "flying"}, Invalid),
        ({"status": "shipped", "line_no": 1, "sku": "TEA"}, Invalid),
        ({"status": "shipped", "quantity": 1}, Invalid),
        ({"status": "shipped", "line_no": "1"}, Invalid),
        ({"status": "shipped", "occurred_at": "yesterday"}, Invalid),
        ({"line_no": 1, "quantity": 1}, Invalid),
        ({"status": "shipped", "line_no": 9}, NotFound),
        ({"status": "shipped", "sku": "NONE"}, NotFound),
        ({"status": "shipped", "sku": "CAKE"}, Conflict),
        ({"status": "shipped", "line_no": 1, "quantity": 99}, Conflict),
        ({"status": "returned"}, InvalidTransition),
    ],
)
def test_a_report_that_cannot_be_is_refused(staff: Caller, report: dict[str, Any], family: type[OmsError]) -> None:
    order = place(staff, line("TEA"), line("CAKE"), line("CAKE"), customer_id="C-1", status="confirmed")
    with pytest.raises(family):
        handle(handlers.fulfilment_update, {"order_id": order["order_id"], **report})


def test_a_report_on_an_order_nobody_has_is_refused() -> None:
    with pytest.raises(NotFound):
        handle(handlers.fulfilment_update, {"order_id": new_id(), "status": "shipped"})


def test_a_command_creates_an_order_of_lines() -> None:
    body = lines_body(customer_id="C-1", status="confirmed", total_amount=20)
    handle(handlers.order_command, {"command": "create", "order": body})
    order = found(body["order_id"])
    assert order is not None
    assert (order.customer_id, order.creator_id, order.status) == ("C-1", "consumer", "confirmed")


def test_a_command_creates_a_free_form_order_for_a_customer_who_then_drives_it() -> None:
    order_id = new_id()
    order = {"order_id": order_id, "items": {"coffee": 1}, "order_price": "11.50"}
    handle(handlers.order_command, {"command": "create", "customer_id": "C-2", "order": order})
    placed = found(order_id)
    assert placed is not None
    assert (placed.customer_id, placed.creator_id, placed.managed_by) == ("C-2", "C-2", "owner")


def test_a_second_create_of_an_order_is_a_conflict() -> None:
    command = {"command": "create", "order": lines_body(customer_id="C-1")}
    handle(handlers.order_command, command)
    with pytest.raises(Conflict):
        handle(handlers.order_command, command)


def test_a_command_updates_an_order(context: Flask, staff: Caller) -> None:
    order = place(staff, customer_id="C-1")
    changes = {"facility_id": "FAC-9", "status": "processing"}
    handle(handlers.order_command, {"command": "update", "order_id": order["order_id"], "changes": changes})
    after = stored(context, order)
    assert (after.facility_id, after.status) == ("FAC-9", "processing")


def test_a_command_that_changes_nothing_reports_nothing(staff: Caller) -> None:
    order = place(staff, customer_id="C-1", facility_id="FAC-1")
    command = {"command": "update", "order_id": order["order_id"], "changes": {"facility_id": "FAC-1"}}
    assert handle(handlers.order_command, command) is None


def test_a_command_cancels_an_order_or_some_of_it(context: Flask, staff: Caller) -> None:
    order = place(staff, line("TEA", 3), customer_id="C-1")
    some = {"command": "cancel", "order_id": order["order_id"], "items": [{"line_no": 1, "quantity": 1}]}
    handle(handlers.order_command, some)
    assert str(stored(context, order).lines[0].cancelled_quantity) == "1.000"
    handle(handlers.order_command, {"command": "cancel", "order_id": order["order_id"], "reason": "changed_mind"})
    assert stored(context, order).status == "cancelled"


REFUSED: list[Callable[[str], Any]] = [
    lambda _: {},
    lambda _: [],
    lambda order_id: {"command": "destroy", "order_id": order_id},
    lambda order_id: {"command": ["cancel"], "order_id": order_id},
    lambda _: {"command": "create"},
    lambda _: {"command": "create", "order": {"items": "none"}},
    lambda _: {"command": "create", "order": lines_body()},
    lambda _: {"command": "create", "order": lines_body(customer_id="C-1", surprise=1)},
    lambda _: {"command": "create", "order": lines_body(customer_id="C-1", total_amount=1)},
    lambda _: {"command": "create", "order": lines_body(customer_id="C-1"), "surprise": 1},
    lambda order_id: {"command": "update", "order_id": order_id},
    lambda order_id: {"command": "update", "order_id": order_id, "changes": {}},
    lambda order_id: {"command": "update", "order_id": order_id, "changes": {"surprise": 1}},
    lambda order_id: {"command": "cancel", "order_id": order_id, "items": []},
    lambda order_id: {"command": "cancel", "order_id": order_id, "surprise": 1},
    lambda _: {"command": "cancel"},
]


@pytest.mark.parametrize("document", REFUSED)
def test_a_command_that_breaks_a_rule_is_refused_with_the_place(staff: Caller, document: Callable[[str], Any]) -> None:
    order = place(staff, customer_id="C-1")
    with pytest.raises(Invalid) as refusal:
        handle(handlers.order_command, document(order["order_id"]))
    assert refusal.value.errors


@pytest.mark.parametrize("command", [{"command": "cancel"}, {"command": "update", "changes": {"status": "shipped"}}])
def test_a_command_on_an_order_nobody_has_is_refused(command: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        handle(handlers.order_command, {**command, "order_id": new_id()})
