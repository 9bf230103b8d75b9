"""Cancelling what is paid for: its share goes back with the cancel, to the cent, and never more than was captured."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests import factories
from tests.api.goods_and_money import amounts, cancel, carry_out_refunds, move, move_line, paid, pay, refunds, shown
from tests.callers import Caller, exact
from tests.factories import line, url


def parts(order: Any) -> list[tuple[Decimal, Decimal]]:
    """(captured, still refundable) of each payment."""
    return [(payment["captured_amount"], payment["refundable_amount"]) for payment in order["payments"]]


class TestAWholeOrder:
    def test_all_the_money_goes_back_with_the_cancel(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff)
        cancelled = cancel(customer, order, reason="changed_mind", remarks="sorry")
        assert (cancelled["status"], cancelled["payment_state"]) == ("cancelled", "paid")
        share = cancelled["payments"][0]["refunds"][0]
        assert (share["amount"], share["status"], share["cause"]) == (Decimal("20.00"), "created", "cancel")
        assert parts(cancelled) == [(Decimal("20.00"), 0)]
        refund = refunds(customer, order)[0]
        assert (refund["amount"], refund["reason"], refund["remarks"]) == (Decimal("20.00"), "changed_mind", "sorry")
        assert refund["items"] is None

    def test_cancel_refund_and_credit_note_are_one_transaction(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = paid(customer, staff)
        cancel(customer, order)
        found = factories.rows(
            app,
            "SELECT count(DISTINCT xmin) FROM (SELECT xmin::text FROM orders WHERE order_id = :id"
            " UNION ALL SELECT xmin::text FROM order_items WHERE order_id = :id"
            " UNION ALL SELECT xmin::text FROM payments WHERE order_id = :id"
            " UNION ALL SELECT xmin::text FROM refunds WHERE order_id = :id"
            " UNION ALL SELECT xmin::text FROM invoices WHERE order_id = :id) AS written",
            id=order["order_id"],
        )
        assert found == [(1,)]

    def test_the_consumers_are_told_of_all_of_it_in_one_version(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = paid(customer, staff)
        cancel(customer, order)
        told = [event.type for event in factories.outbox(app, order) if event.version > order["version"]]
        assert told == ["oms.order.cancelled.v1", "oms.refund.created.v1", "oms.refund_voucher.issued.v1"]
        journey = factories.journey(customer, order)[-2:]
        assert [(entry["current_status"], entry["event"]) for entry in journey] == [
            ("cancelled", None),
            ("cancelled", "refund.created"),
        ]
        assert journey[1]["details"]["amount"] == "20.00"

    def test_once_it_is_carried_out_the_order_is_refunded(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff)
        cancel(customer, order)
        carry_out_refunds(app)
        now = shown(customer, order)
        assert (now["payment_state"], now["amount_due"]) == ("refunded", 0)
        assert now["payments"][0]["refunded_amount"] == Decimal("20.00")

    def test_a_repeat_refunds_nothing_more(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff)
        first = cancel(customer, order)
        assert cancel(customer, order) == first
        carry_out_refunds(app)
        cancel(staff, order)
        assert amounts(customer, order) == [Decimal("20.00")]

    def test_with_a_key_of_idempotency_neither(self, customer: Caller, staff: Caller) -> None:
        order, key = paid(customer, staff), {"Idempotency-Key": new_id()}
        first, again = (customer.post(url(order, "cancel"), {}, headers=key) for _ in range(2))
        assert (first.status_code, first.data) == (200, again.data)
        assert amounts(customer, order) == [Decimal("20.00")]

    def test_every_part_gives_back_what_it_brought(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer)
        pay(staff, order, "0.01", "6.66", "13.33")
        cancelled = cancel(customer, order)
        given = [payment["refunds"][0] for payment in cancelled["payments"]]
        assert [share["amount"] for share in given] == [Decimal("0.01"), Decimal("6.66"), Decimal("13.33")]
        assert len({share["refund_id"] for share in given}) == 1
        assert amounts(customer, order) == [Decimal("20.00")]

    def test_of_an_order_paid_in_part_only_that_part_goes_back_and_open_parts_end(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = factories.place(customer, payment=[{"mode": "card", "amount": "5.00"}])
        pay(staff, order, "7.50")
        cancelled = cancel(customer, order)
        assert [payment["status"] for payment in cancelled["payments"]] == ["voided", "captured"]
        assert amounts(customer, order) == [Decimal("7.50")]
        assert cancelled["amount_due"] == 0

    def test_of_an_unpaid_order_nothing_goes_back(self, customer: Caller) -> None:
        order = factories.place(customer)
        assert cancel(customer, order)["payments"] == []
        assert refunds(customer, order) == []

    def test_the_way_of_the_status_gives_it_back_too(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff)
        assert staff.patch(url(order), {"status": "cancelled"}).status_code == 200
        assert amounts(customer, order) == [Decimal("20.00")]

    def test_a_parcel_that_failed_to_arrive_is_paid_back_whole(self, customer: Caller, staff: Caller) -> None:
        order = move(staff, paid(customer, staff), "shipped", "delivery_failed")
        assert cancel(staff, order)["amount_due"] == 0
        assert amounts(customer, order) == [Decimal("20.00")]

    def test_a_parcel_that_failed_to_arrive_and_was_not_paid_costs_nothing(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = move(staff, factories.place(customer), "shipped", "delivery_failed")
        assert cancel(staff, order)["amount_due"] == 0


class TestSomeOfAnOrder:
    def test_the_price_of_the_units_goes_back_with_the_units_named(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(quantity=3), line("CAKE", price="4.50"))
        partly = cancel(customer, order, (1, 2), (2, None), reason="too_slow")
        refund = refunds(customer, order)[0]
        assert (refund["amount"], refund["cause"], refund["reason"]) == (Decimal("29.00"), "cancel", "too_slow")
        assert refund["items"] == [{"line_no": 1, "quantity": 2}, {"line_no": 2, "quantity": 2}]
        assert (partly["status"], partly["amount_due"]) == ("confirmed", 0)
        assert parts(partly) == [(Decimal("39.00"), Decimal("10.00"))]

    def test_the_last_unit_takes_the_order_and_the_last_cent_with_it(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(quantity=3, price="3.33"), total_amount="10.00")
        for quantity in (1, 1, 1):
            last = cancel(customer, order, (1, quantity))
        assert last["status"] == "cancelled"
        assert amounts(customer, order) == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]

    def test_half_a_unit_of_one_and_a_quarter(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(quantity="1.250", price="3.99"))
        assert order["total_amount"] == Decimal("4.99")
        cancel(customer, order, (1, "0.5"))
        assert amounts(customer, order) == [Decimal("2.00")]
        cancel(customer, order, (1, "0.75"))
        assert amounts(customer, order) == [Decimal("2.00"), Decimal("2.99")]

    @pytest.mark.parametrize(("currency", "price"), [("JPY", "333"), ("KWD", "0.333"), ("USD", "0.01")])
    def test_in_every_currency_the_sums_reach_what_was_captured(
        self, customer: Caller, staff: Caller, currency: str, price: str
    ) -> None:
        order = paid(customer, staff, line(quantity=7, price=price), currency=currency, discount=price)
        for _ in range(7):
            cancel(customer, order, (1, 1))
        assert sum(amounts(customer, order)) == order["total_amount"]
        assert parts(shown(customer, order)) == [(order["total_amount"], 0)]

    def test_discount_charges_and_tax_go_back_in_proportion(self, customer: Caller, staff: Caller) -> None:
        order = paid(
            customer,
            staff,
            line(quantity=2, price="30.00"),
            line("CAKE", quantity=4, price="10.00"),
            discount="10.00",
            delivery_charge="5.00",
            tax_lines=[{"name": "GST", "rate": 10}],
        )
        assert order["total_amount"] == Decimal("104.50")
        cancel(customer, order, (1, None))
        assert amounts(customer, order) == [Decimal("62.70")]
        cancel(customer, order, (2, 1))
        assert amounts(customer, order)[1] == Decimal("10.45")

    def test_a_lines_own_discount_charge_and_tax_go_back_with_it_alone(self, customer: Caller, staff: Caller) -> None:
        dear = line(discount="2.00", handling_charge="1.00", tax_lines=[{"name": "GST", "rate": 10}])
        order = paid(customer, staff, dear, line("CAKE"))
        assert order["total_amount"] == Decimal("40.90")
        cancel(customer, order, (1, 1))
        assert amounts(customer, order) == [Decimal("10.45")]
        cancel(customer, order, (2, None))
        assert amounts(customer, order)[1] == Decimal("20.00")

    def test_a_tax_that_is_in_the_price_is_not_given_back_on_top(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(tax_lines=[{"name": "VAT", "rate": 20, "included": True}]))
        cancel(customer, order, (1, 1))
        assert amounts(customer, order) == [Decimal("10.00")]

    def test_awkward_shares_add_up_to_the_cent_over_several_parts(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(
            customer,
            line(quantity=3, price="3.33", discount="0.10"),
            line("CAKE", quantity="0.7", price="9.99"),
            line("PIE", quantity=3, price="0.01", tax_lines=[{"name": "GST", "rate": 18}]),
            discount="1.01",
            packaging_charge="0.07",
            tax_lines=[{"name": "VAT", "rate": "7.7"}],
        )
        total = order["total_amount"]
        pay(staff, order, "3.33", "0.01", f"{total - Decimal('3.34'):f}")
        for line_no, quantity in ((1, 1), (3, 2), (2, "0.123"), (1, 2), (2, None), (3, None)):
            now = cancel(customer, order, (line_no, quantity))
            assert all(left >= 0 for _, left in parts(now))
            assert sum(amounts(customer, order)) + sum(left for _, left in parts(now)) == total
        assert (now["status"], sum(amounts(customer, order))) == ("cancelled", total)

    def test_several_steps_take_as_much_as_one(self, customer: Caller, staff: Caller) -> None:
        def order() -> Any:
            return paid(customer, staff, line(quantity=9, price="1.11"), line("CAKE", price="5.55"), discount="0.77")

        at_once, by_steps = order(), order()
        cancel(customer, at_once, (1, 6))
        for _ in range(6):
            cancel(customer, by_steps, (1, 1))
        assert sum(amounts(customer, at_once)) == sum(amounts(customer, by_steps))

    def test_a_line_cancelled_by_its_own_route_is_paid_back(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(), line("CAKE"))
        move_line(staff, order, 2, "cancelled", 1)
        refund = refunds(customer, order)[0]
        assert (refund["amount"], refund["cause"]) == (Decimal("10.00"), "cancel")

    def test_a_line_that_failed_to_arrive_is_paid_back_with_its_units(self, customer: Caller, staff: Caller) -> None:
        order = move(staff, paid(customer, staff, line(), line("CAKE", price="4.50")), "shipped")
        move_line(staff, order, 1, "delivered")
        move_line(staff, order, 2, "delivery_failed")
        now = move_line(staff, order, 2, "cancelled")
        assert (now["status"], now["amount_due"]) == ("delivered", 0)
        refund = refunds(customer, order)[0]
        assert (refund["amount"], refund["items"]) == (Decimal("9.00"), [{"line_no": 2, "quantity": 2}])
        refused = staff.post(url(order, "refunds"), {"items": [{"line_no": 2, "quantity": 1}]})
        assert (refused.status_code, refused.get_json()["code"]) == (422, "quantity_exceeded")

    def test_of_an_order_paid_in_part_only_what_is_too_much_goes_back(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(quantity=4))
        pay(staff, order, "15.00")
        partly = cancel(customer, order, (1, 1))
        assert (amounts(customer, order), partly["amount_due"]) == ([], Decimal("15.00"))
        partly = cancel(customer, order, (1, 2))
        assert (amounts(customer, order), partly["amount_due"]) == ([Decimal("5.00")], 0)
        assert partly["status"] == "confirmed"
        cancel(customer, order)
        assert amounts(customer, order) == [Decimal("5.00"), Decimal("10.00")]

    def test_a_part_that_is_still_open_asks_for_less(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, payment=[{"mode": "card", "amount": "12.00"}])
        pay(staff, order, "8.00")
        partly = cancel(customer, order, (1, 1))
        assert sorted((part["status"], part["amount"]) for part in partly["payments"]) == [
            ("captured", Decimal("8.00")),
            ("pending", Decimal("2.00")),
        ]
        assert (partly["amount_due"], amounts(customer, order)) == (Decimal("2.00"), [])

    def test_a_refused_cancel_gives_nothing_back(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(), line("CAKE"))
        refused = customer.post(
            url(order, "cancel"), {"items": [{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 3}]}
        )
        assert refused.status_code == 409
        assert (shown(customer, order), amounts(customer, order)) == (order, [])


class TestAfterAnEarlierRefund:
    def test_what_was_given_for_good_will_is_not_given_again(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff)
        assert staff.post(url(order, "refunds"), {"amount": "3.00", "reason": "late"}).status_code == 201
        assert shown(customer, order)["amount_due"] == 0
        cancel(customer, order)
        assert amounts(customer, order) == [Decimal("3.00"), Decimal("17.00")]

    def test_a_partial_cancel_after_good_will_gives_the_units_price_while_there_is_any(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = paid(customer, staff, line(quantity=2))
        staff.post(url(order, "refunds"), {"amount": "15.00"})
        carry_out_refunds(app)
        cancel(customer, order, (1, 1))
        cancel(customer, order, (1, 1))
        assert amounts(customer, order) == [Decimal("15.00"), Decimal("5.00")]

    def test_units_that_were_refunded_are_not_paid_again_when_the_order_is_cancelled(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = paid(customer, staff, line(quantity=3))
        assert staff.post(url(order, "refunds"), {"items": [{"line_no": 1, "quantity": 1}]}).status_code == 201
        cancel(customer, order)
        assert amounts(customer, order) == [Decimal("10.00"), Decimal("20.00")]

    def test_cancelling_the_units_themselves_that_were_refunded_pays_nothing(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = paid(customer, staff, line(quantity=3))
        staff.post(url(order, "refunds"), {"items": [{"line_no": 1, "quantity": 3}]})
        item = cancel(customer, order, (1, 2))["items"][0]
        assert (item["cancelled_quantity"], item["refunded_quantity"]) == (2, 1)
        assert amounts(customer, order) == [Decimal("30.00")]

    def test_units_that_were_not_refunded_are_cancelled_first(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(quantity=3))
        staff.post(url(order, "refunds"), {"items": [{"line_no": 1, "quantity": 1}]})
        cancel(customer, order, (1, 1))
        assert amounts(customer, order) == [Decimal("10.00"), Decimal("10.00")]
        cancel(customer, order, (1, 2))
        assert sum(amounts(customer, order)) == Decimal("30.00")
        assert refunds(customer, order)[-1]["items"] == [{"line_no": 1, "quantity": 1}]


class TestAFreeFormOrder:
    def test_its_price_goes_back_when_it_was_received(self, customer: Caller, staff: Caller) -> None:
        order = factories.place_free_form(customer, order_price="11.50")
        pay(staff, order, "11.50")
        assert cancel(customer, order)["status"] == "cancelled"
        assert amounts(customer, order) == [Decimal("11.50")]

    def test_nothing_goes_back_on_the_owners_word_that_it_is_paid(self, customer: Caller) -> None:
        order = factories.place_free_form(customer, order_price="11.50")
        assert exact(customer.patch(url(order), {"status": "PAID"}))["payment_state"] == "paid"
        cancelled = cancel(customer, order)
        assert (cancelled["status"], refunds(customer, order)) == ("cancelled", [])
        assert parts(cancelled) == [(Decimal("11.50"), 0)]

    def test_beside_his_word_only_real_money_goes_back(self, customer: Caller, staff: Caller) -> None:
        order = factories.place_free_form(customer, order_price="11.50")
        pay(staff, order, "4.00")
        customer.patch(url(order), {"status": "PAID"})
        cancel(customer, order)
        assert amounts(customer, order) == [Decimal("4.00")]
