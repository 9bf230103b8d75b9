"""Who owes whom: what an order still costs against the money that was received and kept. Pure.

`owed` falls with every unit that is cancelled, returned or refunded and with every amount given back for good will;
`held` is what was captured and not given back or promised. What is held beyond what is owed goes back, whatever the
reason it became too much: that is the only rule by which money returns on its own, so it can't return twice.
"""

from decimal import Decimal

from oms.money import ZERO
from oms.orders import lifecycle, shares
from oms.orders.order import Line, Order, refunds_of

GOOD_WILL = "amount:"


def credited_value(order: Order) -> Decimal:
    """What the units are worth that the customer does not pay for (any more)."""
    if not order.lines:
        return order.total_amount if order.status == lifecycle.CANCELLED else ZERO
    if not any(line.credited_quantity for line in order.lines):
        return ZERO
    values = shares.line_values(order)
    return sum((_credit(line, values[line.line_no], order.currency) for line in order.lines), ZERO)


def _credit(line: Line, value: Decimal, currency: str) -> Decimal:
    units = line.credited_quantity
    return shares.value_of_units(value, units, line.quantity, currency) if units else ZERO


def good_will(order: Order) -> Decimal:
    """Amounts that were given back for no units in particular."""
    return sum((refund.amount for refund in refunds_of(order) if refund.cause.startswith(GOOD_WILL)), ZERO)


def owed(order: Order) -> Decimal:
    """What the order costs by now, less what its owner says he has paid elsewhere; never below zero."""
    attested = sum((part.captured_amount for part in order.payments if part.attested), ZERO)
    return max(ZERO, order.total_amount - credited_value(order) - good_will(order) - attested)


def held(order: Order) -> Decimal:
    """Money received and neither given back nor promised; also the most that any refund can be."""
    return sum((payment.refundable_amount for payment in order.payments), ZERO)


def due(order: Order) -> Decimal:
    """What is still to be paid."""
    return max(ZERO, owed(order) - held(order))


def excess(order: Order) -> Decimal:
    """What has to go back."""
    return max(ZERO, held(order) - owed(order))


def promised(order: Order) -> Decimal:
    """What open parts are going to bring."""
    return sum((payment.amount for payment in order.payments if payment.open), ZERO)


def paid(order: Order) -> bool:
    """Captured in full, or the rest of it cash on delivery: what the step out of pending asks for."""
    if not order.payments:
        return order.document is None and order.total_amount == 0
    waiting = (part.amount for part in order.payments if part.mode == "cod" and part.open)
    return sum(waiting, ZERO) >= due(order)


def payment_state(order: Order) -> str:
    """Derived from the parts, never stored: what was captured against what is due, then what went back."""
    captured = order.captured_amount
    if not captured:
        return "paid" if (order.payments or order.lines) and not order.total_amount else "unpaid"
    refunded = sum((payment.refunded_amount for payment in order.payments), ZERO)
    if refunded:
        return "refunded" if refunded >= captured else "partially_refunded"
    if excess(order):
        return "overpaid"
    return "partially_paid" if due(order) else "paid"
