"""Invoices and credit notes over HTTP: when they are issued, what they say, and that they never change."""

import io
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from oms.accounts.actor import system
from oms.ids import new_id
from oms.orders import changes
from oms.transactions import transaction
from tests import factories
from tests.api.goods_and_money import (
    asked,
    cancel,
    carry_out_refunds,
    code,
    delivered,
    invoices,
    move,
    move_line,
    paid,
    pay,
    refunds,
    returned,
    shown,
)
from tests.callers import Caller, api_key_caller, exact
from tests.conftest import Servers
from tests.factories import line, url
from tests.floor import applications

CARRIER = system("carrier")
Way = Callable[[Caller, Any], Any]


def shipped(customer: Caller, staff: Caller, *lines: dict[str, Any], **more: Any) -> Any:
    return move(staff, paid(customer, staff, *lines, **more), "shipped")


def invoice(caller: Caller, order: Any) -> Any:
    """The order's one invoice."""
    (found,) = (document for document in invoices(caller, order) if document["kind"] == "invoice")
    return found


def refuse_wrong_sums(document: Any) -> None:
    """Assert that every figure of the document follows from the others."""
    for item in document["lines"]:
        assert item["total"] == item["gross"] - item["discount"] + item["charges"] + item["tax"]
    added = sum(tax["amount"] for tax in document["tax_lines"] if not tax["included"])
    charges = sum(document["charges"].values())
    assert document["items_total"] == sum(item["total"] for item in document["lines"])
    assert document["total"] == (
        document["items_total"] - document["discount"] + charges + added + document["rounding_adjustment"]
    )
    assert abs(document["rounding_adjustment"]) <= Decimal("0.10")


