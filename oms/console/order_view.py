"""An order's parts as its page shows them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from oms.console.formats import quantity, words
from oms.money import ZERO
from oms.orders import balance, lifecycle, shares
from oms.orders.adjustments import AMOUNTS
from oms.orders.order import Line, Order, Refund, refunds_of
from oms.orders.representation import refund_status

# What a line's units have come to; those that are still as ordered need no word.
_COUNTS = ("shipped", "delivered", "cancelled", "returned", "refunded")
_ADDRESS = ("name", "full_name", "line1", "address_line1", "street", "line2", "address_line2", "landmark")
_PLACE = ("postal_code", "postcode", "zip", "pincode", "city", "state", "country")


@dataclass(frozen=True, slots=True)
class ShownLine:
    """`counts` says where the units are, `net` what all of them cost with the line's own charges."""

    line: Line
    counts: str
    net: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """From what the lines cost to what is due. `parts` are label and amount, none of them zero."""

    parts: list[tuple[str, Decimal]]
    total: Decimal
    captured: Decimal
    refunded: Decimal
    due: Decimal


def lines_of(order: Order) -> list[ShownLine]:
    return [ShownLine(line, _counts(line), shares.line_net(line)) for line in order.lines]


def sums_of(order: Order) -> Sums:
    refunded = sum((payment.refunded_amount for payment in order.payments), ZERO)
    parts = [(label, amount) for label, amount in _parts(order) if amount]
    return Sums(parts, order.total_amount, order.captured_amount, refunded, balance.due(order))


def refunds_by_id(order: Order) -> list[tuple[str, str, Decimal, Sequence[Refund]]]:
    """(refund id, its status, its amount, its shares), the newest first."""
    found: dict[str, list[Refund]] = {}
    for share in refunds_of(order):
        found.setdefault(share.refund_id, []).append(share)
    return [
        (refund_id, refund_status(parts), sum((share.amount for share in parts), ZERO), parts)
        for refund_id, parts in sorted(found.items(), reverse=True)
    ]


def next_steps(order: Order) -> list[str]:
    """The statuses staff may give the order now, the next of the main path first.

    Cancelling has a form of its own, and so have returns of lines; while one is open, nothing else moves the order.
    """
    if any(request.open for request in order.returns):
        return []
    others = {lifecycle.CANCELLED, lifecycle.RETURN_REQUESTED} if order.lines else {lifecycle.CANCELLED}
    allowed = [status for status in lifecycle.TRANSITIONS[order.status] if status not in others]
    return sorted(allowed, key=lambda status: status not in lifecycle.MAIN_PATH)


def text_of_address(address: bytes | None) -> list[str]:
    """Lines of text: the usual members as on an envelope, then all others with their names."""
    given = orjson.loads(address) if address else {}
    if not isinstance(given, dict):
        return [str(given)]
    known = {name: value for name, value in given.items() if isinstance(value, str | int | float) and value != ""}
    place = " ".join(str(known[name]) for name in _PLACE if name in known)
    shown = [*(str(known[name]) for name in _ADDRESS if name in known), place]
    others = (_named(name, value) for name, value in given.items() if name not in (*_ADDRESS, *_PLACE))
    return [line for line in (*shown, *others) if line]


def _named(name: str, value: Any) -> str:
    text = value if isinstance(value, str | int | float) else orjson.dumps(value).decode()
    return f"{words(name)}: {text}" if text not in ("", None) else ""


def _counts(line: Line) -> str:
    found = ((name, getattr(line, f"{name}_quantity")) for name in _COUNTS)
    return ", ".join(f"{quantity(amount)} {name}" for name, amount in found if amount)


def _parts(order: Order) -> Iterator[tuple[str, Decimal]]:
    if order.lines:
        yield "Items", sum((shares.line_net(line) for line in order.lines), ZERO)
    for name in AMOUNTS:
        amount = getattr(order.adjustments, name)
        yield words(name), -amount if name == "discount" else amount
    for tax in order.adjustments.tax_lines:
        if not tax.included:
            yield tax.name, tax.amount
    yield "Rounding", order.rounding_adjustment
