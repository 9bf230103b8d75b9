"""Parts of an amount add up to it, to the last place, and each is as large as its weight says."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.orders import shares
from oms.orders.order import Order
from tests.orders.amounts import CURRENCIES, PLACES, PROPERTY, amounts, orders, quantities, rounded, unit

LARGEST = 10**15 - 1


@st.composite
def splits(draw: Any) -> tuple[Decimal, list[Decimal], str]:
    """An amount, weights of any size of which one is not zero, and the currency."""
    currency = draw(CURRENCIES)
    weight = st.one_of(st.integers(0, 5), st.integers(0, LARGEST)).map(lambda count: Decimal(count).scaleb(-3))
    weights = draw(st.lists(weight, min_size=1, max_size=8).filter(any))
    return draw(st.one_of(amounts(currency, 1000), amounts(currency, LARGEST))), weights, currency


@PROPERTY
@given(splits())
def test_parts_add_up_to_the_amount_in_whole_units(case: tuple[Decimal, list[Decimal], str]) -> None:
    amount, weights, currency = case
    parts = shares.split(amount, weights, currency)
    assert len(parts) == len(weights)
    assert sum(parts) == amount
    assert all(part % unit(currency) == 0 for part in parts)


@PROPERTY
@given(splits())
def test_a_part_is_its_exact_share_rounded_down_or_up(case: tuple[Decimal, list[Decimal], str]) -> None:
    amount, weights, currency = case
    whole = sum(map(Fraction, weights))
    for part, weight in zip(shares.split(amount, weights, currency), weights, strict=True):
        exact = Fraction(amount) * Fraction(weight) / whole * 10 ** PLACES[currency]
        assert math.floor(exact) <= Fraction(part) * 10 ** PLACES[currency] <= math.ceil(exact)


@PROPERTY
@given(splits())
def test_more_weight_never_gets_less_and_equal_weights_differ_by_a_unit_in_favour_of_the_earlier(
    case: tuple[Decimal, list[Decimal], str],
) -> None:
    amount, weights, currency = case
    parts = shares.split(amount, weights, currency)
    for later in range(len(weights)):
        for earlier in range(later):
            if weights[earlier] == weights[later]:
                assert 0 <= parts[earlier] - parts[later] <= unit(currency)
            elif weights[earlier] > weights[later]:
                assert parts[earlier] >= parts[later]
            else:
                assert parts[earlier] <= parts[later]


@pytest.mark.parametrize(
    ("amount", "weights", "currency", "expected"),
    [
        ("10.00", "1 1 1", "USD", "3.34 3.33 3.33"),
        ("0.05", "1 1 1", "USD", "0.02 0.02 0.01"),
        ("0.01", "1 2 3", "USD", "0.00 0.00 0.01"),
        ("100", "1 1 1", "JPY", "34 33 33"),
        ("1.000", "2 1", "KWD", "0.667 0.333"),
        ("10.00", "0 1 0 3", "USD", "0.00 2.50 0.00 7.50"),
        ("10.00", "0 0 0", "USD", "3.34 3.33 3.33"),
        ("0.00", "1 2", "USD", "0.00 0.00"),
        ("7.00", "5", "USD", "7.00"),
        ("7.00", "", "USD", ""),
    ],
)
def test_the_largest_remainders_are_rounded_up(amount: str, weights: str, currency: str, expected: str) -> None:
    parts = shares.split(Decimal(amount), [Decimal(weight) for weight in weights.split()], currency)
    assert [str(part) for part in parts] == expected.split()


@PROPERTY
@given(orders())
def test_the_values_of_the_lines_add_up_to_the_total(order: Order) -> None:
    values = shares.line_values(order)
    assert list(values) == [line.line_no for line in order.lines]
    assert sum(values.values()) == order.total_amount
    assert all(value >= 0 for value in values.values())


@PROPERTY
@given(orders())
def test_a_line_carries_the_orders_own_adjustments_in_proportion_to_what_it_costs(order: Order) -> None:
    nets = [Fraction(shares.line_net(line)) for line in order.lines]
    if not sum(nets):
        nets = [Fraction(1)] * len(nets)
    for net, value in zip(nets, shares.line_values(order).values(), strict=True):
        exact = Fraction(order.total_amount) * net / sum(nets)
        assert abs(Fraction(value) - exact) < Fraction(unit(order.currency))


@st.composite
def steps(draw: Any) -> tuple[Decimal, Decimal, list[Decimal], str]:
    """A value, a quantity, and growing numbers of units up to the whole of it."""
    currency, quantity = draw(CURRENCIES), draw(quantities(10**10 - 1))
    thousandths = int(quantity * 1000)
    counts = draw(st.lists(st.integers(0, thousandths), max_size=6))
    units = [Decimal(count).scaleb(-3) for count in sorted({*counts, 0, thousandths})]
    return draw(st.one_of(amounts(currency, 50), amounts(currency, LARGEST))), quantity, units, currency


@PROPERTY
@given(steps())
def test_what_units_are_worth_step_by_step_adds_up_to_the_whole_value(
    case: tuple[Decimal, Decimal, list[Decimal], str],
) -> None:
    value, quantity, units, currency = case
    worth = [shares.value_of_units(value, count, quantity, currency) for count in units]
    taken = [after - before for before, after in pairwise(worth)]
    assert (worth[0], worth[-1]) == (0, value)
    assert all(part >= 0 and part % unit(currency) == 0 for part in taken)
    assert sum(taken) == value


@PROPERTY
@given(steps())
def test_units_are_worth_their_share_rounded_half_to_even(case: tuple[Decimal, Decimal, list[Decimal], str]) -> None:
    value, quantity, units, currency = case
    for count in units:
        exact = Fraction(value) * Fraction(count) / Fraction(quantity)
        assert shares.value_of_units(value, count, quantity, currency) == rounded(exact, currency)


def test_more_units_than_there_are_are_worth_no_more_than_all() -> None:
    assert shares.value_of_units(Decimal("9.99"), Decimal(3), Decimal(2), "USD") == Decimal("9.99")
