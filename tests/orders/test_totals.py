"""The server adds up; a client's figure may differ by a rounding only."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from oms.errors import Invalid
from oms.orders import totals
from oms.orders.order import Line, Order

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