class TestWhenAnInvoiceIsIssued:
    @pytest.mark.parametrize("status", ["pending", "confirmed", "processing", "packed", "cancelled"])
    def test_not_before_the_goods_leave(self, customer: Caller, staff: Caller, status: str) -> None:
        order = factories.place_at(customer, staff, status)
        assert (invoices(customer, order), order["invoice_number"]) == ([], None)

    @pytest.mark.parametrize("status", ["shipped", "delivered"])
    def test_with_the_status_that_says_they_left(self, customer: Caller, staff: Caller, status: str) -> None:
        order = move(staff, factories.place(customer), status)
        issued = invoices(customer, order)
        assert [document["number"] for document in issued] == [order["invoice_number"]]
        assert shown(customer, order)["invoice_number"] == order["invoice_number"]

    @pytest.mark.parametrize(
        "way",
        [
            lambda staff, order: staff.put(url(order), {"status": "shipped"}),
            lambda staff, order: staff.put(
                "/update_order_status", {"order_id": order["order_id"], "status": "shipped"}
            ),
            lambda staff, order: staff.patch(url(order, "items", 1), {"status": "shipped"}),
            lambda staff, order: staff.patch(url(order, "items", 1), {"status": "delivered", "quantity": 1}),
            lambda staff, order: staff.put(
                "/update_item_status", {"order_id": order["order_id"], "sku": "TEA", "status": "shipped"}
            ),
        ],
        ids=["update", "older-status", "line", "some-units-of-a-line", "older-line"],
    )
    def test_by_every_route_that_says_so(self, customer: Caller, staff: Caller, way: Way) -> None:
        order = move(staff, factories.place(customer), "packed")
        move_line(staff, order, 1, "shipped", 1)
        assert invoices(customer, order) == []
        assert way(staff, order).status_code == 200
        assert len(invoices(customer, order)) == 1

    def test_by_the_warehouses_key(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order, key = paid(customer, staff), api_key_caller(app, "fulfilment")
        assert key.patch(url(order), {"status": "shipped"}).status_code == 200
        assert len(invoices(customer, order)) == 1

    def test_with_the_last_line_that_leaves(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(), line("CAKE"))
        move_line(staff, order, 1, "shipped")
        assert invoices(customer, order) == []
        move_line(staff, order, 2, "shipped")
        assert [item["sku"] for item in invoices(customer, order)[0]["lines"]] == ["TEA", "CAKE"]

    def test_when_what_has_not_left_is_cancelled(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer, line(), line("CAKE"))
        move_line(staff, order, 1, "shipped")
        assert cancel(staff, order, (2, None))["status"] == "shipped"
        assert [item["sku"] for item in invoices(customer, order)[0]["lines"]] == ["TEA"]

    def test_when_the_rest_of_a_line_is_cancelled(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer)
        move_line(staff, order, 1, "shipped", 1)
        assert cancel(staff, order, (1, 1))["status"] == "shipped"
        assert [item["quantity"] for item in invoices(customer, order)[0]["lines"]] == [1]

    def test_only_one_whatever_follows(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer)
        for status in ("shipped", "delivery_failed", "shipped", "delivered", "return_requested", "returned"):
            move(staff, order, status)
        assert [document["kind"] for document in invoices(customer, order)] == ["invoice"]

    def test_none_for_an_order_its_owner_drives(self, customer: Caller, staff: Caller) -> None:
        order = move(staff, factories.place_free_form(customer, order_price="5.00"), "delivered")
        assert (invoices(customer, order), order["invoice_number"]) == ([], None)

    def test_the_journey_and_an_event_tell_its_number(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff)
        entry = factories.journey(customer, order)[-1]
        assert (entry["event"], entry["details"]) == ("invoice.issued", {"number": order["invoice_number"]})
        event = factories.rows(
            app,
            "SELECT payload -> 'document' AS told FROM outbox_events WHERE order_id = :id AND type = :type",
            id=order["order_id"],
            type="oms.invoice.issued.v1",
        )
        assert [(told["number"], told["currency"]) for (told,) in event] == [(order["invoice_number"], "USD")]


class TestItsNumber:
    @pytest.fixture
    def own_series(self, app: Flask, servers: Servers) -> Iterator[tuple[Flask, str]]:
        """An application that numbers in series nobody else uses, and what they begin with."""
        name = new_id()[-10:]
        with applications.another(
            app, servers, INVOICE_SERIES=f"{name}.{{year}}", CREDIT_NOTE_SERIES=f"{name}C"
        ) as made:
            yield made, name

    def test_it_is_the_series_of_the_setting_with_the_year_and_six_digits(
        self, own_series: tuple[Flask, str], customer: Caller, staff: Caller
    ) -> None:
        app, name = own_series
        here = Caller(app, staff.headers, staff.id)
        first, second = (move(here, paid(customer, staff), "shipped") for _ in range(2))
        year = invoices(customer, first)[0]["issued_at"][:4]
        assert [first["invoice_number"], second["invoice_number"]] == [f"{name}.{year}-000001", f"{name}.{year}-000002"]
        here.post(url(first, "refunds"), {"amount": "1.00"})
        assert refunds(customer, first)[0]["credit_note_number"] == f"{name}C-000001"

    def test_by_default_invoices_and_credit_notes_count_by_themselves(self, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff)
        staff.post(url(order, "refunds"), {"amount": "1.00"})
        numbers = [document["number"] for document in invoices(customer, order)]
        year = invoices(customer, order)[0]["issued_at"][:4]
        assert re.fullmatch(rf"INV-{year}-\d{{6}} CN-{year}-\d{{6}}", " ".join(numbers))

    def test_after_999999_it_gets_longer(self, own_series: tuple[Flask, str], customer: Caller, staff: Caller) -> None:
        app, _ = own_series
        here = Caller(app, staff.headers, staff.id)
        order = move(here, factories.place(customer), "shipped")
        series = order["invoice_number"].rpartition("-")[0]
        factories.execute(app, "UPDATE invoice_series SET last_number = 999999 WHERE series = :series", series=series)
        assert move(here, factories.place(customer), "shipped")["invoice_number"] == f"{series}-1000000"

    def test_what_is_rolled_back_gives_its_number_back(
        self, own_series: tuple[Flask, str], customer: Caller, staff: Caller
    ) -> None:
        app, _ = own_series
        here = Caller(app, staff.headers, staff.id)
        kept, lost = move(here, factories.place(customer), "shipped"), factories.place(customer)

        def ship_and_fail(session: Any) -> None:
            order = changes.change_status(session, lost["order_id"], "shipped", CARRIER).order
            assert order.invoice_number == kept["invoice_number"][:-1] + "2"
            raise InterruptedError

        with app.app_context(), pytest.raises(InterruptedError):
            transaction(ship_and_fail)
        assert (shown(customer, lost)["status"], invoices(customer, lost)) == ("pending", [])
        following = move(here, factories.place(customer), "shipped")
        assert following["invoice_number"] == kept["invoice_number"][:-1] + "2"

    def test_orders_that_leave_at_once_are_numbered_without_gaps(
        self, own_series: tuple[Flask, str], customer: Caller, staff: Caller
    ) -> None:
        app, _ = own_series
        orders = [factories.place(customer) for _ in range(12)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda order: move(Caller(app, staff.headers, staff.id), order, "shipped"), orders))
        numbers = sorted(int(order["invoice_number"].rpartition("-")[2]) for order in answers)
        assert numbers == list(range(1, 13))


