"""What invoices and credit notes say, for orders of every make: the figures follow from each other."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from oms import money, strict_json
from oms.api.money_schemas import InvoiceView
from oms.money import ZERO
from oms.orders import adjustments, balance, invoice_document, totals
from oms.orders.order import Line, Order, Payment, Refund
from tests.depth import examples

NOW = datetime(2026, 1, 1, tzinfo=UTC)
# What the door that issues a document adds to it.
GIVEN_BY_ISSUING = {"kind", "number", "issued_at"}
SUMS = {"items_total", "discount", "charges", "tax_lines", "rounding_adjustment"}
CURRENCIES = ("USD", "JPY", "KWD")


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def order_of(*lines: Line, currency: str = "USD", paid: Decimal | None = None, **body: Any) -> Order:
    """An order of operator's, with the total that follows from its lines and the body's adjustments."""
    order = Order("O", "C", "C", "operator", "confirmed", currency, ZERO, NOW, NOW, NOW, lines=list(lines))
    order.adjustments = adjustments.of_body(body)
    totals.apply(order, None)
    captured = order.total_amount if paid is None else paid
    order.payments = [Payment("P", "card", captured, NOW, "captured", captured_amount=captured)]
    return order


def line_of(number: int, quantity: str, price: str, **body: Any) -> Line:
    given = adjustments.of_body(body)
    return Line(number, f"SKU-{number}", Decimal(quantity), Decimal(price), Decimal(price), adjustments=given)


def shares(amount: Decimal, items: list[dict[str, Any]] | None) -> list[Refund]:
    return [Refund("R", "P", "cancel", "created", amount, NOW, "late", items=items)]


def written(document: dict[str, Any]) -> Any:
    """As it will be stored, with exact numbers."""
    return json.loads(strict_json.write(document), parse_float=Decimal)


def left_over(document: Any) -> Decimal:
    """What its rounding says; asserts that everything else on it adds up."""
    for item in document["lines"]:
        assert item["total"] == item["gross"] - item["discount"] + item["charges"] + item["tax"]
    assert document["items_total"] == sum(item["total"] for item in document["lines"])
    added = sum(tax["amount"] for tax in document["tax_lines"] if not tax["included"])
    rest = document["total"] - (
        document["items_total"] - document["discount"] + sum(document["charges"].values()) + added
    )
    assert rest == document["rounding_adjustment"]
    return Decimal(rest)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Some lines with discounts, charges and taxes, some units of them cancelled or refunded."""
    currency = draw(st.sampled_from(CURRENCIES))

    def amount(most: int) -> Decimal:
        return draw(st.integers(0, most)) * money.smallest(currency)

    def body(discount: Decimal) -> dict[str, Any]:
        tax: dict[str, Any] = {
            "name": "T",
            "rate": Decimal(draw(st.integers(0, 300))) / 10,
            "included": draw(st.booleans()),
        }
        return {"discount": discount, "delivery_charge": amount(500), "tax_lines": draw(st.sampled_from([[], [tax]]))}

    lines = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        quantity = Decimal(draw(st.integers(1, 5000))) / 1000
        price = amount(2000)
        most = min(500, int(quantity * price / money.smallest(currency)))
        lines.append(line_of(number, f"{quantity}", f"{price}", **body(amount(most))))
        lines[-1].cancelled_quantity = Decimal(draw(st.integers(0, int(quantity * 1000)))) / 1000
        left = int(lines[-1].live_quantity * 1000)
        lines[-1].refunded_quantity = Decimal(draw(st.integers(0, left))) / 1000
    return order_of(*lines, currency=currency, **body(ZERO))


@how(max_examples=examples(150), deadline=None)
@given(order=orders())
def test_whatever_the_order_its_invoice_adds_up(order: Order) -> None:
    document = written(invoice_document.invoice(order))
    rest = left_over(document)
    figures = 4 * len(order.lines) + 3
    assert abs(rest) <= figures * money.smallest(order.currency)
    assert document["total"] == order.total_amount - balance.credited_value(order)
    charged = {line.line_no: line.quantity - line.credited_quantity for line in order.lines}
    assert {item["line_no"]: item["quantity"] for item in document["lines"]} == {
        number: units for number, units in charged.items() if units
    }


