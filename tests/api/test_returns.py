"""Returns over HTTP: asked for, accepted, received and paid out, or rejected, withdrawn, or exchanged."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.api.goods_and_money import (
    amounts,
    ask,
    asked,
    carry_out_refunds,
    code,
    delivered,
    move,
    move_line,
    refunds,
    returned,
    shown,
    take,
)
from tests.callers import Caller, api_key_caller, exact
from tests.conftest import Servers
from tests.factories import line, url
from tests.floor import applications


def statuses(order: Any) -> tuple[str, list[str]]:
    return order["status"], [item["status"] for item in order["items"]]


def quantities(order: Any, line_no: int = 1) -> tuple[Decimal, Decimal]:
    """(returned, refunded) of a line."""
    item = order["items"][line_no - 1]
    return item["returned_quantity"], item["refunded_quantity"]


def events(app: Flask, order: Any) -> list[str]:
    return [event.type for event in factories.outbox(app, order)]


def set_back(app: Flask, order: Any, days: int, line_no: int = 1) -> None:
    """The line arrived that many days (and a minute) earlier."""
    factories.execute(
        app,
        "UPDATE order_items SET delivered_at = delivered_at - make_interval(days => :days, mins => 1)"
        " WHERE order_id = :order_id AND line_no = :line_no",
        order_id=order["order_id"],
        line_no=line_no,
        days=days,
    )


class TestAskingForAReturn:
    def test_a_customer_announces_what_comes_back(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        answer = ask(customer, order, (1, 1), remarks="The lid is broken")
        made = exact(answer)
        assert (answer.status_code, answer.headers["ETag"]) == (201, f'"{order["version"] + 3}"')
        assert (made["status"], made["reason"], made["remarks"]) == ("requested", "damaged", "The lid is broken")
        assert (made["resolution"], made["replacement_order_id"]) == ("refund", None)
        assert made["items"] == [{"line_no": 1, "quantity": 1, "accepted_quantity": None, "condition": None}]
        assert (made["order_status"], made["payment_state"], made["amount_due"]) == ("return_requested", "paid", 0)

    def test_the_order_and_its_line_say_so_and_the_journey_tells_it(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff, line(), line("CAKE"))
        return_id = asked(customer, order, (1, 1), remarks="The lid is broken")
        assert statuses(shown(customer, order)) == ("return_requested", ["return_requested", "delivered"])
        assert shown(customer, order)["customer_status"] == "Return Initiated"
        told = [(entry["event"], entry["line_no"]) for entry in factories.journey(customer, order)[-3:]]
        assert told == [("return.requested", None), (None, 1), (None, None)]
        first = factories.journey(customer, order)[-3]
        assert (first["details"], first["reason"]) == ({"return_id": return_id}, "damaged")
        assert (first["remarks"], first["actor"]) == ("The lid is broken", customer.id)
        assert events(app, order)[-2:] == ["oms.return.requested.v1", "oms.order.status_changed.v1"]

    def test_the_whole_order_and_the_listing_show_the_request(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        listed = exact(customer.get(url(order, "returns")))
        assert [request["return_id"] for request in listed["returns"]] == [return_id]
        assert listed["returns"] == shown(customer, order)["returns"]
        assert (listed["order_id"], listed["order_status"]) == (order["order_id"], "return_requested")

    def test_an_order_nobody_returned_anything_of_lists_nothing(self, customer: Caller) -> None:
        assert exact(customer.get(url(factories.place(customer), "returns")))["returns"] == []

    @pytest.mark.parametrize("quantity", ["2.001", 3])
    def test_more_than_was_delivered_is_refused_with_what_is_left(
        self, customer: Caller, staff: Caller, quantity: Any
    ) -> None:
        order = delivered(customer, staff)
        answer = ask(customer, order, (1, quantity))
        assert code(answer) == (422, "return_exceeds_delivered")
        problem = answer.get_json()
        assert (problem["available"], problem["line_no"]) == ("2", 1)
        assert problem["errors"][0]["pointer"] == "/items/0/quantity"
        assert shown(customer, order) == order

    @pytest.mark.parametrize("status", ["pending", "confirmed", "shipped", "cancelled"])
    def test_of_what_has_not_arrived_nothing_is_returned(self, customer: Caller, staff: Caller, status: str) -> None:
        order = factories.place_at(customer, staff, status)
        for caller in (customer, staff):
            answer = ask(caller, order, (1, 1))
            assert (code(answer), answer.get_json()["available"]) == ((422, "return_exceeds_delivered"), "0")

    def test_units_that_are_announced_already_are_not_announced_twice(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(quantity="2.5"))
        asked(customer, order, (1, "1.25"))
        assert ask(customer, order, (1, "1.251")).get_json()["available"] == "1.25"
        assert ask(customer, order, (1, "1.250")).status_code == 201
        assert ask(customer, order, (1, "0.001")).get_json()["available"] == "0"

    def test_units_that_came_back_are_not_announced_again(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(quantity=3))
        returned(staff, order, asked(customer, order, (1, 2)))
        assert ask(customer, order, (1, 2)).get_json()["available"] == "1"

    @pytest.mark.parametrize("step", ["reject", "cancel"])
    def test_a_request_that_came_to_nothing_frees_its_units(self, customer: Caller, staff: Caller, step: str) -> None:
        order = delivered(customer, staff)
        take(staff, order, asked(customer, order, (1, 2)), step)
        assert ask(customer, order, (1, 2)).status_code == 201

    def test_a_line_is_named_once(self, customer: Caller, staff: Caller) -> None:
        answer = ask(customer, delivered(customer, staff), (1, 1), (1, 1))
        assert code(answer) == (422, "line_twice")
        assert answer.get_json()["errors"][0]["pointer"] == "/items/1/line_no"

    def test_a_line_there_is_not_is_404(self, customer: Caller, staff: Caller) -> None:
        assert code(ask(customer, delivered(customer, staff), (2, 1))) == (404, "item_not_found")

    def test_a_free_form_order_has_no_lines_to_return(self, customer: Caller, staff: Caller) -> None:
        order = factories.place_free_form(customer, order_price="5.00")
        assert code(ask(customer, move(staff, order, "delivered"), (1, 1))) == (404, "item_not_found")

    def test_the_reason_other_needs_remarks(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        answer = ask(customer, order, (1, 1), reason="other")
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.get_json()["errors"]] == ["/remarks"]
        assert ask(customer, order, (1, 1), reason="other", remarks="It hums").status_code == 201

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"items": [], "reason": "damaged"},
            {"items": [{"line_no": 1, "quantity": 1}]},
            {"items": [{"line_no": 1, "quantity": 0}], "reason": "damaged"},
            {"items": [{"line_no": 1, "quantity": 1}], "reason": "boredom"},
            {"items": [{"line_no": 1, "quantity": 1}], "reason": "damaged", "resolution": "voucher"},
            {"items": [{"line_no": 0, "quantity": 1}], "reason": "damaged"},
            {"items": [{"line_no": 1}], "reason": "damaged"},
        ],
    )
    def test_a_body_that_says_too_little_or_nonsense_is_422(self, customer: Caller, staff: Caller, body: Any) -> None:
        order = delivered(customer, staff)
        assert customer.post(url(order, "returns"), body).status_code == 422
        assert shown(customer, order) == order

    def test_with_a_key_of_idempotency_a_repeat_is_the_same_request(self, customer: Caller, staff: Caller) -> None:
        order, key = delivered(customer, staff), {"Idempotency-Key": new_id()}
        first, again = (ask(customer, order, (1, 1), headers=key) for _ in range(2))
        assert (first.status_code, again.status_code, first.data) == (201, 201, again.data)
        assert len(shown(customer, order)["returns"]) == 1
        assert ask(customer, order, (1, 2), headers=key).status_code == 422

    def test_with_if_match_it_is_made_for_the_version_that_was_seen(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        assert ask(customer, order, (1, 1), headers={"If-Match": '"1"'}).status_code == 412
        current = {"If-Match": f'"{order["version"]}"'}
        assert ask(customer, order, (1, 1), headers=current).status_code == 201


class TestTheReturnWindow:
    @pytest.fixture
    def strict(self, app: Flask, servers: Servers) -> Iterator[Flask]:
        """An application that takes back for two days only."""
        with applications.another(app, servers, RETURN_WINDOW_DAYS="2") as made:
            yield made

    def test_after_thirty_days_it_is_closed_for_the_customer_and_open_for_staff(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff)
        set_back(app, order, 29)
        assert ask(customer, order, (1, 1)).status_code == 201
        set_back(app, order, 1)
        refused = ask(customer, order, (1, 1))
        assert (code(refused), refused.get_json()["line_no"]) == ((409, "return_window_closed"), 1)
        assert "30 days" in refused.get_json()["detail"]
        assert ask(staff, order, (1, 1)).status_code == 201

    def test_the_setting_says_how_long(self, app: Flask, strict: Flask, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        set_back(app, order, 2)
        here = Caller(strict, customer.headers, customer.id)
        assert code(ask(here, order, (1, 1))) == (409, "return_window_closed")
        assert ask(customer, order, (1, 1)).status_code == 201

    def test_a_line_can_have_a_window_of_its_own(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(return_window_days=2), line("CAKE", return_window_days=60))
        for line_no in (1, 2):
            set_back(app, order, 40, line_no)
        refused = ask(customer, order, (2, 1), (1, 1))
        assert (code(refused), refused.get_json()["line_no"]) == ((409, "return_window_closed"), 1)
        assert ask(customer, order, (2, 1)).status_code == 201

    def test_a_line_with_no_window_is_taken_back_by_staff_only(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(return_window_days=0))
        assert code(ask(customer, order, (1, 1))) == (409, "return_window_closed")
        assert ask(staff, order, (1, 1)).status_code == 201


class TestTheSteps:
    def test_staff_accept_it_and_nothing_moves_yet(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        answer = take(staff, order, return_id, "accept", {"reason": "fair", "remarks": "Send it to dock 3"})
        assert (answer.status_code, answer.get_json()["status"]) == (200, "accepted")
        assert statuses(shown(customer, order)) == ("return_requested", ["return_requested"])
        entry = factories.journey(customer, order)[-1]
        assert (entry["event"], entry["reason"], entry["remarks"]) == ("return.accepted", "fair", "Send it to dock 3")
        assert events(app, order)[-1] == "oms.return.accepted.v1"

    @pytest.mark.parametrize("accepted_before", [False, True])
    @pytest.mark.parametrize(("step", "status"), [("reject", "rejected"), ("cancel", "cancelled")])
    def test_a_request_that_comes_to_nothing_leaves_the_order_delivered(
        self, app: Flask, customer: Caller, staff: Caller, step: str, status: str, accepted_before: bool
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 2))
        if accepted_before:
            take(staff, order, return_id, "accept")
        answer = take(staff, order, return_id, step, {"reason": "late"})
        assert (answer.status_code, answer.get_json()["status"]) == (200, status)
        now = shown(customer, order)
        assert (statuses(now), quantities(now)) == (("delivered", ["delivered"]), (0, 0))
        assert f"oms.return.{status}.v1" in events(app, order)
        assert refunds(customer, order) == []

    def test_the_customer_withdraws_his_own_request(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        assert take(customer, order, asked(customer, order, (1, 1)), "cancel").get_json()["status"] == "cancelled"

    def test_what_is_received_whole_is_returned_and_paid_back(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        answer = returned(staff, order, asked(customer, order, (1, 2)))
        assert (answer["status"], answer["order_status"]) == ("received", "returned")
        assert (answer["items"][0]["accepted_quantity"], answer["amount_due"]) == (2, 0)
        now = shown(customer, order)
        assert (statuses(now), quantities(now)) == (("returned", ["returned"]), (2, 2))
        refund = refunds(customer, order)[0]
        assert (refund["amount"], refund["cause"], refund["reason"]) == (Decimal("20.00"), "return", None)
        assert (refund["status"], refund["items"]) == ("created", [{"line_no": 1, "quantity": 2}])

    def test_the_refund_is_written_with_the_receipt_and_told_with_it(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 2))
        take(staff, order, return_id, "accept")
        version = shown(customer, order)["version"]
        take(staff, order, return_id, "receive")
        told = [event.type for event in factories.outbox(app, order) if event.version > version]
        assert told == [
            "oms.return.received.v1",
            "oms.order.status_changed.v1",
            "oms.refund.created.v1",
            "oms.credit_note.issued.v1",
        ]

    def test_of_some_units_only_those_are_paid_back_and_the_rest_stays_delivered(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff, line(quantity=3), line("CAKE"))
        returned(staff, order, asked(customer, order, (1, 1)))
        now = shown(customer, order)
        assert (statuses(now), quantities(now)) == (("delivered", ["delivered", "delivered"]), (1, 1))
        assert amounts(customer, order) == [Decimal("10.00")]

    def test_what_is_not_accepted_on_arrival_is_neither_returned_nor_paid(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff, line(quantity=3), line("CAKE"))
        return_id = asked(customer, order, (1, 3), (2, 1))
        take(staff, order, return_id, "accept")
        body = {"items": [{"line_no": 1, "accepted_quantity": "1.5", "condition": "used"}]}
        items = exact(take(staff, order, return_id, "receive", body))["items"]
        assert [(item["accepted_quantity"], item["condition"]) for item in items] == [
            (Decimal("1.5"), "used"),
            (1, None),
        ]
        now = shown(customer, order)
        assert (quantities(now, 1), quantities(now, 2)) == ((Decimal("1.5"), Decimal("1.5")), (1, 1))
        assert statuses(now) == ("delivered", ["delivered", "delivered"])
        assert amounts(customer, order) == [Decimal("25.00")]

    def test_when_nothing_is_accepted_nothing_is_paid_and_it_is_closed_at_once(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 2))
        answer = returned(staff, order, return_id, (1, 0))
        assert (answer["status"], answer["items"][0]["accepted_quantity"]) == ("closed", 0)
        assert statuses(shown(customer, order)) == ("delivered", ["delivered"])
        assert refunds(customer, order) == []
        assert events(app, order)[-1] == "oms.return.closed.v1"

    def test_once_the_refund_is_processed_the_request_is_closed(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff)
        returned(staff, order, asked(customer, order, (1, 2)))
        carry_out_refunds(app)
        now = shown(customer, order)
        assert (now["returns"][0]["status"], now["payment_state"]) == ("closed", "refunded")
        assert refunds(customer, order)[0]["status"] == "processed"
        assert "oms.return.closed.v1" in events(app, order)
        assert [entry["event"] for entry in factories.journey(customer, order)[-2:]] == [
            "refund.processed",
            "return.closed",
        ]

    def test_a_request_paid_from_two_parts_is_closed_with_the_last_of_them(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = factories.place(customer)
        for amount in ("5.00", "15.00"):
            part = exact(staff.post(url(order, "payments"), {"mode": "card", "amount": amount}))
            staff.post(url(order, "payments", part["payment_id"], "capture"))
        returned(staff, move(staff, order, "delivered"), asked(customer, order, (1, 1)))
        assert sorted(share["amount"] for share in refunds(customer, order)[0]["payments"]) == [
            Decimal("2.50"),
            Decimal("7.50"),
        ]
        carry_out_refunds(app)
        told = [entry["event"] for entry in factories.journey(customer, order)]
        assert (told.count("refund.processed"), told.count("return.closed")) == (2, 1)
        assert told.index("return.closed") > told.index("refund.processed")

    def test_an_unpaid_order_is_returned_without_a_refund_and_owes_less(self, customer: Caller, staff: Caller) -> None:
        order = move(staff, factories.place(customer), "delivered")
        answer = returned(staff, order, asked(customer, order, (1, 1)))
        assert (answer["status"], answer["payment_state"]) == ("closed", "unpaid")
        assert answer["amount_due"] == Decimal("10.00")
        assert refunds(customer, order) == []

    def test_units_refunded_while_the_customer_kept_them_are_not_paid_twice(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff, line(quantity=3))
        staff.post(url(order, "refunds"), {"items": [{"line_no": 1, "quantity": 1}], "reason": "damaged"})
        first = returned(staff, order, asked(customer, order, (1, 1)))
        assert (first["status"], amounts(customer, order)) == ("closed", [Decimal("10.00")])
        returned(staff, order, asked(customer, order, (1, 2)))
        assert amounts(customer, order) == [Decimal("10.00"), Decimal("20.00")]
        assert quantities(shown(customer, order)) == (3, 3)

    def test_a_price_that_does_not_divide_is_given_back_to_the_cent(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(quantity=3, price="3.33"), total_amount="10.00")
        for _ in range(3):
            returned(staff, order, asked(customer, order, (1, 1)))
        assert sum(amounts(customer, order)) == Decimal("10.00")

    def test_an_exchange_in_between_does_not_pay_for_them_a_second_time(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(quantity=3))
        assert staff.post(url(order, "refunds"), {"items": [{"line_no": 1, "quantity": 1}]}).status_code == 201
        returned(staff, order, asked(customer, order, (1, 1), resolution="exchange"))
        returned(staff, order, asked(customer, order, (1, 1)))
        assert amounts(customer, order) == [Decimal("10.00")]


class TestStepsThatAreRefused:
    @pytest.mark.parametrize(
        ("path", "step", "allowed"),
        [
            ((), "receive", ["accepted", "rejected", "cancelled"]),
            (("accept", "receive"), "reject", ["closed"]),
            (("accept", "receive"), "cancel", ["closed"]),
            (("reject",), "accept", []),
            (("reject",), "cancel", []),
            (("cancel",), "reject", []),
            (("cancel",), "receive", []),
        ],
    )
    def test_a_step_out_of_turn_is_409_with_the_steps_there_are(
        self, customer: Caller, staff: Caller, path: tuple[str, ...], step: str, allowed: list[str]
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        for taken in path:
            assert take(staff, order, return_id, taken).status_code == 200
        before = shown(customer, order)
        refused = take(staff, order, return_id, step)
        assert (code(refused), refused.get_json()["allowed"]) == ((409, "invalid_return_step"), allowed)
        assert refused.get_json()["current"] == before["returns"][0]["status"]
        assert shown(customer, order) == before

    @pytest.mark.parametrize(
        ("path", "repeated"),
        [
            (("accept",), ("accept",)),
            (("accept", "receive"), ("accept", "receive")),
            (("reject",), ("reject",)),
            (("cancel",), ("cancel",)),
        ],
    )
    def test_a_repeated_step_is_200_and_changes_nothing(
        self, app: Flask, customer: Caller, staff: Caller, path: tuple[str, ...], repeated: tuple[str, ...]
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        for step in path:
            take(staff, order, return_id, step)
        before, told = shown(customer, order), events(app, order)
        for step in repeated:
            answer = take(staff, order, return_id, step)
            assert (answer.status_code, answer.headers["ETag"]) == (200, f'"{before["version"]}"')
            assert answer.get_json()["status"] == before["returns"][0]["status"]
        assert (shown(customer, order), events(app, order)) == (before, told)

    def test_receiving_again_after_it_was_closed_changes_nothing(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        returned(staff, order, return_id)
        carry_out_refunds(app)
        before = shown(customer, order)
        answer = take(staff, order, return_id, "receive", {"items": [{"line_no": 1, "accepted_quantity": 0}]})
        assert (answer.status_code, answer.get_json()["status"]) == (200, "closed")
        assert shown(customer, order) == before

    @pytest.mark.parametrize(
        ("items", "expected", "pointer"),
        [
            ([(1, "1.001")], "accepted_exceeds_requested", "/items/0/accepted_quantity"),
            ([(1, 1), (2, 1)], "line_not_in_return", "/items/1/line_no"),
            ([(1, 1), (1, 0)], "line_twice", "/items/1/line_no"),
        ],
    )
    def test_what_arrives_is_what_was_announced(
        self, customer: Caller, staff: Caller, items: list[tuple[int, Any]], expected: str, pointer: str
    ) -> None:
        order = delivered(customer, staff, line(), line("CAKE"))
        return_id = asked(customer, order, (1, 1))
        take(staff, order, return_id, "accept")
        before = shown(customer, order)
        body = {"items": [{"line_no": number, "accepted_quantity": quantity} for number, quantity in items]}
        refused = take(staff, order, return_id, "receive", body)
        assert code(refused) == (422, expected)
        assert refused.get_json()["errors"][0]["pointer"] == pointer
        assert shown(customer, order) == before

    def test_a_request_there_is_not_is_404(self, customer: Caller, staff: Caller) -> None:
        order, other = delivered(customer, staff), delivered(customer, staff)
        return_id = asked(customer, other, (1, 1))
        for wanted in ("nothing", return_id):
            assert code(take(staff, order, wanted, "accept")) == (404, "return_not_found")

    @pytest.mark.parametrize("step", ["accept", "receive", "reject", "cancel"])
    def test_with_if_match_a_step_is_taken_on_the_version_that_was_seen(
        self, customer: Caller, staff: Caller, step: str
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        before = shown(customer, order)
        refused = take(staff, order, return_id, step, headers={"If-Match": '"1"'})
        assert (refused.status_code, refused.headers["ETag"]) == (412, f'"{before["version"]}"')
        assert shown(customer, order) == before

    def test_with_a_key_of_idempotency_a_repeated_step_answers_as_the_first(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order, key = delivered(customer, staff), {"Idempotency-Key": new_id()}
        return_id = asked(customer, order, (1, 1))
        take(staff, order, return_id, "accept")
        first = take(staff, order, return_id, "receive", headers=key)
        carry_out_refunds(app)
        again = take(staff, order, return_id, "receive", headers=key)
        assert (first.get_json()["status"], first.data) == ("received", again.data)


class TestWhoMayDoWhat:
    @pytest.mark.parametrize("step", ["accept", "receive", "reject"])
    def test_a_customer_may_only_ask_and_withdraw(self, customer: Caller, staff: Caller, step: str) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        assert code(take(customer, order, return_id, step)) == (403, "role_missing")
        assert shown(customer, order)["returns"][0]["status"] == "requested"

    def test_to_somebody_else_neither_the_order_nor_its_request_is_there(
        self, customer: Caller, other_customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        refusals = (
            ask(other_customer, order, (1, 1)),
            take(other_customer, order, return_id, "cancel"),
            other_customer.get(url(order, "returns")),
        )
        assert [code(refused) for refused in refusals] == [(404, "order_not_found")] * 3
        assert [request["status"] for request in shown(customer, order)["returns"]] == ["requested"]

    def test_a_key_reads_returns_and_takes_no_step(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        key = api_key_caller(app, "orders:read", "orders:write", "fulfilment", "payments")
        assert key.get(url(order, "returns")).status_code == 200
        assert code(ask(key, order, (1, 1))) == (403, "scope_missing")
        for step in ("accept", "receive", "reject", "cancel"):
            assert code(take(key, order, return_id, step)) == (403, "scope_missing")

    def test_nobody_does_anything(self, customer: Caller, staff: Caller, anonymous: Caller) -> None:
        order = delivered(customer, staff)
        assert ask(anonymous, order, (1, 1)).status_code == 401
        assert anonymous.get(url(order, "returns")).status_code == 401

    def test_staff_ask_for_the_customer(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        return_id = asked(staff, order, (1, 1), reason="wrong_item")
        assert shown(customer, order)["returns"][0]["return_id"] == return_id


class TestTheOrderAroundIt:
    def test_two_requests_of_one_line_go_their_own_ways(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(quantity=3))
        first, second = asked(customer, order, (1, 1)), asked(customer, order, (1, 2))
        returned(staff, order, first)
        now = shown(customer, order)
        assert (statuses(now), quantities(now)) == (("return_requested", ["return_requested"]), (1, 1))
        take(staff, order, second, "reject")
        now = shown(customer, order)
        assert (statuses(now), quantities(now)) == (("delivered", ["delivered"]), (1, 1))
        assert [request["status"] for request in now["returns"]] == ["received", "rejected"]

    def test_when_the_last_units_of_all_lines_are_back_the_order_is_returned(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = delivered(customer, staff, line(quantity=1), line("CAKE", quantity=1))
        returned(staff, order, asked(customer, order, (1, 1)))
        assert statuses(shown(customer, order)) == ("delivered", ["returned", "delivered"])
        returned(staff, order, asked(customer, order, (2, 1)))
        assert statuses(shown(customer, order)) == ("returned", ["returned", "returned"])
        assert amounts(customer, order) == [Decimal("10.00"), Decimal("10.00")]

    def test_cancelled_units_are_no_part_of_a_return(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(quantity=3))
        customer.post(url(order, "cancel"), {"items": [{"line_no": 1, "quantity": 1}]})
        move(staff, order, "delivered")
        assert ask(customer, order, (1, 3)).get_json()["available"] == "2"
        returned(staff, order, asked(customer, order, (1, 2)))
        assert statuses(shown(customer, order)) == ("returned", ["returned"])

    def test_of_a_partly_delivered_line_what_has_arrived_can_come_back(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(quantity=3))
        move(staff, order, "shipped")
        move_line(staff, order, 1, "delivered", 2)
        assert ask(customer, order, (1, 3)).get_json()["available"] == "2"
        return_id = asked(customer, order, (1, 2))
        assert statuses(shown(customer, order)) == ("partially_delivered", ["partially_delivered"])
        returned(staff, order, return_id)
        now = shown(customer, order)
        assert (statuses(now), quantities(now)) == (("partially_delivered", ["partially_delivered"]), (2, 2))
        move_line(staff, order, 1, "delivered")
        assert statuses(shown(customer, order)) == ("delivered", ["delivered"])
        returned(staff, order, asked(customer, order, (1, 1)))
        assert statuses(shown(customer, order)) == ("returned", ["returned"])

    def test_while_another_line_is_on_its_way_the_order_stays_partly_delivered(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = factories.place(customer, line(), line("CAKE"))
        move(staff, order, "shipped")
        move_line(staff, order, 1, "delivered")
        return_id = asked(customer, order, (1, 2))
        assert statuses(shown(customer, order)) == ("partially_delivered", ["return_requested", "shipped"])
        move_line(staff, order, 2, "delivered")
        assert statuses(shown(customer, order)) == ("return_requested", ["return_requested", "delivered"])
        returned(staff, order, return_id)
        assert statuses(shown(customer, order)) == ("delivered", ["returned", "delivered"])

    @pytest.mark.parametrize("accepted", [False, True])
    @pytest.mark.parametrize("status", ["returned", "delivered"])
    def test_while_a_request_is_open_the_order_is_moved_by_it_alone(
        self, customer: Caller, staff: Caller, status: str, accepted: bool
    ) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1))
        if accepted:
            take(staff, order, return_id, "accept")
        for refused in (
            staff.patch(url(order), {"status": status}),
            staff.patch(url(order, "items", 1), {"status": status}),
        ):
            assert (code(refused), refused.get_json()["return_id"]) == ((409, "open_return_requests"), return_id)
        assert statuses(shown(customer, order)) == ("return_requested", ["return_requested"])

    def test_a_line_without_an_open_request_may_move(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(), line("CAKE"))
        move(staff, order, "shipped")
        move_line(staff, order, 1, "delivered")
        asked(customer, order, (1, 2))
        assert code(staff.patch(url(order), {"status": "delivered"})) == (409, "open_return_requests")
        assert move_line(staff, order, 2, "delivered")["status"] == "return_requested"

    @pytest.mark.parametrize("step", ["reject", "cancel"])
    def test_once_the_request_is_over_the_order_moves_again(self, customer: Caller, staff: Caller, step: str) -> None:
        order = delivered(customer, staff)
        take(staff, order, asked(customer, order, (1, 1)), step)
        assert move(staff, order, "return_requested", "returned")["status"] == "returned"


class TestAnExchange:
    @pytest.fixture
    def exchanged(self, customer: Caller, staff: Caller) -> tuple[Any, Any]:
        """(the original, what goes out in the place of one of its two units), both as the customer sees them."""
        address = {"street": "Dock 3"}
        tea = line(quantity=2, name="Green tea", metadata={"colour": "blue"}, return_window_days=7)
        order = delivered(customer, staff, line("CAKE"), tea, address=address)
        return_id = asked(customer, order, (2, 2), resolution="exchange")
        answer = returned(staff, order, return_id, (2, 1))
        return shown(customer, order), shown(customer, {"order_id": answer["replacement_order_id"]})

    def test_the_replacement_is_the_same_goods_for_nothing(self, exchanged: tuple[Any, Any]) -> None:
        original, fresh = exchanged
        item = fresh["items"][0]
        assert (len(fresh["items"]), item["line_no"], item["sku"], item["name"]) == (1, 1, "TEA", "Green tea")
        assert (item["quantity"], item["sale_price"], item["unit_price"]) == (1, 0, Decimal("10.00"))
        assert (item["metadata"], item["return_window_days"]) == ({"colour": "blue"}, 7)
        assert (fresh["total_amount"], fresh["amount_due"], fresh["payments"]) == (0, 0, [])
        assert (fresh["address"], fresh["currency"]) == (original["address"], original["currency"])

    def test_the_two_orders_lead_to_each_other(self, exchanged: tuple[Any, Any]) -> None:
        original, fresh = exchanged
        assert fresh["exchange_of"] == original["order_id"]
        assert original["returns"][0]["replacement_order_id"] == fresh["order_id"]
        assert original["exchange_of"] is None

    def test_no_money_goes_back_and_the_request_is_closed_at_once(
        self, customer: Caller, exchanged: tuple[Any, Any]
    ) -> None:
        original, _ = exchanged
        assert (original["returns"][0]["status"], original["payment_state"]) == ("closed", "paid")
        assert (refunds(customer, original), quantities(original, 2)) == ([], (1, 0))

    def test_it_is_the_customers_listed_confirmed_and_on_its_own_way(
        self, app: Flask, customer: Caller, staff: Caller, exchanged: tuple[Any, Any]
    ) -> None:
        _, fresh = exchanged
        assert (fresh["status"], fresh["managed_by"], fresh["creator_id"]) == ("confirmed", "operator", staff.id)
        assert fresh["order_id"] in [order["order_id"] for order in exact(customer.get("/orders"))["orders"]]
        assert events(app, fresh) == ["oms.order.created.v1", "oms.new_order.v1"]
        entry = factories.journey(customer, fresh)[0]
        assert (entry["current_status"], entry["reason"]) == ("confirmed", "exchange")
        assert move(staff, fresh, "delivered")["status"] == "delivered"

    def test_what_was_not_exchanged_is_paid_back_when_it_comes_back_later(
        self, customer: Caller, staff: Caller, exchanged: tuple[Any, Any]
    ) -> None:
        original, _ = exchanged
        returned(staff, original, asked(customer, original, (2, 1)))
        assert amounts(customer, original) == [Decimal("10.00")]
        assert quantities(shown(customer, original), 2) == (2, 1)

    def test_when_nothing_is_accepted_nothing_goes_out(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        answer = returned(staff, order, asked(customer, order, (1, 1), resolution="exchange"), (1, 0))
        assert (answer["status"], answer["replacement_order_id"]) == ("closed", None)

    def test_receiving_it_again_sends_nothing_more(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        return_id = asked(customer, order, (1, 1), resolution="exchange")
        first, again = returned(staff, order, return_id), exact(take(staff, order, return_id, "receive"))
        assert first["replacement_order_id"] == again["replacement_order_id"]
        assert len(exact(customer.get("/orders"))["orders"]) == 2


def test_lines_of_a_return_are_told_in_their_order_whatever_order_they_were_sent_in(
    app: Flask, customer: Caller, staff: Caller
) -> None:
    order = delivered(customer, staff, line("A"), line("B"))
    items = [{"line_no": 2, "quantity": 1}, {"line_no": 1, "quantity": 1}]
    made = exact(customer.post(url(order, "returns"), {"items": items, "reason": "damaged"}))
    assert [item["line_no"] for item in made["items"]] == [1, 2]
    assert customer.get(url(order)).data == factories.rendered(app, order)
