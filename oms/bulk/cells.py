"""Cells of a CSV file. A spreadsheet takes a text that begins like a formula for one and carries it out; an apostrophe
before it keeps it a text, and is taken off again when the file comes back."""

import re
from datetime import datetime

from oms.bulk.columns import Column, Value
from oms.orders.representation import moment

# Apostrophes that are there already count as protection when the file comes back, so they get one more.
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PROTECTED = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def protected(text: str) -> str:
    return "'" + text if _FORMULA.match(text) else text


def unprotected(cell: str) -> str:
    return cell[1:] if _PROTECTED.match(cell) else cell


def written(column: Column, value: Value) -> str:
    """A value as its cell; nothing for None."""
    if value is None:
        return ""
    if column.kind == "text":
        return protected(str(value))
    if column.kind == "decimal":
        return format(value, "f")
    if isinstance(value, datetime):
        return moment(value) or ""
    return value.decode() if isinstance(value, bytes) else str(value)
