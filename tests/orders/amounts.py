"""Strategies for money: currencies with 0, 2 and 3 decimals, amounts that fit them, and orders made of both.

What is expected is computed with fractions, which know no rounding; the rules are written down once more here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from oms.orders import totals
from oms.orders.adjustments import NONE, Adjustments, TaxLine
from oms.orders.order import Line, Order
from tests.depth import examples

PLACES = {"JPY": 0, "USD": 2, "KWD": 3}
CURRENCIES = st.sampled_from(sorted(PLACES))
NOW = datetime(2024, 1, 1, tzinfo=UTC)
PROPERTY = settings(max_examples=examples(150), deadline=None, derandomize=True, database=None)


def unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-PLACES[currency])


def rounded(exact: Fraction, currency: str) -> Decimal:
    """Half to even, to the currency's places."""
    return Decimal(round(exact * 10 ** PLACES[currency])).scaleb(-PLACES[currency])


def amounts(currency: str, largest: int = 10**6, least: int = 0) -> st.SearchStrategy[Decimal]:
    """`least` and `largest` in the smallest unit; shrinks to the least."""
    return st.integers(least, largest).map(lambda count: Decimal(count) * unit(currency))


def quantities(largest: int = 20_000) -> st.SearchStrategy[Decimal]:
    """In thousandths, at most `largest` of them; as often whole as not."""
    whole = st.integers(1, max(1, largest // 1000)).map(Decimal)
    return st.one_of(whole, st.integers(1, largest).map(lambda count: Decimal(count).scaleb(-3)))


@st.composite
def taxes(draw: Any, currency: str) -> TaxLine:
    """A fixed one is added: an amount that is in the price can't be more than the price, which is not known here."""
    if draw(st.booleans()):
        return TaxLine("fixed", draw(amounts(currency, 500)))
    return TaxLine("rate", Decimal(0), draw(st.integers(0, 500_000)) * Decimal("0.0001"), draw(st.booleans()))


@st.composite
def adjustments(draw: Any, currency: str, price: Fraction) -> Adjustments:
    """A discount of at most `price`, charges and taxes; as often none of it."""
    if draw(st.booleans()):
        return NONE
    most = int(price * 10 ** PLACES[currency])
    return Adjustments(
        discount=draw(amounts(currency, min(most, 10_000))),
        handling_charge=draw(amounts(currency, 300)),
        delivery_charge=draw(amounts(currency, 300)),
        packaging_charge=draw(amounts(currency, 3)),
        surge_charge=draw(amounts(currency, 3)),
        tax_lines=tuple(draw(st.lists(taxes(currency), max_size=2))),
    )


def gross(line: Line) -> Fraction:
    return Fraction(line.quantity) * Fraction(line.sale_price)


@st.composite
def orders(draw: Any, currencies: st.SearchStrategy[str] = CURRENCIES) -> Order:
    """Up to four lines with adjustments of their own and of the order; its total is set, in half of them by a claim."""
    currency = draw(currencies)
    lines = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        price = draw(amounts(currency, 20_000))
        line = Line(number, f"SKU-{number}", draw(quantities()), price, price)
        line.adjustments = draw(adjustments(currency, gross(line)))
        lines.append(line)
    net = sum((gross(line) - Fraction(line.adjustments.discount) for line in lines), Fraction(0))
    order = order_of(lines, currency, draw(adjustments(currency, net)))
    totals.apply(order, None)
    if draw(st.booleans()):
        tenth = int(Decimal("0.10") / unit(currency))
        claimed = order.total_amount + draw(st.integers(-tenth, tenth)) * unit(currency)
        totals.apply(order, max(Decimal(0), claimed))
    return order


def order_of(lines: Sequence[Line], currency: str = "USD", given: Adjustments = NONE, **more: Any) -> Order:
    """An order whose total is not computed yet."""
    fields = {"status": "pending", "total_amount": Decimal(0), "adjustments": given, "lines": list(lines), **more}
    return Order(
        order_id="O-1",
        customer_id="C-1",
        creator_id="C-1",
        managed_by="operator",
        currency=currency,
        created_at=NOW,
        updated_at=NOW,
        order_datetime=NOW,
        **fields,
    )
