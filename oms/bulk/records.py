"""What a record of an upload asks for, as a body of `POST /orders`, and where in the file its parts stand."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oms import strict_json
from oms.bulk import uploads
from oms.bulk.cells import unprotected
from oms.bulk.uploads import Record
from oms.errors import Invalid, OmsError
from oms.orders.adjustments import AMOUNTS

# Columns of the CSV by what they are in a body. The others are shown by exports only, and left out.
_TEXTS = ("order_id", "customer_id", "facility_id", "status", "currency", "order_datetime", "eta")
_OF_ORDER = {name: name for name in (*_TEXTS, "total_amount", "order_price", *AMOUNTS)}
_OF_LINE = {name: name for name in ("sku", "name", "quantity", "unit_price", "sale_price", "return_window_days")} | {
    f"line_{name}": name for name in AMOUNTS
}
_JSON_OF_ORDER = {name: name for name in ("tax_lines", "address", "metadata", "payment")} | {"document": "items"}
_JSON_OF_LINE = {"line_tax_lines": "tax_lines", "line_metadata": "metadata"}
_ITEM = re.compile(r"/items/([0-9]+)(/|$)")


def body_of(record: Record, columns: Sequence[str]) -> Any:
    """The body. Raises `Malformed`, or `Invalid` with pointers into it."""
    if not columns:
        if record.content is None:
            raise Invalid(f"The line is longer than {strict_json.MAX_BYTES} bytes.", code="too_large")
        return strict_json.read(record.content.encode())
    return _of_cells(record.content, columns)


def row_of(record: Record, pointer: str) -> int:
    """The row of the file that a pointer into the body is about."""
    item = _ITEM.match(pointer)
    position = int(item[1]) if item else 0
    return record.rows[position] if position < len(record.rows) else record.rows[0]


def _of_cells(rows: list[list[str]], columns: Sequence[str]) -> dict[str, Any]:
    if len(rows) >= uploads.MOST_ROWS:
        raise Invalid.at("/items", "More lines than an order may have.", code="too_large")
    named = [_named(cells, columns, position) for position, cells in enumerate(rows)]
    body = _values(named[0], _OF_ORDER, _JSON_OF_ORDER, "")
    for position, cells in enumerate(named[1:], 1):
        for name in (*_OF_ORDER, *_JSON_OF_ORDER):
            if cells.get(name, named[0].get(name)) != named[0].get(name):
                detail = f"{name} differs from the first row of the order."
                raise Invalid.at(f"/items/{position}", detail, code="rows_differ")
    if "document" not in named[0]:
        body["items"] = [_line(cells, position) for position, cells in enumerate(named)]
    return body


def _named(cells: list[str], columns: Sequence[str], position: int) -> dict[str, str]:
    """The cells that hold something, by their columns."""
    if len(cells) > len(columns):
        raise Invalid.at(
            f"/items/{position}", "The row has more cells than the first one has names.", code="invalid_csv"
        )
    return {name: unprotected(cell) for name, cell in zip(columns, cells, strict=False) if cell}


def _line(cells: Mapping[str, str], position: int) -> dict[str, Any]:
    line = _values(cells, _OF_LINE, _JSON_OF_LINE, f"/items/{position}")
    days = line.get("return_window_days")
    if isinstance(days, str) and re.fullmatch(r"[0-9]{1,9}", days, re.ASCII):
        line["return_window_days"] = int(days)
    return line


def _values(cells: Mapping[str, str], plain: Mapping[str, str], json: Mapping[str, str], at: str) -> dict[str, Any]:
    found: dict[str, Any] = {plain[name]: cells[name] for name in plain.keys() & cells.keys()}
    for name in json.keys() & cells.keys():
        try:
            found[json[name]] = strict_json.read(cells[name].encode())
        except OmsError as error:
            raise Invalid.at(f"{at}/{json[name]}", error.detail, code=error.code) from error
    return found
