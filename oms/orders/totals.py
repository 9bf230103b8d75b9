"""Totals are the server's: quantity x sale price, less discounts, plus charges and taxes, of each line and then of the
order. A client's figure may differ by a rounding only. Pure.

A line's taxes are on its price after its discount and with its charges; the order's are on the sum of that over all
lines, after the order's discount and with its charges.
"""

from decimal import Decimal

from oms import money
from oms.errors import Invalid
from oms.money import ZERO
from oms.orders import shares
from oms.orders.adjustments import CHARGES, NONE, Adjustments
from oms.orders.order import Line, Order

TOLERANCE = Decimal("0.10")


def apply(order: Order, claimed: Decimal | None) -> None:
    """Set the order's taxes and total from its lines, its adjustments and the client's figure.

    Raises as `reconcile` and `refuse_decimals`, and `Invalid` discount_exceeds_price or out_of_range.
    """
    refuse_decimals(claimed, order.currency, "/total_amount")
    for position, line in enumerate(order.lines):
        _apply_to_line(line, order.currency, f"/items/{position}")
    computed = _order_total(order)
    if computed > money.MAX_AMOUNT:
        raise Invalid.at("/items", f"The order comes to more than {money.MAX_AMOUNT}.", code="out_of_range")
    order.total_amount, order.rounding_adjustment = reconcile(computed, claimed)


def _apply_to_line(line: Line, currency: str, pointer: str) -> None:
    given = line.adjustments
    gross = line.quantity * line.sale_price
    if given.discount > gross:
        raise _too_much_off(pointer, given.discount, gross)
    base = gross - given.discount + given.charges
    line.adjustments = given.taxed(base, currency)
    _refuse_too_large(line.adjustments, base, pointer)


def _order_total(order: Order) -> Decimal:
    """What all of it comes to, rounded once, at the end, to the currency's places."""
    given = order.adjustments
    net = sum((shares.line_net(line) for line in order.lines), ZERO)
    if given.discount > net:
        raise _too_much_off("", given.discount, net)
    untaxed = net - sum((line.adjustments.tax_amount for line in order.lines), ZERO)
    base = max(ZERO, untaxed - given.discount + given.charges)
    order.adjustments = given.taxed(base, order.currency)
    _refuse_too_large(order.adjustments, base, "")
    return money.rounded(net - given.discount + given.charges + order.adjustments.tax_amount, order.currency)


def _refuse_too_large(given: Adjustments, base: Decimal, pointer: str) -> None:
    """Taxes stay within what an amount may be, and an amount that is in the price is no more than the price."""
    for position, tax in enumerate(given.tax_lines):
        most = base if tax.included and tax.rate is None else money.MAX_AMOUNT
        if tax.amount > most:
            raise Invalid.at(f"{pointer}/tax_lines/{position}", "The tax is too large.", code="out_of_range")
    if given.tax_amount > money.MAX_AMOUNT:
        raise Invalid.at(f"{pointer}/tax_lines", "The taxes are too large.", code="out_of_range")


def _too_much_off(pointer: str, discount: Decimal, price: Decimal) -> Invalid:
    return Invalid.at(
        f"{pointer}/discount",
        f"A discount of {discount:f} is more than the {money.plain(price):f} it is taken from.",
        code="discount_exceeds_price",
    )


def reconcile(computed: Decimal, claimed: Decimal | None) -> tuple[Decimal, Decimal]:
    """(total, rounding adjustment): the claimed total if it is within 0.10 of ours.

    Raises `Invalid` total_mismatch with both figures.
    """
    if claimed is None:
        return computed, ZERO
    adjustment = claimed - computed
    if abs(adjustment) > TOLERANCE:
        raise Invalid.at(
            "/total_amount",
            f"The order comes to {computed:f}, not to {claimed:f}.",
            code="total_mismatch",
            computed=f"{computed:f}",
            claimed=f"{claimed:f}",
        )
    return claimed, adjustment


def refuse_decimals(amount: Decimal | None, currency: str, pointer: str) -> None:
    """Raise `Invalid` too_many_decimals when an amount has more places than its currency."""
    if amount is not None and not money.fits(amount, currency):
        raise Invalid.at(
            pointer, f"{currency} has {money.places(currency)} decimals, {amount:f} has more.", code="too_many_decimals"
        )


def refuse_decimals_of(adjustments: Adjustments, currency: str, pointer: str) -> None:
    """The same for everything that was added or taken off at one place."""
    if adjustments is NONE:
        return
    for name in ("discount", *CHARGES):
        refuse_decimals(getattr(adjustments, name), currency, f"{pointer}/{name}")
    for position, tax in enumerate(adjustments.tax_lines):
        refuse_decimals(tax.amount, currency, f"{pointer}/tax_lines/{position}/amount")
