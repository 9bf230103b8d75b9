"""What other systems do with one order over Kafka, step by step, and what has to come of it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

REPORTS, COMMANDS = "fulfilment-updates", "order-commands"
BOUGHT_BY = "bulk"
QUANTITY = 9
STATUS_CHANGED = "oms.order.status_changed.v1"


@dataclass(frozen=True, slots=True)
class Step:
    """One message; `after` is the type of the event that its sender waits to hear of the order."""

    topic: str
    document: Callable[[str], Any]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What the database has to hold in the end. A second effect of any message shows in at least one of these."""

    path: tuple[str, ...]
    facility: str | None = None
    shipped: Decimal = Decimal(0)
    cancelled: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Script:
    """`names_its_order`: the sender has chosen the order's id; else a second effect is an order more."""

    name: str
    steps: tuple[Step, ...]
    effect: Effect
    names_its_order: bool = True


def _create(key: str) -> Any:
    lines = [{"sku": "SKU-BULK", "quantity": QUANTITY, "unit_price": "2.50"}]
    return {"command": "create", "order": {"order_id": key, "customer_id": BOUGHT_BY, "items": lines}}


def _create_without_id(key: str) -> Any:
    return {"command": "create", "customer_id": BOUGHT_BY, "order": {"items": {"note": key}, "order_price": "7.50"}}


def _update(**changes: str) -> Step:
    return Step(COMMANDS, lambda key: {"command": "update", "order_id": key, "changes": changes})


def _cancel(quantity: int | None = None) -> Step:
    part = {} if quantity is None else {"items": [{"line_no": 1, "quantity": quantity}]}
    return Step(COMMANDS, lambda key: {"command": "cancel", "order_id": key, "reason": "changed_mind", **part})


def _report(status: str, after: str | None = None, **line: int) -> Step:
    return Step(REPORTS, lambda key: {"order_id": key, "status": status, **line}, after)


CREATE, CONFIRM = Step(COMMANDS, _create), _update(status="confirmed", facility_id="FAC-1")
SCRIPTS = (
    Script(
        "delivered",
        (
            CREATE,
            CONFIRM,
            *(_report(word, STATUS_CHANGED) for word in ("processing", "packed", "shipped", "delivered")),
        ),
        Effect(("pending", "confirmed", "processing", "packed", "shipped", "delivered"), "FAC-1", Decimal(QUANTITY)),
    ),
    Script(
        "shipped in parts",
        (
            *(CREATE, CONFIRM, _update(facility_id="FAC-2")),
            _report("shipped", STATUS_CHANGED, line_no=1, quantity=1),
            _report("shipped", STATUS_CHANGED, line_no=1, quantity=2),
        ),
        Effect(("pending", "confirmed"), "FAC-2", shipped=Decimal(3)),
    ),
    Script(
        "cancelled in part",
        (CREATE, _update(facility_id="FAC-1"), _cancel(1), _update(facility_id="FAC-2"), _cancel(2)),
        Effect(("pending",), "FAC-2", cancelled=Decimal(3)),
    ),
    Script(
        "cancelled",
        (CREATE, CONFIRM, _cancel(2), _cancel()),
        Effect(("pending", "confirmed", "cancelled"), "FAC-1", cancelled=Decimal(QUANTITY)),
    ),
    Script("without an id", (Step(COMMANDS, _create_without_id),), Effect(("pending",)), names_its_order=False),
)
# Not JSON; not a command; a report on an order that nobody has.
POISON: tuple[tuple[str, bytes], ...] = (
    (COMMANDS, b'{"command": "create", "order": {'),
    (COMMANDS, b'{"command": "sell"}'),
    (REPORTS, b'{"order_id": "nobody-has-it", "status": "shipped"}'),
)
