"""Files of orders as they are sent, cut into records: what stands in a file for one order, with its rows.

A record is kept as it is and looked at later; refused at once is only what can't be cut, and then the whole file.
"""

import csv
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain, groupby, islice
from pathlib import PurePath
from typing import IO, Any, NamedTuple

import orjson

from oms.bulk import columns
from oms.errors import Invalid, Malformed
from oms.orders.bodies import MAX_LINES
from oms.strict_json import MAX_BYTES

NDJSON, CSV = "ndjson", "csv"
FORMATS = {NDJSON: "application/x-ndjson", CSV: "text/csv"}
MEDIA_TYPES = {
    "text/csv": CSV,
    "application/x-ndjson": NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
}
SUFFIXES = {".csv": CSV, ".ndjson": NDJSON, ".jsonl": NDJSON}
_PIECE = 64 * 1024
# What one transaction places, and at most about so many bytes of it.
CHUNK_RECORDS = 100
CHUNK_BYTES = 512 * 1024
# More lines than an order may have, so that one with too many can be told from one with just as many.
MOST_ROWS = MAX_LINES + 1
# Columns that only an import has.
EXTRA = ("payment",)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Record(NamedTuple):
    """What stands for one order: the numbers of its rows, and their texts (NDJSON: one line, None when it is longer
    than an order may be; CSV: a list of cells for each row)."""

    rows: list[int]
    content: Any


def format_of(name: str | None, media_type: str) -> str | None:
    """The format of a file by its name, else by its media type; None where neither tells."""
    return SUFFIXES.get(PurePath(name or "").suffix.lower()) or MEDIA_TYPES.get(media_type)


def digest(file: IO[bytes]) -> str:
    """SHA-256 of all that follows, in hexadecimal."""
    found = sha256()
    while piece := file.read(_PIECE):
        found.update(piece)
    return found.hexdigest()


def opened(file: IO[bytes], format: str) -> tuple[list[str], Iterator[Record]]:
    """The columns of a CSV file (none for NDJSON), and its records, which raise `Malformed` (not_utf8, invalid_csv).

    Raises `Invalid` (unknown_columns, no_rows) and the same.
    """
    file.seek(0)
    if file.read(len(BYTE_ORDER_MARK)) != BYTE_ORDER_MARK:
        file.seek(0)
    if format == NDJSON:
        return [], _lines(file)
    rows = _rows(file)
    _, names = next(rows, (0, []))
    unknown = [name for name in names if name not in columns.NAMES and name not in EXTRA]
    if unknown or len(set(names)) < len(names):
        wrong = ", ".join(unknown) or "a name that is there twice"
        raise Invalid(f"The first row must name columns of an order, and has {wrong}.", code="unknown_columns")
    if not names:
        raise Invalid("There is nothing in the file.", code="no_rows")
    return names, _orders(rows, names)


def chunks(found: Iterable[Record]) -> Iterator[tuple[bytes, int]]:
    """(some records as bytes for `read_chunk`, how many they are)."""
    waiting: list[bytes] = []
    size = 0
    for record in found:
        waiting.append(orjson.dumps(tuple(record)))
        size += len(waiting[-1])
        if len(waiting) >= CHUNK_RECORDS or size >= CHUNK_BYTES:
            yield b"[" + b",".join(waiting) + b"]", len(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"[" + b",".join(waiting) + b"]", len(waiting)


def read_chunk(content: bytes) -> list[Record]:
    return [Record(*record) for record in orjson.loads(content)]


def _lines(file: IO[bytes]) -> Iterator[Record]:
    """Empty lines count, and are no orders."""
    for number, line in _texts(file):
        if line is None or line.strip():
            yield Record([number], line)


def _texts(file: IO[bytes]) -> Iterator[tuple[int, str | None]]:
    """Each line with its number; None for one that is longer than an order may be."""
    number = 0
    while line := file.readline(MAX_BYTES + 1):
        number += 1
        whole = line.endswith(b"\n") or len(line) <= MAX_BYTES
        yield number, _decoded(line, number) if whole else None
        while not whole:
            rest = file.readline(MAX_BYTES)
            whole = rest.endswith(b"\n") or not rest


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"The file is not UTF-8 text: see line {number}.", code="not_utf8") from error


def _rows(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """(the number of a row as a spreadsheet shows it, its cells); empty rows count, and are left out."""
    first = file.readline(MAX_BYTES)
    delimiter = max(b",;\t", key=first.count)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(_decodable(chain([first], file)), delimiter=chr(delimiter)), 1):
            if any(cells):
                yield number, cells
    except csv.Error as error:
        raise Malformed(f"Row {number + 1} is not CSV: {error}.", code="invalid_csv") from error


def _decodable(lines: Iterable[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        yield _decoded(line, number)


def _orders(rows: Iterator[tuple[int, list[str]]], names: list[str]) -> Iterator[Record]:
    """Rows that follow one another with the same `order_id` are one order; a row without one is one by itself."""
    at = names.index("order_id") if "order_id" in names else None

    def order(row: tuple[int, list[str]]) -> Any:
        number, cells = row
        return cells[at] if at is not None and at < len(cells) and cells[at] else number

    for _, found in groupby(rows, order):
        together = list(islice(found, MOST_ROWS))
        yield Record([number for number, _ in together], [cells for _, cells in together])
