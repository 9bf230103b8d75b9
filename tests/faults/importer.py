"""Files of orders, one after the other: sent with a key until the answer is known, and followed to their end."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

from oms.ids import new_id
from tests.faults.evidence import Check, Evidence
from tests.faults.ledger import Broken, Ledger, SentFile
from tests.faults.load import Person
from tests.processes.programs import Answer, Client, ask_until

WITH_ID, WITH_NOTE, REFUSED = 20, 10, 2
PAUSE_SECONDS, ASK_SECONDS = 4.0, 0.3
# An import whose worker has died is found by the clock; and it shares two processors with everything else.
LONGEST_SECONDS = 90
BOUGHT_BY = "imports"


class Importer(threading.Thread):
    """Somebody of the staff with files."""

    def __init__(self, port: int, ledger: Ledger, staff: Person) -> None:
        super().__init__(daemon=True)
        self._ledger = ledger
        self._client = Client(port, {})
        self._client.headers = staff.headers  # the same ones, not a copy: his token may be replaced
        self._over = threading.Event()

    def finish(self) -> None:
        """Begin no other file, and wait for the end of this one."""
        self._over.set()
        self.join(2 * LONGEST_SECONDS)

    def run(self) -> None:
        try:
            while not self._over.wait(PAUSE_SECONDS):
                self._send_file()
        except Exception as error:
            self._ledger.note_broken("other", self._ledger.phase, f"an importer stumbled: {error!r}")

    def _send_file(self) -> None:
        file = SentFile(
            self._ledger.phase, [new_id() for _ in range(WITH_ID)], [new_id() for _ in range(WITH_NOTE)], REFUSED
        )
        self._ledger.files.append(file)
        rows, key = _rows(file), new_id()
        sending = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
        taken = _insist(lambda: self._client.send("POST", "/orders/import", rows, **sending), _is_final)
        if taken is None or taken.status != 202:
            self._ledger.note_broken("lost", file.phase, f"a file was answered {taken}")
            return
        file.taken_in = True
        place = taken.headers["Location"]
        ended = _insist(lambda: self._client.send("GET", place, None), _has_ended)
        file.outcome = ended.json if ended else None


def _insist(ask: Callable[[], Answer], enough: Callable[[Answer], bool]) -> Answer | None:
    return ask_until(ask, enough, LONGEST_SECONDS, ASK_SECONDS)


def _rows(file: SentFile) -> bytes:
    line = {"sku": "SKU-FILE", "quantity": 2, "unit_price": "3.75"}
    bodies: list[Any] = [{"order_id": it, "customer_id": BOUGHT_BY, "items": [line]} for it in file.orders]
    bodies += [{"items": {"note": note}, "order_price": "4.50"} for note in file.notes]
    bodies += [{"customer_id": BOUGHT_BY, "items": []} for _ in range(file.refused)]
    return b"".join(json.dumps(body).encode() + b"\n" for body in bodies)


def _is_final(answer: Answer) -> bool:
    """One upload of a caller at a time, so the one whose answer was lost may still be in the way (429, 409)."""
    return answer.status < 500 and answer.status not in (409, 429)


def _has_ended(answer: Answer) -> bool:
    return answer.status == 200 and answer.json["status"] not in ("queued", "running")


def every_file_was_worked_off_once(evidence: Evidence) -> Iterator[Broken]:
    for file in evidence.ledger.files:
        if not file.taken_in:
            continue  # known to be broken already
        if file.outcome is None:
            yield Broken("lost", file.phase, f"an import had not ended after {LONGEST_SECONDS} s")
            continue
        told = tuple(file.outcome[name] for name in ("status", "succeeded", "failed"))
        if told != ("completed", len(file.orders) + len(file.notes), file.refused):
            yield Broken("other", file.phase, f"import {file.outcome['import_id']} says that it has come to {told}")
        for order_id in file.orders:
            if order_id not in evidence.orders:
                yield evidence.lost(order_id, "was in a file and is not in the database", file.phase)
        for note in file.notes:
            if not (found := evidence.notes.get(note, [])):
                yield evidence.lost(note, "was in a file and is not in the database", file.phase)
            elif len(found) > 1:
                yield evidence.doubled(note, f"one row of a file has made the orders {found}", file.phase)


CHECKS: tuple[Check, ...] = (every_file_was_worked_off_once,)
