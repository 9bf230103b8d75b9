"""The server adds up; a client's figure may differ by a rounding only."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import hypothesis
import pytest
from hypothesis import strategies as st

from oms.errors import Invalid
from oms.orders import shares, totals
from oms.orders.adjustments import CHARGES, NONE, Adjustments, TaxLine
from oms.orders.order import Line, Order
from tests.orders import amounts

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def order(*lines: tuple[str, str], currency: str = "USD") -> Order:
    made = [
        Line(number, "TEA", Decimal(quantity), Decimal(price), Decimal(price))
        for number, (quantity, price) in enumerate(lines, 1)
    ]
    return Order("O-1", "C-1", "C-1", "operator", "pending", currency, Decimal(0), NOW, NOW, NOW, lines=made)


@pytest.mark.parametrize(
    ("lines", "currency", "expected"),
    [
        ([("2", "49.99")], "USD", "99.98"),
        ([("1.250", "3.99")], "USD", "4.99"),
        ([("0.5", "0.01"), ("0.5", "0.01")], "USD", "0.01"),
        ([("3", "33")], "JPY", "99"),
        ([("0.333", "100")], "JPY", "33"),
        ([("1.250", "1.234")], "KWD", "1.542"),
        ([("9999999.999", "99999")], "USD", "999989999900.00"),
    ],
)
def test_a_total_is_rounded_once_at_the_end(lines: list[tuple[str, str]], currency: str, expected: str) -> None:
    placed = order(*lines, currency=currency)
    totals.apply(placed, None)
    assert str(placed.total_amount) == expected


@pytest.mark.parametrize(
    ("claimed", "adjustment"), [("99.99", "0.01"), ("100.08", "0.10"), ("99.88", "-0.10"), ("99.98", "0.00")]
)
def test_a_claimed_total_within_ten_cents_is_kept_and_so_is_the_difference(claimed: str, adjustment: str) -> None:
    placed = order(("2", "49.99"))
    totals.apply(placed, Decimal(claimed))
    assert (placed.total_amount, placed.rounding_adjustment) == (Decimal(claimed), Decimal(adjustment))


@pytest.mark.parametrize("claimed", ["100.09", "99.87", "0", "9998"])
def test_a_claimed_total_further_off_is_refused_with_both_figures(claimed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        totals.apply(order(("2", "49.99")), Decimal(claimed))
    assert refusal.value.code == "total_mismatch"
    assert (refusal.value.extra["computed"], refusal.value.extra["claimed"]) == ("99.98", claimed)
    assert refusal.value.errors[0]["pointer"] == "/total_amount"


def test_without_a_claim_the_total_is_the_servers() -> None:
    placed = order(("2", "49.99"))
    totals.apply(placed, None)
    assert (placed.total_amount, placed.rounding_adjustment) == (Decimal("99.98"), Decimal(0))


@pytest.mark.parametrize(("claimed", "currency"), [("99.985", "USD"), ("99.5", "JPY"), ("99.9805", "KWD")])
def test_a_claim_with_more_decimals_than_the_currency_is_refused(claimed: str, currency: str) -> None:
    with pytest.raises(Invalid) as refusal:
        totals.apply(order(("2", "50"), currency=currency), Decimal(claimed))
    assert refusal.value.code == "too_many_decimals"


def test_a_total_that_no_column_can_hold_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        totals.apply(order(("9999999", "999999999999")), None)
    assert refusal.value.code == "out_of_range"


def expected_total(placed: Order) -> Decimal:
    """The rules of the design in fractions: every tax is rounded where it is charged, the rest once, at the end."""
    net, untaxed = Fraction(0), Fraction(0)
    for line in placed.lines:
        base = amounts.gross(line) - Fraction(line.adjustments.discount) + Fraction(line.adjustments.charges)
        untaxed += base
        net += base + added_taxes(line.adjustments, base, placed.currency)
    given = placed.adjustments
    after = Fraction(given.charges) - Fraction(given.discount)
    taxes = added_taxes(given, max(Fraction(0), untaxed + after), placed.currency)
    return amounts.rounded(net + after + taxes, placed.currency)


def added_taxes(given: Adjustments, base: Fraction, currency: str) -> Fraction:
    found = Fraction(0)
    for tax in given.tax_lines:
        if not tax.included:
            exact = Fraction(tax.amount) if tax.rate is None else base * Fraction(tax.rate) / 100
            found += Fraction(amounts.rounded(exact, currency))
    return found


@amounts.PROPERTY
@hypothesis.given(amounts.orders())
def test_a_total_is_its_lines_less_discounts_plus_charges_and_taxes(placed: Order) -> None:
    computed = expected_total(placed)
    assert computed >= 0
    assert placed.total_amount == computed + placed.rounding_adjustment
    totals.apply(placed, None)
    assert (placed.total_amount, placed.rounding_adjustment) == (computed, 0)


@amounts.PROPERTY
@hypothesis.given(amounts.orders())
def test_an_included_tax_is_told_and_never_charged(placed: Order) -> None:
    totals.apply(placed, None)
    total = placed.total_amount
    for given in (placed, *placed.lines):
        added = tuple(tax for tax in given.adjustments.tax_lines if not tax.included)
        given.adjustments = replace(given.adjustments, tax_lines=(*added, TaxLine("VAT", Decimal(0), Decimal(3), True)))
    totals.apply(placed, None)
    assert placed.total_amount == total


@amounts.PROPERTY
@hypothesis.given(amounts.orders(), st.integers(-200, 200))
def test_a_claim_is_taken_within_a_tenth_either_way_and_refused_beyond(placed: Order, off: int) -> None:
    computed = expected_total(placed)
    difference = off * amounts.unit(placed.currency)
    claimed = computed + difference
    hypothesis.assume(claimed >= 0)
    if abs(difference) <= Decimal("0.10"):
        totals.apply(placed, claimed)
        assert (placed.total_amount, placed.rounding_adjustment) == (claimed, difference)
    else:
        with pytest.raises(Invalid) as refusal:
            totals.apply(placed, claimed)
        assert refusal.value.code == "total_mismatch"
        assert Decimal(refusal.value.extra["computed"]) == computed


@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_tolerance_ends_with_the_last_unit_within_a_tenth(sign: int, currency: str) -> None:
    unit = amounts.unit(currency)
    most = Decimal("0.10") // unit * unit
    placed = order(("2", "50"), currency=currency)
    totals.apply(placed, 100 + sign * most)
    assert placed.rounding_adjustment == sign * most
    with pytest.raises(Invalid):
        totals.apply(order(("2", "50"), currency=currency), 100 + sign * (most + unit))


@amounts.PROPERTY
@hypothesis.given(amounts.orders(), st.integers(0, 3), st.data())
def test_a_discount_is_at_most_the_price_of_its_line(placed: Order, position: int, data: st.DataObject) -> None:
    position %= len(placed.lines)
    placed.adjustments, line = NONE, placed.lines[position]
    price, unit = amounts.gross(line), amounts.unit(placed.currency)
    most = int(price / Fraction(unit)) * unit
    line.adjustments = Adjustments(discount=most)
    totals.apply(placed, None)
    assert placed.total_amount >= 0
    line.adjustments = Adjustments(discount=most + data.draw(amounts.amounts(placed.currency, least=1)))
    with pytest.raises(Invalid) as refusal:
        totals.apply(placed, None)
    assert refusal.value.code == "discount_exceeds_price"
    assert refusal.value.errors[0]["pointer"] == f"/items/{position}/discount"


@amounts.PROPERTY
@hypothesis.given(amounts.orders(), st.data())
def test_an_orders_discount_is_at_most_what_its_lines_come_to(placed: Order, data: st.DataObject) -> None:
    placed.adjustments = NONE
    totals.apply(placed, None)
    net, unit = sum((shares.line_net(line) for line in placed.lines), Decimal(0)), amounts.unit(placed.currency)
    most = net // unit * unit
    placed.adjustments = Adjustments(discount=most)
    totals.apply(placed, None)
    assert 0 <= placed.total_amount <= unit
    placed.adjustments = Adjustments(discount=most + data.draw(amounts.amounts(placed.currency, least=1)))
    with pytest.raises(Invalid) as refusal:
        totals.apply(placed, None)
    assert refusal.value.code == "discount_exceeds_price"
    assert refusal.value.errors[0]["pointer"] == "/discount"


@pytest.mark.parametrize("name", ["discount", *CHARGES])
def test_an_adjustment_with_more_decimals_than_the_currency_is_refused_at_its_place(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        totals.refuse_decimals_of(Adjustments(**{name: Decimal("0.5")}), "JPY", "/items/2")
    assert refusal.value.errors[0]["pointer"] == f"/items/2/{name}"


def test_a_fixed_tax_with_more_decimals_than_the_currency_is_refused_at_its_place() -> None:
    taxes = (TaxLine("VAT", Decimal(1)), TaxLine("levy", Decimal("0.005")))
    with pytest.raises(Invalid) as refusal:
        totals.refuse_decimals_of(Adjustments(tax_lines=taxes), "USD", "")
    assert refusal.value.errors[0]["pointer"] == "/tax_lines/1/amount"
