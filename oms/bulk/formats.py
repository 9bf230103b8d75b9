"""The formats in which orders leave: bytes by the batch, whose memory is that of a batch."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from oms.bulk import cells, columns, parquet
from oms.orders import representation
from oms.orders.order import Order


@dataclass(frozen=True, slots=True)
class Format:
    """`write` makes a file of batches of orders, piece by piece. `appendable`: a piece can be followed by a later one
    of another run, if that leaves out its first, the heading."""

    name: str
    media_type: str
    write: Callable[[Iterable[list[Order]]], Iterator[bytes]]
    appendable: bool = True


def _ndjson(batches: Iterable[list[Order]]) -> Iterator[bytes]:
    """An order a line, as `GET /orders/{order_id}` answers it."""
    yield b""
    for orders in batches:
        yield b"".join(representation.render(order) + b"\n" for order in orders)


def _csv(batches: Iterable[list[Order]]) -> Iterator[bytes]:
    """A heading, and a line for each line of an order."""
    yield _lines([list(columns.NAMES)])
    for orders in batches:
        yield _lines(row for order in orders for row in columns.rows(order, cells.written))


def _lines(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


NDJSON = Format("ndjson", "application/x-ndjson", _ndjson)
CSV = Format("csv", "text/csv", _csv)
PARQUET = Format("parquet", "application/vnd.apache.parquet", parquet.write, appendable=False)
ALL = {format.name: format for format in (NDJSON, CSV, PARQUET)}
