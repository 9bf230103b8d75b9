"""The PDF of an invoice or a credit note: what its JSON document says, and where on the page.

The table of lines is in `invoice_table`; how text gets onto paper is in `typesetting`.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from oms.orders import invoice_table
from oms.orders.invoice_table import amount, plain, taken_off
from oms.orders.typesetting import GREY, MARGIN, RIGHT, Column, Paper, Style

_FULL = Column(MARGIN, RIGHT - MARGIN)
_LEFT = Column(MARGIN, 84)
_RIGHT = Column(MARGIN + 90, RIGHT - MARGIN - 90)
_TITLE = Style(18, bold=True)
_STRONG = Style(10.5, bold=True)
_PLAIN = Style()
_BOLD = Style(bold=True)
_LABEL = Style(7, grey=GREY)
_FACT = Style(8)
_SUM_LABEL = Column(RIGHT - 92, 46)
_SUM = Column(RIGHT - 44, 44, to_the_right=True)
_SUM_GAP = 0.6
_SUMS = Column(_SUM_LABEL.left, RIGHT - _SUM_LABEL.left)
_TITLES = {"invoice": "Invoice", "credit_note": "Credit note", "refund_voucher": "Refund voucher"}


def render(document: Mapping[str, Any]) -> bytes:
    """A4 PDF of an invoice or a credit note; the same document gives the same bytes.

    Amounts are Decimals or ints with no more decimals than the currency has, moments are RFC 3339 strings. A credit
    note may come without lines and without totals other than `total`. No text makes it raise; a KeyError or ValueError
    means that the document isn't one of ours.
    """
    paper = Paper()
    title = f"{_TITLES[document['kind']]} {document['number']}"
    _head(paper, document)
    _facts(paper, document)
    _parties(paper, document)
    _lines(paper, document)
    _totals(paper, document)
    _payments(paper, document)
    return paper.finish(title, _moment(document["issued_at"]), f"{title} · {document['seller']['name']}")


def _head(paper: Paper, document: Mapping[str, Any]) -> None:
    seller = document["seller"]
    texts = [(seller["name"], _STRONG), (seller["address"], _PLAIN)]
    if seller.get("tax_id"):
        texts.append((f"Tax ID {seller['tax_id']}", _PLAIN))
    to_the_right = Column(_RIGHT.left, _RIGHT.width, to_the_right=True)
    paper.row([(_LEFT, texts), (to_the_right, [(_TITLES[document["kind"]], _TITLE), (document["number"], _STRONG)])])
    paper.space(7)


def _facts(paper: Paper, document: Mapping[str, Any]) -> None:
    """A strip of labels with what they stand for below. The widest is the order's, which takes a UUID."""
    facts = [
        ("Date", 2.2, _day(document["issued_at"])),
        ("Order", 5.6, document["order_id"]),
        ("Order date", 2.2, _day(document["order_datetime"])),
        ("Currency", 1.5, document["currency"]),
    ]
    if document.get("invoice_number"):
        facts.insert(1, ("For invoice", 3.0, document["invoice_number"]))
    unit = _FULL.width / sum(share for _, share, _ in facts)
    left, cells = MARGIN, []
    for label, share, fact in facts:
        cells.append((Column(left, share * unit - 2), [(label, _LABEL), (fact, _FACT)]))
        left += share * unit
    paper.rule(_FULL)
    paper.space(2)
    paper.row(cells)
    paper.space(2)
    paper.rule(_FULL)
    paper.space(4)


def _parties(paper: Paper, document: Mapping[str, Any]) -> None:
    """The customer, and beside it why there is a credit note."""
    customer = document["customer"]
    texts = [("Customer", _LABEL), (customer["customer_id"], _BOLD)]
    texts += [(text, _PLAIN) for text in _texts(customer.get("address"))]
    cells = [(_LEFT, texts)]
    if document.get("reason"):
        cells.append((_RIGHT, [("Reason", _LABEL), (document["reason"], _PLAIN)]))
    paper.row(cells)
    paper.space(7)


def _lines(paper: Paper, document: Mapping[str, Any]) -> None:
    if document.get("lines"):
        invoice_table.draw(paper, _FULL, document["lines"], document["currency"])
    else:
        paper.row([(_FULL, [("An amount is credited, and no line of the invoice.", _PLAIN)])])
    paper.space(4)


def _totals(paper: Paper, document: Mapping[str, Any]) -> None:
    currency = document["currency"]
    sums = list(_sums(document))
    # Totals and payments stand on one page, where they aren't many.
    rows = min(len(sums) + len(document.get("payments") or ()), 20) + 3
    paper.need(rows * (_PLAIN.leading + _SUM_GAP) + 8)
    for label, value in sums:
        paper.row([(_SUM_LABEL, [(label, _PLAIN)]), (_SUM, [(amount(value, currency), _PLAIN)])])
        paper.space(_SUM_GAP)
    paper.space(1)
    paper.rule(_SUMS, GREY)
    paper.space(1.4)
    label = "Total" if document["kind"] == "invoice" else "Total credited"
    total = amount(document["total"], currency)
    paper.row([(_SUM_LABEL, [(f"{label} ({currency})", _STRONG)]), (_SUM, [(total, _STRONG)])])


def _sums(document: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """What leads to the total: (label, amount). What is nought is left out, except the taxes."""
    if document.get("items_total") is not None:
        yield "Items", document["items_total"]
    if document.get("discount"):
        yield "Discount", taken_off(document["discount"])
    for name, charge in (document.get("charges") or {}).items():
        if charge:
            yield name.replace("_", " ").capitalize(), charge
    for tax in document.get("tax_lines") or ():
        yield _tax_label(tax), tax["amount"]
    if document.get("rounding_adjustment"):
        yield "Rounding", document["rounding_adjustment"]


def _tax_label(tax: Mapping[str, Any]) -> str:
    """Such as "VAT 7.5 %", and whether it is part of the prices already."""
    label = tax["name"] if tax.get("rate") is None else f"{tax['name']} {plain(tax['rate'])} %"
    return f"{label} (included)" if tax.get("included") else label


def _payments(paper: Paper, document: Mapping[str, Any]) -> None:
    payments = document.get("payments") or ()
    if not payments:
        return
    paper.space(6)
    paper.need(_LABEL.leading + 2 * _PLAIN.leading)
    paper.row([(_SUMS, [("Payments" if document["kind"] == "invoice" else "Paid back", _LABEL)])])
    for payment in payments:
        paid = amount(payment["amount"], document["currency"])
        paper.row([(_SUM_LABEL, [(payment["mode"], _PLAIN)]), (_SUM, [(paid, _PLAIN)])])


def _texts(value: Any) -> Iterator[str]:
    """The strings and numbers of a free-form address, in order, however deep."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _texts(member)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield f"{value:f}" if isinstance(value, Decimal) else str(value)


def _day(moment: str) -> str:
    """The date in UTC, year first: nobody takes the day for the month."""
    return _moment(moment).date().isoformat()


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
