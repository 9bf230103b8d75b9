"""A small model of an order, written from the design and not from the code: what a request should do to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.orders.table import CUSTOMER_CANCELS, MAIN, predict

ZERO = Decimal(0)
ARRIVED = {"delivered", "return_requested", "returned"}
DISPATCHED = ARRIVED | {"shipped", "partially_delivered", "delivery_failed", "returned"}
BEFORE_ARRIVAL = ["pending", "confirmed", "processing", "packed", "shipped", "delivery_failed"]


@dataclass
class ModelLine:
    quantity: Decimal
    status: str = "pending"
    cancelled: Decimal = ZERO
    shipped: Decimal = ZERO
    delivered: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def unshipped(self) -> Decimal:
        return self.quantity - self.cancelled - self.shipped

    @property
    def on_its_way(self) -> bool:
        return self.shipped > 0 and self.status not in ("cancelled", "delivery_failed")

    def go(self, target: str) -> None:
        """All that is left of the line moves."""
        if target == "cancelled":
            self.cancel(self.unshipped)
            return
        if target in ("shipped", "delivered"):
            self.shipped += self.unshipped
        if target == "delivered":
            self.delivered = self.shipped
        if target == "returned":
            self.returned = self.delivered
        self.status = target

    def cancel(self, quantity: Decimal) -> None:
        self.cancelled += quantity
        if self.cancelled == self.quantity or self.status == "delivery_failed":
            self.status = "cancelled"
        elif self.unshipped == 0:
            self.status = "delivered" if self.delivered == self.shipped else "shipped"


@dataclass
class ModelOrder:
    """`steps` are the versions that have a journey entry; the others are edits."""

    order_id: str
    owner: Any
    owner_managed: bool
    paid: bool
    lines: list[ModelLine]
    status: str = "pending"
    version: int = 1
    metadata: Any = None
    invoiced: bool = False
    steps: list[int] = field(default_factory=lambda: [1])

    def ask(self, current: str, target: str, who: str) -> tuple[str, ...] | str | None:
        return predict(current, target, who, owner_managed=self.owner_managed, paid=self.paid)

    def change_status(self, target: str, who: str) -> str | None:
        """Returns the code of the refusal, None when it is done."""
        answer = self.ask(self.status, target, who)
        if answer is None or isinstance(answer, str):
            return answer
        if target == "cancelled" and any(line.on_its_way for line in self.lines):
            return "not_cancellable"
        if self.owner_managed and who == "customer" and (self.status, target) == ("pending", "confirmed"):
            self.paid = True
        for line in self.lines:
            if line.status not in ("cancelled", target) and self._goes_along(line, target):
                line.go(target)
        self.status = target
        self._stepped(1)
        return None

    @staticmethod
    def _goes_along(line: ModelLine, target: str) -> bool:
        if line.status == "returned" or target == "partially_delivered":
            return False
        if target == "return_requested":
            return line.delivered > 0
        ahead = line.status in MAIN and target in MAIN and MAIN.index(line.status) > MAIN.index(target)
        return not ahead

    def change_line(self, number: int, target: str, who: str) -> str | None:
        line = self.lines[number - 1]
        if target == "cancelled":
            return None if line.status == "cancelled" else self.cancel_lines([(number, None)], who)
        answer = self.ask(line.status, target, who)
        if answer is None or isinstance(answer, str):
            return answer
        line.go(target)
        self._derive(1)
        return None

    def cancel(self, who: str) -> str | None:
        if self.status == "cancelled":
            return None
        return self.change_status("cancelled", who)

    def cancel_lines(self, wanted: Sequence[tuple[int, Decimal | None]], who: str) -> str | None:
        """The lines are different ones."""
        for number, quantity in wanted:
            line = self.lines[number - 1]
            if line.status != "cancelled" and isinstance(code := self.ask(line.status, "cancelled", who), str):
                return "not_cancellable" if code == "invalid_transition" else code
            if quantity is not None and quantity > line.unshipped:
                return "quantity_exceeded"
        moved = [(self.lines[number - 1], quantity) for number, quantity in wanted]
        moved = [(line, quantity) for line, quantity in moved if line.status != "cancelled"]
        for line, quantity in moved:
            line.cancel(line.unshipped if quantity is None else quantity)
        if moved:
            self._derive(len(moved))
        return None

    def order_quantity(self, number: int, quantity: Decimal) -> str | None:
        line = self.lines[number - 1]
        if not {line.status, self.status} <= CUSTOMER_CANCELS:
            return "line_not_editable"
        if quantity <= line.cancelled + line.shipped:
            return "quantity_exceeded"
        if quantity != line.quantity:
            line.quantity = quantity
            self.version += 1
        return None

    def edit(self, metadata: Any, who: str) -> str | None:
        if who == "customer" and self.status not in CUSTOMER_CANCELS:
            return "order_not_editable"
        if metadata != self.metadata:
            self.metadata = metadata
            self.version += 1
        return None

    def _derive(self, entries: int) -> None:
        before, self.status = self.status, self._standing()
        self._stepped(entries + (self.status != before))

    def _standing(self) -> str:
        live = {line.status for line in self.lines if line.status != "cancelled"}
        if not live:
            return "cancelled"
        if not live & (ARRIVED | {"partially_delivered"}):
            return min(live, key=BEFORE_ARRIVAL.index)
        if live - ARRIVED:
            return "partially_delivered"
        if live == {"returned"}:
            return "returned"
        return "return_requested" if "return_requested" in live else "delivered"

    def _stepped(self, entries: int) -> None:
        """Goods that leave the house get an invoice, but for those of an order its owner drives."""
        if self.status in DISPATCHED and not self.owner_managed and not self.invoiced:
            self.invoiced = True
            entries += 1
        self.steps += range(self.version + 1, self.version + entries + 1)
        self.version += entries
