"""Discounts, charges and taxes on a new order: what they come to, what is kept of them, what is refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.api.goods_and_money import code, move_line, shown
from tests.callers import Caller, exact
from tests.factories import line, lines_body, url

CHARGES = ("handling_charge", "delivery_charge", "packaging_charge", "surge_charge")


def gst(rate: Any = 10, **more: Any) -> dict[str, Any]:
    return {"name": "GST", "rate": rate, **more}


def total(caller: Caller, *lines: dict[str, Any], **more: Any) -> Decimal:
    amount: Decimal = factories.place(caller, *lines, **more)["total_amount"]
    return amount


class TestTheTotal:
    @pytest.mark.parametrize("name", CHARGES)
    def test_every_charge_is_added_to_the_order_or_the_line(self, customer: Caller, name: str) -> None:
        assert total(customer, **{name: "1.23"}) == Decimal("21.23")
        assert total(customer, line(**{name: "1.23"})) == Decimal("21.23")

    def test_a_discount_is_taken_off_the_order_or_the_line(self, customer: Caller) -> None:
        assert total(customer, discount="1.23") == Decimal("18.77")
        assert total(customer, line(discount="1.23")) == Decimal("18.77")

    def test_a_lines_amounts_are_for_the_line_and_not_for_each_unit(self, customer: Caller) -> None:
        assert total(customer, line(quantity=5, discount="1.00", handling_charge="0.50")) == Decimal("49.50")

    def test_a_tax_is_on_the_price_after_discount_and_with_charges(self, customer: Caller) -> None:
        taxed = line(discount="5.00", delivery_charge="1.00", tax_lines=[gst()])
        assert total(customer, taxed) == Decimal("17.60")
        assert total(customer, discount="5.00", delivery_charge="1.00", tax_lines=[gst()]) == Decimal("17.60")

    def test_the_orders_tax_is_not_a_tax_on_the_lines_taxes(self, customer: Caller) -> None:
        order = factories.place(customer, line(tax_lines=[gst()]), tax_lines=[gst(5)])
        assert (order["total_amount"], order["tax_lines"][0]["amount"]) == (Decimal("23.00"), Decimal("1.00"))

    def test_several_taxes_are_all_on_the_same_base(self, customer: Caller) -> None:
        order = factories.place(customer, tax_lines=[gst(9), {"name": "SGST", "rate": 9}])
        assert [tax["amount"] for tax in order["tax_lines"]] == [Decimal("1.80"), Decimal("1.80")]
        assert order["total_amount"] == Decimal("23.60")

    def test_a_tax_of_a_fixed_amount_is_added_as_it_is(self, customer: Caller) -> None:
        order = factories.place(customer, tax_lines=[{"name": "Levy", "amount": "0.35"}])
        assert (order["total_amount"], order["tax_lines"]) == (
            Decimal("20.35"),
            [{"name": "Levy", "rate": None, "amount": Decimal("0.35"), "included": False}],
        )

    def test_a_tax_that_is_in_the_price_is_told_and_not_added(self, customer: Caller) -> None:
        order = factories.place(customer, line(price="12.00", quantity=1, tax_lines=[gst(20, included=True)]))
        assert order["total_amount"] == Decimal("12.00")
        assert order["items"][0]["tax_lines"] == [
            {"name": "GST", "rate": 20, "amount": Decimal("2.00"), "included": True}
        ]

    def test_fractions_of_cents_are_rounded_once_at_the_end(self, customer: Caller) -> None:
        assert total(customer, *[line(sku, "0.5", "0.01") for sku in ("A", "B", "C")]) == Decimal("0.02")

    @pytest.mark.parametrize(
        ("currency", "price", "rate", "expected"),
        [("USD", "0.99", "7.7", "1.07"), ("JPY", "99", "8", "107"), ("KWD", "0.999", "5", "1.049")],
    )
    def test_a_tax_has_the_currencys_decimals(
        self, customer: Caller, currency: str, price: str, rate: str, expected: str
    ) -> None:
        body = lines_body(line(quantity=1, price=price), currency=currency, tax_lines=[gst(rate)])
        answer = json.loads(customer.post("/orders", body).data, parse_float=str, parse_int=str)
        assert answer["total_amount"] == expected

    def test_the_clients_total_is_held_against_all_of_it(self, customer: Caller) -> None:
        more: dict[str, Any] = {"discount": "2.00", "delivery_charge": "1.00", "tax_lines": [gst()]}
        order = factories.place(customer, total_amount="21.00", **more)
        assert (order["total_amount"], order["rounding_adjustment"]) == (Decimal("21.00"), Decimal("0.10"))
        refused = customer.post("/orders", lines_body(total_amount="20.00", **more))
        assert (code(refused), refused.get_json()["computed"]) == ((422, "total_mismatch"), "20.90")

    def test_it_is_what_is_due(self, customer: Caller) -> None:
        order = factories.place(customer, delivery_charge="4.00")
        assert order["amount_due"] == Decimal("24.00")
        part = exact(customer.post(url(order, "payments"), {"mode": "card"}))
        assert part["amount"] == Decimal("24.00")

    def test_payment_parts_may_ask_for_all_of_it_and_no_more(self, customer: Caller) -> None:
        def parts(amount: str) -> Any:
            return lines_body(delivery_charge="4.00", payment=[{"mode": "card", "amount": amount}])

        assert customer.post("/orders", parts("24.00")).status_code == 201
        refused = customer.post("/orders", parts("24.01"))
        assert (code(refused), refused.get_json()["due"]) == ((422, "amount_exceeds_due"), "24.00")

    def test_an_order_that_is_given_away_costs_nothing_and_may_leave(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, discount="20.00")
        assert (order["total_amount"], order["amount_due"]) == (0, 0)
        assert staff.patch(url(order), {"status": "shipped"}).status_code == 200


class TestWhatIsKept:
    def test_the_order_and_its_lines_show_what_was_sent_and_what_the_taxes_come_to(self, customer: Caller) -> None:
        order = factories.place(
            customer,
            line(discount="1.00", surge_charge="0.40", tax_lines=[gst("12.5")]),
            line("CAKE"),
            delivery_charge="2.50",
            packaging_charge="0.10",
        )
        tea, cake = order["items"]
        assert (tea["discount"], tea["surge_charge"], tea["delivery_charge"]) == (Decimal("1.00"), Decimal("0.40"), 0)
        assert tea["tax_lines"] == [
            {"name": "GST", "rate": Decimal("12.5"), "amount": Decimal("2.42"), "included": False}
        ]
        assert (cake["discount"], cake["tax_lines"]) == (0, [])
        assert [order[name] for name in CHARGES] == [0, Decimal("2.50"), Decimal("0.10"), 0]
        assert (order["discount"], order["tax_lines"]) == (0, [])
        assert shown(customer, order) == order

    def test_the_sum_of_the_added_taxes_is_kept_beside_them(self, app: Flask, customer: Caller) -> None:
        order = factories.place(
            customer, line(tax_lines=[gst()]), tax_lines=[gst(5), {"name": "VAT", "rate": 20, "included": True}]
        )
        found = factories.rows(
            app,
            "SELECT orders.tax_amount, order_items.tax_amount FROM orders JOIN order_items USING (order_id)"
            " WHERE order_id = :id",
            id=order["order_id"],
        )
        assert found == [(Decimal("1.000"), Decimal("2.000"))]

    def test_they_are_part_of_the_event(self, app: Flask, customer: Caller) -> None:
        order = factories.place(customer, line(discount="1.00"), delivery_charge="2.50", tax_lines=[gst()])
        ((told,),) = factories.rows(
            app,
            "SELECT payload -> 'order' FROM outbox_events WHERE order_id = :id AND type = 'oms.order.created.v1'",
            id=order["order_id"],
        )
        assert (told["delivery_charge"], told["items"][0]["discount"]) == (2.5, 1.0)
        assert told["tax_lines"][0]["amount"] == 2.15

    def test_changing_a_lines_quantity_computes_the_taxes_anew(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(tax_lines=[gst()]), tax_lines=[gst(5)], delivery_charge="1.00")
        assert order["total_amount"] == Decimal("24.05")
        answer = exact(staff.patch(url(order, "items", 1), {"quantity": 4}))
        assert answer["items"][0]["tax_lines"][0]["amount"] == Decimal("4.00")
        assert answer["tax_lines"][0]["amount"] == Decimal("2.05")
        assert answer["total_amount"] == Decimal("47.05")

    def test_new_lines_bring_adjustments_of_their_own_and_the_orders_stay(self, customer: Caller) -> None:
        order = factories.place(customer, line(discount="1.00"), tax_lines=[gst()])
        changed = exact(customer.put(url(order), {"items": [line("CAKE", handling_charge="2.00")]}))
        assert (changed["items"][0]["discount"], changed["items"][0]["handling_charge"]) == (0, Decimal("2.00"))
        assert (changed["tax_lines"][0]["amount"], changed["total_amount"]) == (Decimal("2.20"), Decimal("24.20"))

    def test_the_same_lines_with_the_same_adjustments_change_nothing(self, customer: Caller) -> None:
        sent = line(discount="1.00", tax_lines=[gst("12.5")])
        order = factories.place(customer, sent)
        assert customer.put(url(order), {"items": [sent]}).headers["ETag"] == '"1"'
        assert customer.put(url(order), {"items": [{**sent, "discount": "1.01"}]}).headers["ETag"] == '"2"'

    def test_moving_a_line_leaves_them_as_they_are(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(discount="1.00", tax_lines=[gst()]), discount="0.50", tax_lines=[gst(5)])
        moved = move_line(staff, order, 1, "packed")
        assert {name: moved[name] for name in ("total_amount", "discount", "tax_lines")} == {
            name: order[name] for name in ("total_amount", "discount", "tax_lines")
        }
        assert (moved["items"][0]["discount"], moved["items"][0]["tax_lines"]) == (
            order["items"][0]["discount"],
            order["items"][0]["tax_lines"],
        )

    def test_the_older_route_takes_them_too(self, customer: Caller) -> None:
        answer = customer.post("/create_order", lines_body(line(discount="1.00"), delivery_charge="2.00"))
        assert answer.status_code == 201
        order = exact(customer.get(f"/get_order_details?order_id={answer.get_json()['order_id']}"))
        assert order["total_amount"] == Decimal("21.00")


class TestWhatIsRefused:
    def test_a_discount_of_more_than_a_line_costs(self, customer: Caller) -> None:
        assert customer.post("/orders", lines_body(line(discount="20.00"))).status_code == 201
        refused = customer.post("/orders", lines_body(line(), line(discount="20.01")))
        assert code(refused) == (422, "discount_exceeds_price")
        assert refused.get_json()["errors"][0]["pointer"] == "/items/1/discount"

    def test_a_discount_of_more_than_the_lines_cost_together(self, customer: Caller) -> None:
        refused = customer.post("/orders", lines_body(discount="20.01", delivery_charge="5.00"))
        assert code(refused) == (422, "discount_exceeds_price")
        assert refused.get_json()["errors"][0]["pointer"] == "/discount"

    @pytest.mark.parametrize("name", ["discount", *CHARGES])
    @pytest.mark.parametrize("amount", ["-0.01", -1, "much", True, None, [], "NaN", "Infinity", "1e12"])
    def test_amounts_that_are_none(self, customer: Caller, name: str, amount: Any) -> None:
        for body, pointer in (
            (lines_body(**{name: amount}), f"/{name}"),
            (lines_body(line(**{name: amount})), f"/items/0/{name}"),
        ):
            answer = customer.post("/orders", body)
            assert answer.status_code == 422
            assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]

    @pytest.mark.parametrize("name", ["discount", *CHARGES])
    def test_more_decimals_than_the_currency_has(self, customer: Caller, name: str) -> None:
        for body, pointer in (
            (lines_body(**{name: "0.001"}), f"/{name}"),
            (lines_body(line(), line(**{name: "0.001"})), f"/items/1/{name}"),
        ):
            answer = customer.post("/orders", body)
            assert code(answer) == (422, "too_many_decimals")
            assert answer.get_json()["errors"][0]["pointer"] == pointer

    def test_more_decimals_in_a_tax_of_a_fixed_amount(self, customer: Caller) -> None:
        answer = customer.post("/orders", lines_body(tax_lines=[gst(), {"name": "Levy", "amount": "0.001"}]))
        assert code(answer) == (422, "too_many_decimals")
        assert answer.get_json()["errors"][0]["pointer"] == "/tax_lines/1/amount"

    @pytest.mark.parametrize(
        "tax",
        [
            {"name": "GST"},
            {"name": "GST", "rate": 10, "amount": "1.00"},
            {"rate": 10},
            {"name": "", "rate": 10},
            {"name": "x" * 51, "rate": 10},
            {"name": "GST", "rate": -1},
            {"name": "GST", "rate": "1000.001"},
            {"name": "GST", "rate": 10, "included": "yes"},
            {"name": "GST", "rate": 10, "exempt": True},
            "GST",
        ],
    )
    def test_taxes_that_say_too_little_or_too_much(self, customer: Caller, tax: Any) -> None:
        assert customer.post("/orders", lines_body(tax_lines=[tax])).status_code == 422
        assert customer.post("/orders", lines_body(line(tax_lines=[tax]))).status_code == 422

    def test_more_than_ten_taxes(self, customer: Caller) -> None:
        assert customer.post("/orders", lines_body(tax_lines=[gst()] * 10)).status_code == 201
        assert customer.post("/orders", lines_body(tax_lines=[gst()] * 11)).status_code == 422

    def test_an_order_that_becomes_too_large_by_them(self, customer: Caller) -> None:
        body = lines_body(line(quantity=1, price=999_999_999_999), tax_lines=[gst()])
        assert code(customer.post("/orders", body)) == (422, "out_of_range")

    @pytest.mark.parametrize("field", [{"discount": 1}, {"delivery_charge": 1}, {"tax_lines": []}])
    def test_a_free_form_order_has_none(self, customer: Caller, field: Any) -> None:
        assert customer.post("/orders", {"items": {"tea": 1}, "order_price": 5, **field}).status_code == 422

    def test_a_change_of_lines_that_leaves_less_than_the_orders_discount(self, customer: Caller) -> None:
        order = factories.place(customer, discount="15.00")
        refused = customer.put(url(order), {"items": [line(quantity=1)]})
        assert code(refused) == (422, "discount_exceeds_price")
        assert shown(customer, order) == order
