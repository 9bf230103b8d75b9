"""The table of an invoice's lines: columns as wide as what is in them, the rest is for the names.

Amounts come out with exactly the currency's decimals and without separators of thousands: 1.234 is a dinar and a bit in
Kuwait and more than a thousand euros in Berlin.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from oms import money
from oms.orders.typesetting import GREY, Column, Paper, Style

# Between columns, in millimetres for a point of the type's size.
_GAP = 0.45
_LEAST_FOR_NAMES = 36.0
_SIZES = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0)
_HEADS = {
    "line_no": "#",
    "item": "Item",
    "quantity": "Quantity",
    "unit_price": "Unit price",
    "gross": "Amount",
    "discount": "Discount",
    "charges": "Charges",
    "tax": "Tax",
    "total": "Total",
}
# Left out where no line has any.
_SOMETIMES = ("discount", "charges", "tax")


def draw(paper: Paper, place: Column, lines: Sequence[Mapping[str, Any]], currency: str) -> None:
    """All lines, over as many pages as they take, the head on each of them."""
    keys = _keys(lines)
    cells = [_cells(line, keys, currency) for line in lines]
    style, columns = _columns(paper, place, keys, cells)
    head = replace(style, size=style.size - 0.5, bold=True, grey=GREY)

    def draw_head() -> None:
        paper.line([(columns[key], _HEADS[key], head) for key in keys])
        paper.space(1.2)
        paper.rule(place, GREY)
        paper.space(1.4)

    paper.need(6 * style.leading)
    draw_head()
    paper.repeat(draw_head)
    for line, row in zip(lines, cells, strict=True):
        names = _names(line, style)
        paper.row([(columns[key], names if key == "item" else [(row[key], style)]) for key in keys])
        paper.space(1)
        paper.rule(place)
        paper.space(1.2)
    paper.repeat(None)


def amount(value: Decimal | int, currency: str) -> str:
    """With exactly the currency's decimals: 5 is "5.00" in USD, "5" in JPY, "5.000" in KWD."""
    return f"{Decimal(value):z.{money.places(currency)}f}"


def taken_off(value: Decimal | int) -> Decimal:
    """The negative, with all its digits: a minus sign before a Decimal rounds it to 28."""
    return Decimal(value).copy_negate()


def plain(value: Decimal | int) -> str:
    """Without trailing zeros: 2.000 is "2"."""
    return f"{money.plain(Decimal(value)):f}"


def _keys(lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns there are. The amount before discount, charges and tax is told where one of them is."""
    there = {key for key in _SOMETIMES if any(line[key] for line in lines)}
    if there:
        there.add("gross")
    return [key for key in _HEADS if key in there or key not in (*_SOMETIMES, "gross")]


def _cells(line: Mapping[str, Any], keys: Sequence[str], currency: str) -> dict[str, str]:
    """What stands in the columns of figures."""
    figures = {key: amount(line[key], currency) for key in keys if key not in ("line_no", "item", "quantity")}
    if "discount" in figures:
        figures["discount"] = amount(taken_off(line["discount"]), currency)
    return {**figures, "line_no": str(line["line_no"]), "quantity": plain(line["quantity"])}


def _names(line: Mapping[str, Any], style: Style) -> list[tuple[str, Style]]:
    if not line["name"]:
        return [(line["sku"], style)]
    return [(line["name"], style), (line["sku"], replace(style, size=style.size - 1, grey=GREY))]


def _columns(
    paper: Paper, place: Column, keys: Sequence[str], cells: Sequence[Mapping[str, str]]
) -> tuple[Style, dict[str, Column]]:
    """The largest type that leaves room for names, and where the columns stand in it."""
    for size in _SIZES:
        style = Style(size)
        widths = {key: _width(paper, key, cells, style) for key in keys if key != "item"}
        room = place.width - _GAP * size * len(widths)
        rest = room - sum(widths.values())
        if rest >= _LEAST_FOR_NAMES:
            break
    else:
        # Figures of twenty digits: they are wrapped, because a cut one would be a wrong one.
        rest = _LEAST_FOR_NAMES
        share = (room - rest) / sum(widths.values())
        widths = {key: width * share for key, width in widths.items()}
    return style, dict(_placed(place.left, keys, {**widths, "item": rest}, _GAP * style.size))


def _width(paper: Paper, key: str, cells: Sequence[Mapping[str, str]], style: Style) -> float:
    bold = replace(style, size=style.size - 0.5, bold=True)
    return max(paper.width(_HEADS[key], bold), *(paper.width(row[key], style) for row in cells))


def _placed(left: float, keys: Sequence[str], widths: Mapping[str, float], gap: float) -> Iterator[tuple[str, Column]]:
    for key in keys:
        yield key, Column(left, widths[key], to_the_right=key not in ("line_no", "item"))
        left += widths[key] + gap
