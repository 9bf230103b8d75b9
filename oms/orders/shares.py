"""Splitting amounts so that the parts add up to the whole, to the last place. Pure."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from oms import money
from oms.money import ZERO
from oms.orders.order import Line, Order


def split(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`amount` in parts proportional to `weights` (none negative), by largest remainder; ties go to the earlier part.

    All weights zero: in equal parts. A part is never larger than its exact share rounded up.
    """
    if not weights:
        return []
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    unit, whole = money.smallest(currency), sum(weights, ZERO)
    exact = [amount * weight / whole for weight in weights]
    parts = [share.quantize(unit, rounding=ROUND_FLOOR) for share in exact]
    missing = int((amount - sum(parts, ZERO)) / unit)
    for position in sorted(range(len(parts)), key=lambda at: parts[at] - exact[at])[:missing]:
        parts[position] += unit
    return parts


def line_net(line: Line) -> Decimal:
    """What a line costs with its own discount, charges and added taxes; exact, not rounded."""
    adjustments = line.adjustments
    return line.quantity * line.sale_price - adjustments.discount + adjustments.charges + adjustments.tax_amount


def line_values(order: Order) -> dict[int, Decimal]:
    """What each line is worth of the order's total, by line number: the order's own discount, charges, taxes and
    rounding are spread over the lines in proportion to what they cost, so that the values add up to the total."""
    parts = split(order.total_amount, [line_net(line) for line in order.lines], order.currency)
    return {line.line_no: part for line, part in zip(order.lines, parts, strict=True)}


def value_of_units(value: Decimal, units: Decimal, quantity: Decimal, currency: str) -> Decimal:
    """What the first `units` of `quantity` are worth. Two steps taken through here add up to one taken at once, and
    all the units to the whole value."""
    return value if units >= quantity else money.rounded(value * units / quantity, currency)
