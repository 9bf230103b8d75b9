from decimal import Decimal

import pytest

from oms import money


@pytest.mark.parametrize(("currency", "expected"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("XYZ", 2)])
def test_a_currency_has_its_own_number_of_decimals(currency: str, expected: int) -> None:
    assert money.places(currency) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [
        ("1.50", "USD", True),
        ("1.500", "USD", True),
        ("1.505", "USD", False),
        ("1.505", "KWD", True),
        ("1.5055", "KWD", False),
        ("150", "JPY", True),
        ("150.0", "JPY", True),
        ("150.5", "JPY", False),
        ("999999999999.99", "USD", True),
    ],
)
def test_an_amount_has_no_more_decimals_than_its_currency(amount: str, currency: str, fits: bool) -> None:
    assert money.fits(Decimal(amount), currency) is fits


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [("1.5", "USD", "1.50"), ("2", "KWD", "2.000"), ("3.000", "JPY", "3"), ("0.125", "USD", "0.12")],
)
def test_an_amount_is_written_with_exactly_its_currencys_decimals(amount: str, currency: str, expected: str) -> None:
    assert str(money.rounded(Decimal(amount), currency)) == expected


@pytest.mark.parametrize(
    ("quantity", "expected"), [("2.000", "2"), ("1.250", "1.25"), ("100", "100"), ("1E+2", "100"), ("0.001", "0.001")]
)
def test_a_quantity_is_written_without_trailing_zeros(quantity: str, expected: str) -> None:
    assert str(money.plain(Decimal(quantity))) == expected
