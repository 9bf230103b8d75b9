"""The money of an order as the design has it: what is owed, held and given back, and what follows from each step.

Where goods stand is the other model's business (`tests.orders.model`). All methods that ask for something return the
code of the refusal, None when it is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.orders.amounts import PLACES, rounded, unit
from tests.orders.model import ARRIVED, ModelLine, ModelOrder

ZERO = Decimal(0)
# Card networks end three decimals with a zero.
STEP = {"JPY": Decimal(1), "USD": Decimal("0.01"), "KWD": Decimal("0.010")}


def split(amount: Decimal, weights: Sequence[Any], currency: str) -> list[Decimal]:
    """By largest remainder; ties go to the earlier part."""
    weights = [Fraction(weight) for weight in weights]
    if not sum(weights):
        weights = [Fraction(1)] * len(weights)
    exact = [Fraction(amount) / Fraction(unit(currency)) * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    for _ in range(int(Fraction(amount) / Fraction(unit(currency))) - sum(parts)):
        position = max(range(len(parts)), key=lambda at: (exact[at] - parts[at], -at))
        parts[position] += 1
    return [part * unit(currency) for part in parts]


@dataclass
class Line:
    """What is asked for: a line of a body. `tax` is a rate in percent that is added."""

    quantity: Decimal
    price: Decimal
    discount: Decimal = ZERO
    charge: Decimal = ZERO
    tax: Decimal = ZERO

    def net(self, currency: str) -> Fraction:
        base = Fraction(self.quantity) * Fraction(self.price) - Fraction(self.discount) + Fraction(self.charge)
        return base + Fraction(rounded(base * Fraction(self.tax) / 100, currency))


@dataclass
class Share:
    """What one part gives to a refund. `cause` is the return it is for."""

    amount: Decimal
    cause: "Return | None"
    status: str = "created"
    refund_id: str = ""
    theirs: str | None = None
    by_hand: bool = False


@dataclass
class Part:
    mode: str
    amount: Decimal
    provider: bool
    status: str = "pending"
    captured: Decimal = ZERO
    payment_id: str = ""
    opened: str | None = None
    theirs: str | None = None
    shares: list[Share] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.status in ("pending", "authorized")

    @property
    def refunded(self) -> Decimal:
        return sum((share.amount for share in self.shares if share.status == "processed"), ZERO)

    @property
    def refundable(self) -> Decimal:
        return self.captured - sum((share.amount for share in self.shares), ZERO)


@dataclass
class Return:
    return_id: str
    resolution: str
    items: dict[int, Decimal]
    status: str = "requested"
    accepted: dict[int, Decimal] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        return self.status in ("requested", "accepted")


class MoneyModel:
    """`goods` says where lines and order stand; `refunded` counts units by line whose price was given back."""

    def __init__(self, order_id: str, currency: str, total: Decimal, lines: Sequence[Line]) -> None:
        self.currency, self.total = currency, total
        self.goods = ModelOrder(order_id, None, False, False, [ModelLine(line.quantity) for line in lines])
        self.values = split(total, [line.net(currency) for line in lines], currency)
        self.refunded = [ZERO] * len(lines)
        self.parts: list[Part] = []
        self.returns: list[Return] = []
        self.good_will = ZERO

    # --- what follows from it all

    @property
    def credited(self) -> Decimal:
        """What the units are worth that nobody pays for any more."""
        found = ZERO
        for line, value, refunded in zip(self.goods.lines, self.values, self.refunded, strict=True):
            units = line.quantity if line.status == "cancelled" else line.cancelled + refunded
            found += rounded(Fraction(value) * Fraction(units) / Fraction(line.quantity), self.currency)
        return found

    @property
    def owed(self) -> Decimal:
        return max(ZERO, self.total - self.credited - self.good_will)

    @property
    def held(self) -> Decimal:
        return sum((part.refundable for part in self.parts), ZERO)

    @property
    def due(self) -> Decimal:
        return max(ZERO, self.owed - self.held)

    @property
    def asked_for(self) -> Decimal:
        """What open parts are going to bring."""
        return sum((part.amount for part in self.parts if part.open), ZERO)

    @property
    def captured(self) -> Decimal:
        return sum((part.captured for part in self.parts), ZERO)

    @property
    def given_back(self) -> Decimal:
        return sum((part.refunded for part in self.parts), ZERO)

    @property
    def payment_state(self) -> str:
        if not self.captured:
            return "unpaid" if self.total else "paid"
        if self.given_back:
            return "refunded" if self.given_back >= self.captured else "partially_refunded"
        return "partially_paid" if self.due else "paid"

    def settle(self, cause: Return | None = None, *, first: Part | None = None, who: str = "staff") -> None:
        """What follows from a change, in the transaction of the change."""
        if self.goods.status == "delivered":
            for part in self.parts:
                if part.mode == "cod" and part.open and self.due:
                    part.status, part.captured = "captured", min(part.amount, self.due)
        self._ask_for_no_more_than_is_due()
        cash = sum((part.amount for part in self.parts if part.open and part.mode == "cod"), ZERO)
        if self.goods.status == "pending" and self.parts and cash >= self.due:
            self.goods.change_status("confirmed", "staff")
        if self.held > self.owed:
            self.draw(self.held - self.owed, cause, first=first, who=who)
        self.close_returns()

    def _ask_for_no_more_than_is_due(self) -> None:
        """The last part gives way first; what a provider has opened keeps its amount or is voided."""
        too_much = self.asked_for - self.due
        for part in reversed([part for part in self.parts if part.open]):
            if too_much <= 0:
                return
            if part.amount <= too_much:
                too_much -= part.amount
                part.status = "voided"
            elif part.opened is None:
                part.amount -= too_much
                return

    def draw(
        self, amount: Decimal, cause: Return | None = None, *, first: Part | None = None, who: str = "staff"
    ) -> None:
        """Promise `amount`: from the part whose money should not have come, then in proportion to what each holds."""
        given = {id(part): ZERO for part in self.parts}
        if first is not None:
            given[id(first)] = min(amount, first.refundable)
        sources = [part for part in self.parts if part.refundable > given[id(part)]]
        rest = amount - sum(given.values(), ZERO)
        weights = [part.refundable - given[id(part)] for part in sources]
        for part, share in zip(sources, split(rest, weights, self.currency), strict=True):
            given[id(part)] += share
        for part in self.parts:
            if share := given[id(part)]:
                waits = part.mode in ("cash", "cod") and who != "staff"
                part.shares.append(Share(share, cause, "pending" if waits else "created", by_hand=waits))

    def close_returns(self) -> None:
        """A received return is closed once all that it was for has been given back."""
        for request in self.returns:
            shares = [share for part in self.parts for share in part.shares if share.cause is request]
            if request.status == "received" and all(share.status == "processed" for share in shares):
                request.status = "closed"

    # --- payments

    def add_part(self, mode: str, amount: Decimal | None) -> str | None:
        left = self.due - self.asked_for
        if self.goods.status == "cancelled":
            return "order_cancelled"
        if left <= 0:
            return "nothing_due"
        if amount is not None and amount > left:
            return "amount_exceeds_due"
        self.parts.append(Part(mode, left if amount is None else amount, mode not in ("cash", "cod")))
        self.settle()
        return None

    def capture_by_hand(self, part: Part, amount: Decimal | None) -> str | None:
        if part.status == "captured":
            return None
        if self.goods.status == "cancelled":
            return "order_cancelled"
        if not part.open:
            return "payment_not_open"
        if amount is not None and amount > part.amount:
            return "amount_exceeds_payment"
        part.status, part.captured = "captured", part.amount if amount is None else amount
        self.settle(first=part)
        return None

    def end_part(self, part: Part, status: str) -> str | None:
        if part.status == status:
            return None
        if not part.open:
            return "payment_not_open"
        part.status = status
        self.settle()
        return None

    def hear(self, part: Part, theirs: str, status: str, amount: Decimal) -> bool:
        """What a provider says of an attempt to pay a part; True when that is news. Captured money is always money."""
        known = next((one for one in self.parts if one.theirs == theirs), None)
        if status != "captured":
            part = known or part
            closed = self.goods.status == "cancelled" or part.status != "pending"
            if status == "authorized" and not closed:
                part.status, part.theirs = "authorized", theirs
                self.settle()
                return True
            return False
        if known is None and part.status == "captured":
            part = Part(part.mode, amount, True, opened=part.opened)
            self.parts.append(part)
        part = known or part
        if part.status == "captured":
            return False
        part.status, part.captured, part.theirs = "captured", amount, theirs
        self.settle(first=part, who="provider")
        return True

    # --- refunds

    def refund_amount(self, amount: Decimal) -> str | None:
        if amount > self.held:
            return "refund_exceeds_refundable"
        self.good_will += amount
        self.draw(amount)
        self.settle()
        return None

    def refund_items(self, number: int, quantity: Decimal) -> str | None:
        line, before = self.goods.lines[number - 1], self.credited
        if line.status == "cancelled" or quantity > line.quantity - line.cancelled - self.refunded[number - 1]:
            return "quantity_exceeded"
        self.refunded[number - 1] += quantity
        amount = self.credited - before
        if not amount or amount > self.held:
            self.refunded[number - 1] -= quantity
            return "refund_exceeds_refundable" if amount else "nothing_to_refund"
        self.draw(amount)
        self.settle()
        return None

    # --- goods

    def moved(self, who: str = "staff") -> None:
        """Goods have moved: cancelled units are no longer counted as refunded."""
        for at, line in enumerate(self.goods.lines):
            self.refunded[at] = min(self.refunded[at], line.quantity - line.cancelled)
        self.settle(who=who)

    def announced(self, number: int) -> Decimal:
        return sum((request.items.get(number, ZERO) for request in self.returns if request.open), ZERO)

    def returnable(self, number: int, resolution: str = "refund") -> Decimal:
        line = self.goods.lines[number - 1]
        kept = self.paid_for_and_kept(number) if resolution == "exchange" else ZERO
        return line.delivered - line.returned - self.announced(number) - kept

    def request_return(self, return_id: str, items: Mapping[int, Decimal], resolution: str) -> None:
        self.returns.append(Return(return_id, resolution, dict(items)))
        self._stand()
        self.settle()

    def step_return(self, request: Return, target: str, accepted: Mapping[int, Decimal] | None = None) -> str | None:
        after = {"requested": ("accepted",), "accepted": ("received",)}.get(request.status, ())
        passed = {"accepted": ("received", "closed"), "received": ("closed",)}.get(target, ())
        if request.status == target or request.status in passed:
            return None
        if target not in (*after, *(("rejected", "cancelled") if request.open else ())):
            return "invalid_return_step"
        request.status = target
        if target == "received":
            request.accepted = {number: (accepted or {}).get(number, count) for number, count in request.items.items()}
            for number, count in request.accepted.items():
                if request.resolution == "refund":
                    self.refunded[number - 1] += max(ZERO, count - self.paid_for_and_kept(number))
            for number, count in request.accepted.items():
                self.goods.lines[number - 1].returned += count
        if target != "accepted":
            self._stand()
        self.settle(request)
        return None

    def paid_for_and_kept(self, number: int) -> Decimal:
        """Units whose price was given back, and which the customer has kept."""
        came_back = self.goods.lines[number - 1].returned - self._exchanged(number)
        return max(ZERO, self.refunded[number - 1] - came_back)

    def _exchanged(self, number: int) -> Decimal:
        """Units that came back for others in their place."""
        swapped = (request.accepted for request in self.returns if request.resolution == "exchange")
        return sum((accepted.get(number, ZERO) for accepted in swapped), ZERO)

    def _stand(self) -> None:
        """Delivered lines stand where their goods are, and the order where its lines do."""
        for number, line in enumerate(self.goods.lines, 1):
            if line.status in ARRIVED:
                whole = line.returned == line.quantity - line.cancelled
                line.status = "return_requested" if self.announced(number) else "returned" if whole else "delivered"
        self.goods._derive(0)


def minor(amount: Decimal, currency: str) -> int:
    """An amount as a provider counts it."""
    return int(amount.scaleb(PLACES[currency]))
