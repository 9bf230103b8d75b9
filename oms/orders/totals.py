"""Totals are the server's: sum of quantity x sale price, and a client's figure may differ by a rounding only. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from oms import money
from oms.errors import Invalid
from oms.orders.order import Line, Order

TOLERANCE = Decimal("0.10")


def lines_total(lines: Sequence[Line], currency: str) -> Decimal:
    """What the lines cost, rounded once, at the end, to the currency's places."""
    return money.rounded(sum((line.quantity * line.sale_price for line in lines), Decimal(0)), currency)


def reconcile(computed: Decimal, claimed: Decimal | None) -> tuple[Decimal, Decimal]:
    """(total, rounding adjustment): the claimed total if it is within 0.10 of ours.

    Raises `Invalid` total_mismatch with both figures.
    """
    if claimed is None:
        return computed, Decimal(0)
    adjustment = claimed - computed
    if abs(adjustment) > TOLERANCE:
        raise Invalid.at(
            "/total_amount",
            f"The lines add up to {computed:f}, not to {claimed:f}.",
            code="total_mismatch",
            computed=f"{computed:f}",
            claimed=f"{claimed:f}",
        )
    return claimed, adjustment


def apply(order: Order, claimed: Decimal | None) -> None:
    """Set the order's total from its lines and the client's figure.

    Raises as `reconcile` and `refuse_decimals`, and `Invalid` out_of_range.
    """
    refuse_decimals(claimed, order.currency, "/total_amount")
    computed = lines_total(order.lines, order.currency)
    if computed > money.MAX_AMOUNT:
        raise Invalid.at("/items", f"The lines add up to more than {money.MAX_AMOUNT}.", code="out_of_range")
    order.total_amount, order.rounding_adjustment = reconcile(computed, claimed)


def refuse_decimals(amount: Decimal | None, currency: str, pointer: str) -> None:
    """Raise `Invalid` too_many_decimals when an amount has more places than its currency."""
    if amount is not None and not money.fits(amount, currency):
        raise Invalid.at(
            pointer, f"{currency} has {money.places(currency)} decimals, {amount:f} has more.", code="too_many_decimals"
        )