class TestWhatAnInvoiceSays:
    def test_who_sells_who_buys_and_what_was_paid(
        self, app: Flask, servers: Servers, customer: Caller, staff: Caller
    ) -> None:
        seller = {"SELLER_NAME": "Tea Ltd", "SELLER_ADDRESS": "1 Dock\\nLondon", "SELLER_TAX_ID": "GB 1"}
        order = factories.place(customer, line(name="Green tea"), address={"town": "Leeds"})
        pay(staff, order, "5.00", "15.00")
        with applications.another(app, servers, **seller) as shop:
            move(Caller(shop, staff.headers, staff.id), order, "shipped")
        document = invoice(customer, order)
        assert document["seller"] == {"name": "Tea Ltd", "address": "1 Dock\nLondon", "tax_id": "GB 1"}
        assert document["customer"] == {"customer_id": customer.id, "address": {"town": "Leeds"}}
        assert (document["order_id"], document["order_datetime"]) == (order["order_id"], order["order_datetime"])
        assert (document["kind"], document["currency"], document["total"]) == ("invoice", "USD", Decimal("20.00"))
        assert [(part["mode"], part["amount"]) for part in document["payments"]] == [
            ("card", Decimal("5.00")),
            ("card", Decimal("15.00")),
        ]
        assert document["lines"] == [
            {
                "line_no": 1,
                "sku": "TEA",
                "name": "Green tea",
                "quantity": 2,
                "unit_price": Decimal("10.00"),
                "gross": Decimal("20.00"),
                "discount": 0,
                "charges": 0,
                "tax": 0,
                "total": Decimal("20.00"),
            }
        ]

    def test_an_unpaid_order_has_one_too_with_no_payment_on_it(self, customer: Caller, staff: Caller) -> None:
        document = invoice(customer, move(staff, factories.place(customer), "shipped"))
        assert (document["total"], document["payments"]) == (Decimal("20.00"), [])

    def test_discount_charges_and_taxes_are_told_apart_and_add_up(self, customer: Caller, staff: Caller) -> None:
        order = shipped(
            customer,
            staff,
            line(discount="2.00", packaging_charge="1.00", tax_lines=[{"name": "GST", "rate": 10}]),
            line("CAKE", quantity="1.250", price="3.99"),
            discount="1.00",
            delivery_charge="5.00",
            tax_lines=[{"name": "VAT", "rate": "7.5"}, {"name": "Levy", "amount": "0.35", "included": True}],
        )
        document = invoice(customer, order)
        refuse_wrong_sums(document)
        assert document["total"] == order["total_amount"]
        tea = document["lines"][0]
        assert (tea["gross"], tea["discount"], tea["charges"], tea["tax"], tea["total"]) == tuple(
            map(Decimal, ("20.00", "2.00", "1.00", "1.90", "20.90"))
        )
        assert (document["discount"], document["charges"]["delivery_charge"]) == (Decimal("1.00"), Decimal("5.00"))
        taxes = [(tax["name"], tax["rate"], tax["included"]) for tax in document["tax_lines"]]
        assert taxes == [("VAT", Decimal("7.5"), False), ("Levy", None, True)]

    def test_cancelled_units_are_left_out_with_their_share_of_everything(self, customer: Caller, staff: Caller) -> None:
        order = paid(
            customer,
            staff,
            line(quantity=4, discount="1.00"),
            line("CAKE", quantity=3, price="3.33"),
            discount="3.00",
            delivery_charge="1.00",
            tax_lines=[{"name": "GST", "rate": 18}],
        )
        cancel(customer, order, (1, 1), (2, 1))
        document = invoice(customer, move(staff, order, "shipped"))
        refuse_wrong_sums(document)
        assert [item["quantity"] for item in document["lines"]] == [3, 2]
        assert document["total"] == order["total_amount"] - refunds(customer, order)[0]["amount"]

    def test_a_line_that_is_cancelled_whole_is_not_on_it(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(), line("CAKE"))
        cancel(customer, order, (1, None))
        document = invoice(customer, move(staff, order, "shipped"))
        assert ([item["line_no"] for item in document["lines"]], document["total"]) == ([2], Decimal("20.00"))

    def test_units_that_were_refunded_before_they_left_are_not_on_it(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(), line("CAKE"))
        items = [{"line_no": 1, "quantity": 1}, {"line_no": 2, "quantity": 2}]
        staff.post(url(order, "refunds"), {"items": items})
        document = invoice(customer, move(staff, order, "shipped"))
        refuse_wrong_sums(document)
        assert [(item["line_no"], item["quantity"]) for item in document["lines"]] == [(1, 1)]
        assert document["total"] == Decimal("10.00")

    def test_the_clients_rounding_is_kept_as_such(self, customer: Caller, staff: Caller) -> None:
        document = invoice(customer, shipped(customer, staff, line(price="49.99"), total_amount="99.99"))
        assert (document["total"], document["rounding_adjustment"]) == (Decimal("99.99"), Decimal("0.01"))
        refuse_wrong_sums(document)

    @pytest.mark.parametrize(("currency", "price"), [("JPY", "333"), ("KWD", "1.234")])
    def test_its_amounts_have_the_currencys_decimals(
        self, customer: Caller, staff: Caller, currency: str, price: str
    ) -> None:
        order = shipped(customer, staff, line(quantity=1, price=price), currency=currency)
        assert f'"total":{price},"payments"'.encode() in customer.get(url(order, "invoices")).data

    def test_of_an_exchange_it_says_that_it_costs_nothing(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff)
        answer = returned(staff, order, asked(customer, order, (1, 1), resolution="exchange"))
        replacement = move(staff, {"order_id": answer["replacement_order_id"]}, "shipped")
        document = invoice(customer, replacement)
        assert (document["total"], document["lines"][0]["quantity"]) == (0, 1)
        refuse_wrong_sums(document)


