"""What was wrong with the rows of an import, as it is shown and as a file."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import current_app

from oms.bulk import cells, imports
from oms.transactions import read

COLUMNS = ("row", "order_id", "code", "pointer", "detail")
ROWS_A_READ = 1000


def shown(row: dict[str, Any]) -> dict[str, Any]:
    return {"row": row["row_no"]} | {name: row[name] for name in COLUMNS[1:]}


def as_csv(import_id: str) -> Iterator[str]:
    """All of them, read while they are sent."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def pieces() -> Iterator[str]:
        yield _lines([COLUMNS])
        after, more = (0, 0), True
        while more:
            with app.app_context():
                rows = read(lambda session, after=after: imports.errors(session, import_id, after, ROWS_A_READ))  # type: ignore[misc]
            more = len(rows) == ROWS_A_READ
            after = (rows[-1]["row_no"], rows[-1]["position"]) if rows else after
            yield _lines([cells.protected(str(shown(row)[name] or "")) for name in COLUMNS] for row in rows)

    return pieces()


def _lines(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
