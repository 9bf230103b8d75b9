"""What an invoice or a credit note says. Pure: the same order gives the same document.

Every figure is rounded where it is shown; what that leaves over against the total is in `rounding_adjustment`, so the
figures of a document always add up.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from oms import money
from oms.extensions import settings
from oms.money import ZERO
from oms.orders import balance, shares
from oms.orders.adjustments import CHARGES
from oms.orders.order import Line, Order, Refund, line_of
from oms.orders.representation import amount, moment, quantity, raw

# A credit that is more units of the last place off is not the price of its units: the order was not paid in full.
_CLOSE = 10


def invoice(order: Order) -> dict[str, Any]:
    """What is charged for the lines that are dispatched; units that are cancelled or refunded by now are left out, and
    what was given back for good will is a discount."""
    units = {line.line_no: left for line in order.lines if (left := line.quantity - line.credited_quantity) > 0}
    good_will = balance.good_will(order)
    total = order.total_amount - balance.credited_value(order) - good_will
    paid = [part for part in order.payments if part.captured_amount > 0]
    return {
        **_parties(order),
        "invoice_number": None,
        "reason": None,
        **_figures(order, units, total, good_will)[0],
        "payments": [{"mode": part.mode, "amount": amount(part.captured_amount, order.currency)} for part in paid],
    }


def credit_note(order: Order, drawn: Sequence[Refund]) -> dict[str, Any]:
    """What is given back, line by line where that is what the amount stands for."""
    total = sum((share.amount for share in drawn), ZERO)
    modes = {part.payment_id: part.mode for part in order.payments}
    return {
        **_parties(order),
        "invoice_number": order.invoice_number,
        "reason": drawn[0].reason,
        **_credited(order, drawn[0].items, total),
        "payments": [
            {"mode": modes[share.payment_id], "amount": amount(share.amount, order.currency)} for share in drawn
        ],
    }


def _credited(order: Order, items: Sequence[Mapping[str, Any]] | None, total: Decimal) -> dict[str, Any]:
    if items is not None:
        units = {item["line_no"]: Decimal(item["quantity"]) for item in items}
        figures, rest = _figures(order, units, total)
        if abs(rest) <= _CLOSE * money.smallest(order.currency):
            return figures
    return {"lines": [], "total": amount(total, order.currency)}


def _parties(order: Order) -> dict[str, Any]:
    chosen = settings()
    return {
        "currency": order.currency,
        "seller": {"name": chosen.seller_name, "address": chosen.seller_address, "tax_id": chosen.seller_tax_id},
        "customer": {"customer_id": order.customer_id, "address": raw(order.address)},
        "order_id": order.order_id,
        "order_datetime": moment(order.order_datetime),
    }


def _figures(
    order: Order, units: Mapping[int, Decimal], total: Decimal, good_will: Decimal = ZERO
) -> tuple[dict[str, Any], Decimal]:
    """Lines, the order's own discount, charges and taxes in proportion to them; and what rounding leaves over."""
    currency = order.currency
    if not order.lines:
        return {"lines": [], "total": amount(total, currency)}, ZERO
    parts = [_LinePart(line_of(order, line_no), count, currency) for line_no, count in units.items()]
    fraction = _fraction(order, units)
    own = order.adjustments
    discount = money.rounded(own.discount * fraction, currency) + good_will
    charges = {name: money.rounded(getattr(own, name) * fraction, currency) for name in CHARGES}
    taxes = [(tax, money.rounded(tax.amount * fraction, currency)) for tax in own.tax_lines]
    added = sum((share for tax, share in taxes if not tax.included), ZERO)
    items_total = sum((part.total for part in parts), ZERO)
    rest = total - (items_total - discount + sum(charges.values(), ZERO) + added)
    figures = {
        "lines": [part.document() for part in parts],
        "items_total": amount(items_total, currency),
        "discount": amount(discount, currency),
        "charges": {name: amount(share, currency) for name, share in charges.items()},
        "tax_lines": [
            {
                "name": tax.name,
                "rate": None if tax.rate is None else quantity(tax.rate),
                "amount": amount(share, currency),
                "included": tax.included,
            }
            for tax, share in taxes
        ],
        "rounding_adjustment": amount(rest, currency),
        "total": amount(total, currency),
    }
    return figures, rest


def _fraction(order: Order, units: Mapping[int, Decimal]) -> Decimal:
    """How much of the order these units are, by what the lines cost; free lines count alike."""
    nets = [shares.line_net(line) for line in order.lines]
    if not any(nets):
        nets = [Decimal(1)] * len(order.lines)
    taken = (net * units.get(line.line_no, ZERO) / line.quantity for net, line in zip(nets, order.lines, strict=True))
    return sum(taken, ZERO) / sum(nets, ZERO)


class _LinePart:
    """Some units of a line with their share of its discount, charges and taxes."""

    def __init__(self, line: Line, units: Decimal, currency: str) -> None:
        self.line, self.units, self.currency = line, units, currency
        given = line.adjustments
        self.gross = money.rounded(units * line.sale_price, currency)
        self.discount, self.charges, self.tax = (
            shares.value_of_units(whole, units, line.quantity, currency)
            for whole in (given.discount, given.charges, given.tax_amount)
        )
        self.total = self.gross - self.discount + self.charges + self.tax

    def document(self) -> dict[str, Any]:
        shown = {name: amount(getattr(self, name), self.currency) for name in _SHOWN}
        return {
            "line_no": self.line.line_no,
            "sku": self.line.sku,
            "name": self.line.name,
            "quantity": quantity(self.units),
            "unit_price": amount(self.line.sale_price, self.currency),
            **shown,
        }


_SHOWN = ("gross", "discount", "charges", "tax", "total")
