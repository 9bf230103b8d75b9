"""What was wrong with the rows of an import, as it is shown and as a file."""

import csv
import io
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import Any

from flask import current_app

from oms.bulk import cells, imports
from oms.transactions import read

COLUMNS = ("row", "order_id", "code", "pointer", "detail")
ROWS_A_READ = 1000


def shown(row: dict[str, Any]) -> dict[str, Any]:
    return {"row": row["row_no"]} | {name: row[name] for name in COLUMNS[1:]}


def pages(import_id: str) -> Iterator[list[dict[str, Any]]]:
    """All of them, some at a time, read when they are asked for."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def found() -> Iterator[list[dict[str, Any]]]:
        after, more = (0, 0), True
        while more:
            with app.app_context():
                rows = read(partial(imports.errors, import_id=import_id, after=after, limit=ROWS_A_READ))
            yield rows
            more = len(rows) == ROWS_A_READ
            after = (rows[-1]["row_no"], rows[-1]["position"]) if rows else after

    return found()


def as_csv(import_id: str) -> Iterator[str]:
    """All of them, read while they are sent."""
    head = _lines([COLUMNS])
    return chain([head], map(_as_lines, pages(import_id)))


def _as_lines(rows: list[dict[str, Any]]) -> str:
    return _lines([cells.protected(str(shown(row)[name] or "")) for name in COLUMNS] for row in rows)


def _lines(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