class TestCreditNotes:
    def test_every_refund_has_one_and_says_which(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff)
        for amount in ("1.00", "2.00"):
            staff.post(url(order, "refunds"), {"amount": amount, "reason": "late"})
        issued, *notes = invoices(customer, order)
        assert [note["kind"] for note in notes] == ["credit_note", "credit_note"]
        numbers = [note["number"] for note in notes]
        assert [refund["credit_note_number"] for refund in refunds(customer, order)] == numbers
        shares = shown(customer, order)["payments"][0]["refunds"]
        assert [share["credit_note_number"] for share in shares] == numbers
        assert {note["invoice_number"] for note in notes} == {issued["number"]}
        types = [event.type for event in factories.outbox(app, order)]
        assert types.count("oms.credit_note.issued.v1") == 2

    def test_one_for_an_amount_tells_only_that(self, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff)
        staff.post(url(order, "refunds"), {"amount": "1.00", "reason": "late"})
        note = invoices(customer, order)[1]
        assert (note["total"], note["reason"], note["lines"]) == (Decimal("1.00"), "late", [])
        assert not {"items_total", "discount", "charges", "tax_lines"} & set(note)
        assert note["payments"] == [{"mode": "card", "amount": Decimal("1.00")}]

    def test_one_for_units_tells_their_lines_and_adds_up(self, customer: Caller, staff: Caller) -> None:
        order = shipped(
            customer,
            staff,
            line(quantity=3, price="3.33", discount="0.10", tax_lines=[{"name": "GST", "rate": 18}]),
            line("CAKE"),
            discount="1.00",
            delivery_charge="0.70",
        )
        staff.post(url(order, "refunds"), {"items": [{"line_no": 1, "quantity": 2}], "reason": "damaged"})
        note = invoices(customer, order)[1]
        assert [(item["line_no"], item["sku"], item["quantity"]) for item in note["lines"]] == [(1, "TEA", 2)]
        assert note["total"] == refunds(customer, order)[0]["amount"]
        refuse_wrong_sums(note)

    def test_one_for_a_return_tells_what_was_accepted(self, customer: Caller, staff: Caller) -> None:
        order = delivered(customer, staff, line(), line("CAKE", price="4.50"))
        returned(staff, order, asked(customer, order, (1, 2), (2, 2)), (1, 1), (2, 0))
        note = invoices(customer, order)[1]
        assert [(item["line_no"], item["quantity"]) for item in note["lines"]] == [(1, 1)]
        assert note["total"] == Decimal("10.00")
        refuse_wrong_sums(note)

    def test_what_was_given_back_for_good_will_before_the_invoice_is_a_discount_on_it(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = paid(customer, staff)
        staff.post(url(order, "refunds"), {"amount": "3.00"})
        staff.patch(url(order), {"status": "shipped"})
        voucher, invoice = invoices(customer, order)
        assert (voucher["kind"], voucher["total"]) == ("refund_voucher", Decimal("3.00"))
        assert (invoice["discount"], invoice["total"]) == (Decimal("3.00"), Decimal("17.00"))
        refuse_wrong_sums(invoice)

    def test_one_for_a_partial_cancel_tells_the_units(self, customer: Caller, staff: Caller) -> None:
        order = paid(customer, staff, line(), line("CAKE"))
        cancel(customer, order, (2, 1), reason="too_slow")
        (note,) = invoices(customer, order)
        assert (note["kind"], note["reason"], note["invoice_number"]) == ("refund_voucher", "too_slow", None)
        assert [(item["line_no"], item["quantity"]) for item in note["lines"]] == [(2, 1)]
        refuse_wrong_sums(note)

    def test_where_less_was_paid_than_the_units_cost_it_tells_the_amount_only(
        self, customer: Caller, staff: Caller
    ) -> None:
        order = factories.place(customer, line(quantity=4))
        pay(staff, order, "15.00")
        cancel(customer, order, (1, 3))
        (note,) = invoices(customer, order)
        assert (note["lines"], note["total"]) == ([], Decimal("5.00"))

    def test_one_number_for_a_refund_from_several_parts(self, customer: Caller, staff: Caller) -> None:
        order = factories.place(customer)
        pay(staff, order, "5.00", "15.00")
        cancel(customer, order)
        (note,) = invoices(customer, order)
        assert [part["amount"] for part in note["payments"]] == [Decimal("5.00"), Decimal("15.00")]
        shares = [payment["refunds"][0] for payment in shown(customer, order)["payments"]]
        assert [share["credit_note_number"] for share in shares] == [note["number"]] * 2

    def test_carrying_a_refund_out_issues_nothing_more(self, app: Flask, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff)
        staff.post(url(order, "refunds"), {"amount": "1.00"})
        before = customer.get(url(order, "invoices")).data
        carry_out_refunds(app)
        assert refunds(customer, order)[0]["status"] == "processed"
        assert customer.get(url(order, "invoices")).data == before

    def test_an_order_its_owner_drives_has_them_for_real_money(self, customer: Caller, staff: Caller) -> None:
        order = factories.place_free_form(customer, order_price="5.00")
        pay(staff, order, "5.00")
        cancel(customer, order)
        (note,) = invoices(customer, order)
        assert (note["kind"], note["lines"], note["total"]) == ("refund_voucher", [], Decimal("5.00"))


class TestReadingThem:
    def test_a_document_is_what_was_issued_whatever_happens_to_the_order(
        self, app: Flask, customer: Caller, staff: Caller
    ) -> None:
        order = shipped(customer, staff, address={"town": "Leeds"})
        path = url(order, "invoices", order["invoice_number"])
        issued = customer.get(path)
        kept = factories.rows(
            app, "SELECT document::text FROM invoices WHERE label = :label", label=order["invoice_number"]
        )
        assert issued.data.decode() == kept[0][0]
        staff.put(url(order), {"address": {"town": "York"}})
        move(staff, order, "delivered")
        returned(staff, order, asked(customer, order, (1, 1)))
        assert customer.get(path).data == issued.data
        listed = json.loads(customer.get(url(order, "invoices")).data, parse_float=Decimal)
        assert listed["order_id"] == order["order_id"]
        assert listed["invoices"][0] == exact(issued)

    def test_the_pdf_shows_the_same_document(self, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff, line(name="Green tea", price="49.99"))
        number = order["invoice_number"]
        answer = customer.get(url(order, "invoices", number, "pdf"))
        assert (answer.status_code, answer.content_type) == (200, "application/pdf")
        assert answer.headers["Content-Disposition"] == f'inline; filename="{number}.pdf"'
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
        for told in (number, "Green tea", "99.98", order["order_id"]):
            assert told in text

    def test_a_credit_note_has_a_pdf_too(self, customer: Caller, staff: Caller) -> None:
        order = shipped(customer, staff)
        staff.post(url(order, "refunds"), {"amount": "1.23"})
        number = refunds(customer, order)[0]["credit_note_number"]
        answer = customer.get(url(order, "invoices", number, "pdf"))
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
        for told in (number, order["invoice_number"], "1.23"):
            assert told in text

    @pytest.mark.parametrize("tail", [[], ["pdf"]])
    def test_a_number_that_is_not_this_orders_is_404(self, customer: Caller, staff: Caller, tail: list[str]) -> None:
        order, other = shipped(customer, staff), shipped(customer, staff)
        for number in ("INV-1999-000001", other["invoice_number"]):
            assert code(customer.get(url(order, "invoices", number, *tail))) == (404, "invoice_not_found")

    def test_to_somebody_else_nothing_of_it_is_there(
        self, customer: Caller, other_customer: Caller, staff: Caller
    ) -> None:
        order = shipped(customer, staff)
        for parts in ([], [order["invoice_number"]], [order["invoice_number"], "pdf"]):
            assert code(other_customer.get(url(order, "invoices", *parts))) == (404, "order_not_found")

    def test_who_may_read_the_order_may_read_them(
        self, app: Flask, customer: Caller, staff: Caller, warehouse: Caller, anonymous: Caller
    ) -> None:
        order = shipped(customer, staff)
        driver = api_key_caller(app, "fulfilment", "payments")
        for parts in ([], [order["invoice_number"]], [order["invoice_number"], "pdf"]):
            path = url(order, "invoices", *parts)
            answers = [caller.get(path).status_code for caller in (customer, staff, warehouse, driver, anonymous)]
            assert answers == [200, 200, 200, 403, 401]

    def test_an_order_there_is_not_is_404(self, staff: Caller) -> None:
        assert code(staff.get(f"/orders/{new_id()}/invoices")) == (404, "order_not_found")