@how(max_examples=examples(150), deadline=None)
@given(order=orders(), fraction=st.decimals(0, 1, places=3))
def test_whatever_is_credited_the_note_adds_up_and_is_about_those_units(order: Order, fraction: Decimal) -> None:
    line = order.lines[0]
    before = balance.credited_value(order)
    units = ((line.quantity - line.credited_quantity) * fraction).quantize(Decimal("0.001"))
    line.refunded_quantity += units
    amount = balance.credited_value(order) - before
    note = written(invoice_document.credit_note(order, shares(amount, [{"line_no": 1, "quantity": f"{units:f}"}])))
    assert (note["total"], note["reason"]) == (amount, "late")
    if note["lines"]:
        left_over(note)
        assert [(item["line_no"], item["quantity"]) for item in note["lines"]] == [(1, units)]
    else:
        assert not SUMS & set(note)


@pytest.mark.parametrize("number", range(3))
def test_the_same_order_gives_the_same_document(number: int) -> None:
    order = order_of(line_of(1, "3", "3.33", discount=Decimal("0.1")), delivery_charge=Decimal(number))
    assert strict_json.write(invoice_document.invoice(order)) == strict_json.write(invoice_document.invoice(order))


def test_an_invoice_has_the_fields_of_its_schema() -> None:
    order = order_of(line_of(1, "2", "10"), tax_lines=[{"name": "GST", "rate": Decimal(5), "included": False}])
    document = written(invoice_document.invoice(order))
    schema = InvoiceView()
    assert set(document) | GIVEN_BY_ISSUING == set(schema.fields)
    for name in ("lines", "tax_lines", "payments"):
        assert set(document[name][0]) == set(schema.fields[name].inner.schema.fields)  # type: ignore[attr-defined]


def test_a_credit_note_of_an_amount_leaves_the_sums_out() -> None:
    note = written(invoice_document.credit_note(order_of(line_of(1, "2", "10")), shares(Decimal(5), None)))
    assert set(note) | GIVEN_BY_ISSUING | SUMS == set(InvoiceView().fields)
    assert (note["lines"], note["total"]) == ([], 5)


@pytest.mark.parametrize(
    ("currency", "price", "discount", "charge", "credit", "rest"),
    [
        ("USD", "3.33", "1.00", "0.50", "3.16", "-0.01"),
        ("JPY", "333", "100", "50", "316", "-1"),
        ("KWD", "0.333", "0.100", "0.050", "0.316", "-0.001"),
    ],
)
def test_a_last_place_that_rounding_leaves_over_does_not_hide_the_lines(
    currency: str, price: str, discount: str, charge: str, credit: str, rest: str
) -> None:
    order = order_of(
        line_of(1, "3", price), currency=currency, discount=Decimal(discount), delivery_charge=Decimal(charge)
    )
    order.lines[0].refunded_quantity = Decimal(1)
    assert balance.credited_value(order) == Decimal(credit)
    note = written(invoice_document.credit_note(order, shares(Decimal(credit), [{"line_no": 1, "quantity": "1"}])))
    assert [item["quantity"] for item in note["lines"]] == [1]
    assert left_over(note) == Decimal(rest)


def test_a_credit_far_from_the_price_of_its_units_does_not_pretend_to_be_it() -> None:
    order = order_of(line_of(1, "3", "10"), paid=Decimal("15"))
    note = written(invoice_document.credit_note(order, shares(Decimal(5), [{"line_no": 1, "quantity": "2"}])))
    assert (note["lines"], note["total"]) == ([], 5)


def test_a_payment_that_brought_nothing_is_not_on_the_invoice() -> None:
    order = order_of(line_of(1, "2", "10"))
    order.payments.append(Payment("Q", "cod", Decimal(5), NOW))
    assert [part["mode"] for part in written(invoice_document.invoice(order))["payments"]] == ["card"]


def test_what_free_goods_cost_to_deliver_is_shared_between_their_units() -> None:
    order = order_of(line_of(1, "2", "0"), line_of(2, "1", "0"), delivery_charge=Decimal("5.00"))
    order.lines[0].cancelled_quantity = Decimal(1)
    document = written(invoice_document.invoice(order))
    assert (document["total"], document["charges"]["delivery_charge"]) == (Decimal("3.75"), Decimal("3.75"))
    assert left_over(document) == 0


def test_free_goods_have_an_invoice_of_nothing() -> None:
    document = written(invoice_document.invoice(order_of(line_of(1, "2", "0"))))
    assert (document["total"], left_over(document), document["lines"][0]["quantity"]) == (0, 0, 2)
