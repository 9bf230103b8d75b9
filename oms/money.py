"""Money arithmetic: decimals with the number of places their currency has (ISO 4217)."""

from decimal import Decimal
from functools import cache

ZERO = Decimal(0)
MAX_AMOUNT = Decimal("999999999999")
_PLACES = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


def places(currency: str) -> int:
    """Decimal places of a currency code: 2 unless the standard says 0 or 3."""
    return _PLACES.get(currency, 2)


@cache
def smallest(currency: str) -> Decimal:
    """One unit of the last place: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-places(currency))


def fits(amount: Decimal, currency: str) -> bool:
    """Whether `amount` has no more decimals than `currency`; 1.500 fits USD, 1.505 does not."""
    return amount == amount.quantize(smallest(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """To the currency's places, half to even; exact for anything that `fits`."""
    return amount.quantize(smallest(currency))


def plain(quantity: Decimal) -> Decimal:
    """A quantity without trailing zeros: 2.000 becomes 2, 1.250 becomes 1.25."""
    shortened = quantity.normalize()
    return shortened if shortened.as_tuple().exponent <= 0 else shortened.quantize(Decimal(1))  # type: ignore[operator]
