"""A file of orders that is being written: beside it lies how far it is, so that a run that was ended is continued."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from oms.bulk import walk
from oms.bulk.formats import Format
from oms.orders import store
from oms.orders.order import Order


@dataclass(slots=True)
class Draft:
    """`<path>.part` and, for formats that can be continued, `<path>.part.json`. `orders` is how many are in it."""

    path: Path
    format: Format
    filters: Mapping[str, Any]
    began: datetime
    cursor: str | None = None
    orders: int = 0
    size: int = 0

    @classmethod
    def begin_or_continue(cls, path: Path, format: Format, filters: Mapping[str, Any]) -> "Draft":
        """The draft of these orders that is there, or a new one."""
        draft = cls(path, format, filters, store.now())
        try:
            known = json.loads(draft._state.read_text())
            whole = draft._part.stat().st_size >= known["size"]
        except (OSError, ValueError, KeyError):
            return draft
        if whole and known["asked"] == draft._asked():
            draft.began, draft.cursor = datetime.fromisoformat(known["began"]), known["cursor"]
            draft.orders, draft.size = known["orders"], known["size"]
        return draft

    def write(self) -> Iterator[int]:
        """Write what is missing; yields how many orders have been added. The file has its name when it is whole."""
        with self._part.open("r+b" if self.size else "wb") as file:
            file.truncate(self.size)
            file.seek(self.size)
            pieces = self.format.write(self._batches())
            heading = next(pieces)
            if not self.size:
                file.write(heading)
            before = self.orders
            for piece in pieces:
                file.write(piece)
                self._keep(file)
                yield self.orders - before
                before = self.orders
            file.flush()
            os.fsync(file.fileno())
        self._part.replace(self.path)
        self._state.unlink(missing_ok=True)

    def _batches(self) -> Iterator[list[Order]]:
        for batch in walk.batches(self.filters, self.began, self.cursor):
            self.cursor, self.orders = batch.cursor, self.orders + len(batch.orders)
            yield batch.orders

    def _keep(self, file: IO[bytes]) -> None:
        if not self.format.appendable:
            return
        file.flush()
        self.size = file.tell()
        known = {"asked": self._asked(), "began": self.began.isoformat(), "cursor": self.cursor}
        draft = self._state.with_suffix(".new")
        draft.write_text(json.dumps({**known, "orders": self.orders, "size": self.size}))
        draft.replace(self._state)

    def _asked(self) -> dict[str, str]:
        return {"format": self.format.name, **{name: str(value) for name, value in sorted(self.filters.items())}}

    @property
    def _part(self) -> Path:
        return self.path.with_name(self.path.name + ".part")

    @property
    def _state(self) -> Path:
        return self.path.with_name(self.path.name + ".part.json")
