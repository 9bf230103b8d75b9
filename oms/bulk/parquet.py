"""Parquet, where pyarrow is installed (requirements-parquet.txt)."""

import io
from collections.abc import Iterable, Iterator
from typing import Any

from oms.bulk import columns
from oms.bulk.columns import Column, Value
from oms.errors import OmsError
from oms.orders.order import Order

# What is held until it is written, and what a reader takes in at once.
ROWS_OF_A_GROUP = 20_000


class NotInstalledError(OmsError):
    """This installation has no library for the format."""

    code = "parquet_not_installed"


def write(batches: Iterable[list[Order]]) -> Iterator[bytes]:
    """The columns of `columns.ALL`, in row groups of about `ROWS_OF_A_GROUP`. Raises `NotInstalledError`."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise NotInstalledError("Parquet needs pyarrow, which is not installed here.", status=501) from error
    schema = _schema(pyarrow)
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        yield sink.taken()
        for rows in _groups(batches):
            writer.write_table(_table(pyarrow, schema, rows), row_group_size=len(rows))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Where the writer writes: keeps what has not been taken yet, and counts the rest."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting.append(bytes(data))
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        found = b"".join(self._waiting)
        self._waiting.clear()
        return found


def _groups(batches: Iterable[list[Order]]) -> Iterator[list[list[Any]]]:
    rows: list[list[Any]] = []
    for orders in batches:
        for order in orders:
            rows.extend(columns.rows(order, _plain))
        if len(rows) >= ROWS_OF_A_GROUP:
            yield rows
            rows = []
    if rows:
        yield rows


def _schema(pyarrow: Any) -> Any:
    types = {
        "text": pyarrow.string(),
        "json": pyarrow.string(),
        "integer": pyarrow.int32(),
        "decimal": pyarrow.decimal128(18, 3),
        "moment": pyarrow.timestamp("us", tz="UTC"),
    }
    return pyarrow.schema([(column.name, types[column.kind]) for column in columns.ALL])


def _table(pyarrow: Any, schema: Any, rows: list[list[Any]]) -> Any:
    whole = zip(*rows, strict=True)
    arrays = [pyarrow.array(values, type=field.type) for values, field in zip(whole, schema, strict=True)]
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def _plain(_: Column, value: Value) -> Any:
    return value.decode() if isinstance(value, bytes) else value
