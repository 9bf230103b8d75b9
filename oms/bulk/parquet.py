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
        for group in _groups(_table(pyarrow, schema, orders) for orders in batches):
            whole = pyarrow.concat_tables(group)
            writer.write_table(whole, row_group_size=whole.num_rows)
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


def _groups(tables: Iterable[Any]) -> Iterator[list[Any]]:
    """Tables with about `ROWS_OF_A_GROUP` rows together."""
    waiting: list[Any] = []
    for table in tables:
        waiting.append(table)
        if sum(waited.num_rows for waited in waiting) >= ROWS_OF_A_GROUP:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _schema(pyarrow: Any) -> Any:
    types = {
        "text": pyarrow.string(),
        "json": pyarrow.string(),
        "integer": pyarrow.int32(),
        "decimal": pyarrow.decimal128(18, 3),
        "moment": pyarrow.timestamp("us", tz="UTC"),
    }
    return pyarrow.schema([(column.name, types[column.kind]) for column in columns.ALL])


def _table(pyarrow: Any, schema: Any, orders: list[Order]) -> Any:
    """The rows of a batch as pyarrow holds them, which takes a tenth of what they take as objects of ours."""
    rows = [row for order in orders for row in columns.rows(order, _plain)]
    arrays = [pyarrow.array([row[position] for row in rows], type=field.type) for position, field in enumerate(schema)]
    return pyarrow.Table.from_arrays(arrays, schema=schema)


def _plain(_: Column, value: Value) -> Any:
    return value.decode() if isinstance(value, bytes) else value
