"""Discounts, charges and taxes: what is added to a price, and what is only told of it."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.orders import adjustments
from oms.orders.adjustments import NONE, Adjustments, TaxLine
from tests.orders.amounts import CURRENCIES, PROPERTY, amounts, rounded, unit
from tests.orders.amounts import adjustments as some_adjustments

LARGEST = 10**15 - 1
RATES = st.integers(0, 10_000_000).map(lambda count: Decimal(count).scaleb(-4))


@st.composite
def taxed(draw: Any) -> tuple[Decimal, Decimal, str]:
    currency = draw(CURRENCIES)
    return draw(st.one_of(amounts(currency, 500), amounts(currency, LARGEST))), draw(RATES), currency


@PROPERTY
@given(taxed())
def test_an_added_tax_is_its_rate_of_the_base_rounded_half_to_even(case: tuple[Decimal, Decimal, str]) -> None:
    base, rate, currency = case
    tax = TaxLine("VAT", Decimal(0), rate).on(base, currency)
    assert tax.amount == rounded(Fraction(base) * Fraction(rate) / 100, currency)


@PROPERTY
@given(taxed())
def test_an_included_tax_and_what_is_left_without_it_are_the_price(case: tuple[Decimal, Decimal, str]) -> None:
    """The price is the net and `rate` percent of the net: to within what rounding the tax can move the two."""
    price, rate, currency = case
    tax = TaxLine("VAT", Decimal(0), rate, included=True).on(price, currency)
    net = Fraction(price) - Fraction(tax.amount)
    assert 0 <= tax.amount <= price
    assert abs(net * Fraction(rate) / 100 - Fraction(tax.amount)) <= (
        Fraction(unit(currency)) / 2 * (1 + Fraction(rate) / 100)
    )


@pytest.mark.parametrize(
    ("base", "rate", "included", "currency", "expected"),
    [
        ("100.00", "18", False, "USD", "18.00"),
        ("118.00", "18", True, "USD", "18.00"),
        ("0.25", "10", False, "USD", "0.02"),
        ("0.35", "10", False, "USD", "0.04"),
        ("105", "5", True, "JPY", "5"),
        ("110", "10", True, "JPY", "10"),
        ("1.234", "5", False, "KWD", "0.062"),
        ("10.00", "0", False, "USD", "0.00"),
        ("10.00", "1000", False, "USD", "100.00"),
        ("11.00", "1000", True, "USD", "10.00"),
    ],
)
def test_a_tax_by_its_rate(base: str, rate: str, included: bool, currency: str, expected: str) -> None:
    tax = TaxLine("VAT", Decimal(0), Decimal(rate), included).on(Decimal(base), currency)
    assert str(tax.amount) == expected


def test_a_fixed_tax_stays_whatever_it_is_on() -> None:
    assert TaxLine("levy", Decimal("1.50")).on(Decimal(999), "USD").amount == Decimal("1.50")


def test_only_taxes_that_are_not_included_are_added() -> None:
    taxes = (TaxLine("VAT", Decimal(5), included=True), TaxLine("levy", Decimal(2)), TaxLine("duty", Decimal("0.50")))
    assert Adjustments(tax_lines=taxes).tax_amount == Decimal("2.50")


def test_every_charge_counts_and_the_discount_is_none() -> None:
    given = Adjustments(Decimal(100), Decimal(1), Decimal(2), Decimal(4), Decimal(8))
    assert given.charges == Decimal(15)


@PROPERTY
@given(st.data())
def test_taxing_changes_the_taxes_and_nothing_else(data: st.DataObject) -> None:
    currency = data.draw(CURRENCIES)
    before = data.draw(some_adjustments(currency, Fraction(100)))
    after = before.taxed(data.draw(amounts(currency, 100_000)), currency)
    assert after.asked() == before.asked()
    for name in adjustments.AMOUNTS:
        assert getattr(after, name) == getattr(before, name)
    assert [(tax.name, tax.rate, tax.included) for tax in after.tax_lines] == [
        (tax.name, tax.rate, tax.included) for tax in before.tax_lines
    ]


@pytest.mark.parametrize(
    "other",
    [
        Adjustments(discount=Decimal(1)),
        Adjustments(surge_charge=Decimal(1)),
        Adjustments(tax_lines=(TaxLine("VAT", Decimal(2)),)),
        Adjustments(tax_lines=(TaxLine("GST", Decimal(1)),)),
        Adjustments(tax_lines=(TaxLine("VAT", Decimal(1), included=True),)),
        Adjustments(tax_lines=(TaxLine("VAT", Decimal(1), Decimal(18)),)),
        NONE,
    ],
)
def test_other_amounts_or_taxes_ask_for_something_else(other: Adjustments) -> None:
    assert other.asked() != Adjustments(tax_lines=(TaxLine("VAT", Decimal(1)),)).asked()


@PROPERTY
@given(st.data())
def test_what_the_database_keeps_is_read_back_as_it_was(data: st.DataObject) -> None:
    currency = data.draw(CURRENCIES)
    given = data.draw(some_adjustments(currency, Fraction(100))).taxed(Decimal(100), currency)
    row = [*(f"{getattr(given, name):f}" for name in adjustments.AMOUNTS), adjustments.tax_rows(given.tax_lines)]
    assert adjustments.of_row(row) == given


def test_nothing_at_all_is_always_the_same_nothing() -> None:
    assert adjustments.of_row(None) is NONE
    assert adjustments.of_body({}) is NONE
    assert adjustments.of_body({"discount": Decimal(0), "tax_lines": []}) is NONE
    assert adjustments.tax_rows(()) is None


def test_a_body_is_read_as_it_says() -> None:
    body = {
        "discount": Decimal(1),
        "delivery_charge": Decimal(2),
        "tax_lines": [
            {"name": "VAT", "rate": Decimal(18), "included": True},
            {"name": "levy", "amount": Decimal("0.50"), "included": False},
        ],
    }
    assert adjustments.of_body(body) == Adjustments(
        discount=Decimal(1),
        delivery_charge=Decimal(2),
        tax_lines=(TaxLine("VAT", Decimal(0), Decimal(18), True), TaxLine("levy", Decimal("0.50"))),
    )
