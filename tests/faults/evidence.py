"""Everything that is compared at the end, and the forms in which it is found wrong."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.faults.installation import Installation
from tests.faults.ledger import END, Broken, Ledger
from tests.floor.topics import Arrived

Check = Callable[["Evidence"], Iterator[Broken]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """`heard` are events, `dead` what lies in the dead-letter topics; `notes` are the ids of the free-form orders of
    each note. Rows are in the order of their columns as `gather` asks for them."""

    system: Installation
    ledger: Ledger
    heard: list[Arrived]
    dead: list[Arrived]
    orders: dict[str, Any]
    notes: dict[str, list[str]]
    outbox: dict[tuple[str, int, int], str]

    def phase(self, order_id: str) -> str:
        order = self.ledger.orders.get(order_id)
        return order.placed.phase if order else END

    def lost(self, order_id: str, what: str, phase: str = "") -> Broken:
        return Broken("lost", phase or self.phase(order_id), f"{order_id}: {what}")

    def doubled(self, order_id: str, what: str, phase: str = "") -> Broken:
        return Broken("doubled", phase or self.phase(order_id), f"{order_id}: {what}")

    def wrong(self, order_id: str, what: str) -> Broken:
        return Broken("other", self.phase(order_id), f"{order_id}: {what}")


def gather(system: Installation, ledger: Ledger, heard: list[Arrived], dead: list[Arrived]) -> Evidence:
    """All of it, as it is now."""
    orders = system.query("""
        SELECT order_id, json_build_object('customer_id', customer_id, 'status', status, 'version', version,
            'total', CAST(total_amount AS text), 'document', document, 'lines', (
                SELECT json_agg(json_build_array(sku, CAST(quantity AS text), CAST(unit_price AS text))
                                ORDER BY line_no) FROM order_items WHERE order_items.order_id = orders.order_id))
        FROM orders
    """)
    notes = defaultdict(list)
    for order_id, row in orders:
        notes[(row["document"] or {}).get("note")].append(order_id)
    outbox = system.query("SELECT order_id, version, position, event_id FROM outbox_events")
    return Evidence(system, ledger, heard, dead, dict(orders), notes, {row[:3]: row[3] for row in outbox})
