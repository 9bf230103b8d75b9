"""What may have happened to the orders of a shop: most are delivered, some are cancelled, some come back.

Whatever the rows of an order have to agree on (quantities, amounts, versions, times) is decided here, with the words of
the domain; `copying` writes it. A few customers have most of the orders and a few articles most of the lines (the
density of rank r falls as 1/r).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from oms import money, outbox
from oms.accounts.actor import Actor, system
from oms.money import ZERO
from oms.orders import events, lifecycle, representation
from oms.orders.adjustments import NONE, Adjustments
from oms.orders.order import JourneyEntry, Line, Order, Payment, Refund, ReturnItem, ReturnRequest
from oms.outbox import Event

PREFIX = "GEN-"
CUSTOMERS, ARTICLES, FACILITIES = 200_000, 20_000, 40
STAFF, WAREHOUSE = Actor("GEN-STAFF", "staff"), system("fulfilment", "fulfilment")
_COLOURS = ("red", "blue", "green", "black")
_MODES = ("card", "card", "online", "online", "wallet", "cod")
_REASONS = ("damaged", "wrong_item", "not_as_described", "changed_mind", "other")
_DECISION, _TRANSIT, _REMORSE = timedelta(minutes=20), timedelta(days=2), timedelta(days=7)
Told = Callable[[], Event]


@dataclass(frozen=True, slots=True)
class Shop:
    """`newest` is when order 0 was placed, the others lie before it, `per_day` a day; nothing happens after `today`.

    Events are kept of what happened since `remembers`.
    """

    newest: datetime
    per_day: float
    today: datetime
    remembers: datetime
    currency: str


@dataclass(slots=True)
class Story:
    """An order as it stands in the end, and everything on the way there."""

    order: Order
    remembers: datetime
    journey: list[tuple[int, datetime, JourneyEntry]] = field(default_factory=list)
    outbox: list[tuple[datetime, dict[str, object]]] = field(default_factory=list)

    def note(self, moment: datetime, entry: JourneyEntry, told: Callable[[], Iterable[Told | Event]]) -> None:
        """One change, which makes one version; its events where they are still remembered."""
        order = self.order
        order.version, order.updated_at = len(self.journey) + 1, moment
        self.journey.append((order.version, moment, entry))
        if moment >= self.remembers:
            made = [each if isinstance(each, Event) else each() for each in told()]
            self.outbox += [(moment, row) for row in outbox.rows(order.order_id, order.version, made)]

    def move(self, moment: datetime, status: str, actor: Actor, reason: str | None = None) -> None:
        """One step along the lifecycle, with its lines."""
        order, previous = self.order, self.order.status
        order.status = status
        for line in order.lines:
            line.status = status
        entry = JourneyEntry(status, previous, actor.id, actor.kind, reason=reason)

        def told() -> list[Event]:
            if status == lifecycle.CANCELLED:
                return [events.cancelled(order, actor, previous, reason, order.lines)]
            return [events.status_changed(order, actor, previous, entry)]

        self.note(moment, entry, told)


def stories(shop: Shop, numbers: range) -> Iterator[Story]:
    """The same numbers of the same shop have the same stories."""
    rng = Random(numbers.start)  # noqa: S311 - no secret depends on it
    for number in numbers:
        placed_at = shop.newest - timedelta(days=(number + (rng.random() if number else 0)) / shop.per_day)
        yield _story(shop, rng, number, placed_at)


def order_id(number: int) -> str:
    return f"{PREFIX}{number:010d}"


def _story(shop: Shop, rng: Random, number: int, placed_at: datetime) -> Story:
    free_form = rng.random() < 0.15
    order = _free_form(shop, rng, number, placed_at) if free_form else _of_lines(shop, rng, number, placed_at)
    owner = Actor(order.customer_id, "customer")
    creator = owner if order.creator_id == order.customer_id else STAFF
    story = Story(order, shop.remembers)
    first = JourneyEntry(order.status, None, creator.id, creator.kind)
    story.note(placed_at, first, lambda: events.created(order, creator, representation.with_written_items(order)))
    moment = placed_at
    for typical, step in _plan(rng, story, owner):
        moment += typical * (0.1 + rng.expovariate(1.0))
        if moment > shop.today:
            break
        step(moment)
    return story


def _rank(rng: Random, count: int) -> int:
    return int(count ** rng.random())


def _header(shop: Shop, rng: Random, number: int, placed_at: datetime) -> Order:
    customer = f"GEN-C{_rank(rng, CUSTOMERS):06d}"
    return Order(
        order_id=order_id(number),
        customer_id=customer,
        creator_id=customer if rng.random() < 0.9 else STAFF.id,
        managed_by=lifecycle.OPERATOR,
        status=lifecycle.PENDING,
        currency=shop.currency,
        total_amount=ZERO,
        created_at=placed_at,
        updated_at=placed_at,
        order_datetime=placed_at,
    )


def _free_form(shop: Shop, rng: Random, number: int, placed_at: datetime) -> Order:
    order = _header(shop, rng, number, placed_at)
    order.managed_by = lifecycle.OWNER
    order.document = b'{"coffee":{"size":"large","shots":%d},"cake":%d}' % (rng.randint(1, 4), rng.randint(0, 3))
    order.order_price = order.total_amount = rng.randint(3, 60) * money.smallest(shop.currency) * 50
    return order


def _of_lines(shop: Shop, rng: Random, number: int, placed_at: datetime) -> Order:
    order = _header(shop, rng, number, placed_at)
    unit = money.smallest(shop.currency)
    order.facility_id = f"GEN-F{_rank(rng, FACILITIES):02d}"
    order.lines = [_line(rng, line_no, unit) for line_no in range(1, min(8, 1 + int(rng.expovariate(0.45))) + 1)]
    order.eta = placed_at + timedelta(days=3)
    if rng.random() < 0.7:
        phone = b"+49%010d" % (int(order.customer_id[5:]) * 7919)
        order.address = b'{"name":"%s","city":"Springfield","phone":"%s"}' % (order.customer_id.encode(), phone)
    if rng.random() < 0.2:
        order.metadata = b'{"channel":"app"}'
    net = sum((line.quantity * line.sale_price - line.adjustments.discount for line in order.lines), ZERO)
    if rng.random() < 0.3:
        order.adjustments = Adjustments(delivery_charge=499 * unit)
    order.total_amount = net + order.adjustments.charges
    mode = rng.choice(_MODES)
    order.payments = [Payment(f"GP{number:024d}", mode, order.total_amount, placed_at)]
    if mode == "cod":
        order.status = lifecycle.CONFIRMED
        for line in order.lines:
            line.status = order.status
    return order


def _line(rng: Random, line_no: int, unit: Decimal) -> Line:
    article = _rank(rng, ARTICLES)
    price = (199 + article * 7919 % 9800) * unit
    discount = Adjustments(discount=100 * unit) if rng.random() < 0.1 else NONE
    name = f"Article {article}, {_COLOURS[article % 4]}"
    return Line(line_no, f"GEN-SKU-{article:05d}", Decimal(rng.choice((1, 1, 1, 2, 3))), price, price, name,
                adjustments=discount)  # fmt: skip


_Plan = list[tuple[timedelta, Callable[[datetime], None]]]


def _plan(rng: Random, story: Story, owner: Actor) -> _Plan:
    """What is going to happen, and how long each step takes after the one before."""
    fate = rng.random()
    cancel: _Plan = [(_DECISION * 12, lambda moment: _cancel(story, moment, owner))]
    if fate < 0.03:
        return cancel
    drives = owner if story.order.managed_by == lifecycle.OWNER else WAREHOUSE
    confirm: _Plan = [] if story.order.status == lifecycle.CONFIRMED else [(_DECISION, lambda at: _confirm(story, at))]
    if fate < 0.09:
        return confirm + cancel
    sent: _Plan = [
        (_DECISION * 6, lambda moment: story.move(moment, lifecycle.PROCESSING, drives)),
        (_DECISION * 12, lambda moment: story.move(moment, lifecycle.PACKED, drives)),
        (_DECISION * 12, lambda moment: _ship(story, moment, drives)),
    ]
    if fate < 0.10:
        return [*confirm, *sent, (_TRANSIT, lambda moment: story.move(moment, lifecycle.DELIVERY_FAILED, drives))]
    delivered: _Plan = [*confirm, *sent, (_TRANSIT, lambda moment: _deliver(story, moment, drives))]
    if not story.order.lines or fate > 0.19:
        return delivered
    if fate > 0.16:
        return [*delivered, (_REMORSE, lambda moment: _give_good_will(story, moment))]
    reason = rng.choice(_REASONS)
    return [
        *delivered,
        (_REMORSE, lambda moment: _announce_return(story, moment, owner, reason)),
        (_DECISION * 12, lambda moment: _accept_return(story, moment)),
        (_TRANSIT, lambda moment: _take_back(story, moment)),
    ]


def _money(order: Order, event: str, actor: Actor, details: dict[str, object]) -> JourneyEntry:
    return JourneyEntry(order.status, order.status, actor.id, actor.kind, event=event, details=details)


def _capture(story: Story, moment: datetime, actor: Actor) -> None:
    (payment,) = story.order.payments
    payment.status, payment.captured_amount = "captured", payment.amount
    _tell_payment(story, moment, actor, payment, events.PAYMENT_CAPTURED)


def _tell_payment(story: Story, moment: datetime, actor: Actor, payment: Payment, kind: str) -> None:
    order = story.order
    details = representation.payment_details(payment, order.currency)
    entry = _money(order, f"payment.{payment.status}", actor, details)
    story.note(moment, entry, lambda: [events.payment_changed(kind, order, actor, payment)])


def _confirm(story: Story, moment: datetime) -> None:
    order = story.order
    if order.payments:
        _capture(story, moment, STAFF)
    story.move(moment, lifecycle.CONFIRMED, STAFF if order.payments else Actor(order.customer_id, "customer"))


def _ship(story: Story, moment: datetime, actor: Actor) -> None:
    for line in story.order.lines:
        line.shipped_quantity = line.quantity
    story.move(moment, lifecycle.SHIPPED, actor)


def _deliver(story: Story, moment: datetime, actor: Actor) -> None:
    order = story.order
    for line in order.lines:
        line.delivered_quantity, line.delivered_at = line.quantity, moment
    story.move(moment, lifecycle.DELIVERED, actor)
    if order.payments and order.payments[0].open:  # cash at the door
        _capture(story, moment, actor)


def _cancel(story: Story, moment: datetime, actor: Actor) -> None:
    order = story.order
    for line in order.lines:
        line.cancelled_quantity = line.quantity
    story.move(moment, lifecycle.CANCELLED, actor, reason="changed_mind")
    if order.payments and order.payments[0].open:
        (payment,) = order.payments
        payment.status = "voided"
        _tell_payment(story, moment, actor, payment, events.PAYMENT_VOIDED)
    elif order.payments:
        _refund(story, moment, order.total_amount, "cancel")


def _refund(story: Story, moment: datetime, amount: Decimal, cause: str) -> None:
    """Given back by hand at once; nothing generated is ever asked of a provider."""
    order, (payment,) = story.order, story.order.payments
    refund_id = f"GR{payment.payment_id[2:]}"
    refund = Refund(refund_id, payment.payment_id, cause.format(refund_id), "processed", amount, moment, by_hand=True)
    payment.refunds.append(refund)
    payment.refunded_amount += amount
    details = representation.refund_details([refund], order.currency)
    entry = _money(order, "refund.processed", STAFF, details)
    story.note(moment, entry, lambda: [events.refund_changed(events.REFUND_PROCESSED, order, STAFF, [refund])])


def _give_good_will(story: Story, moment: datetime) -> None:
    order = story.order
    amount = money.rounded(order.total_amount / 10, order.currency)
    if amount:
        _refund(story, moment, amount, "amount:{}")


def _announce_return(story: Story, moment: datetime, owner: Actor, reason: str) -> None:
    order = story.order
    items = [ReturnItem(line.line_no, line.quantity) for line in order.lines]
    request = ReturnRequest(f"GT{order.payments[0].payment_id[2:]}", "requested", reason, moment, moment, items=items)
    order.returns.append(request)
    _tell_return(story, moment, owner, request)
    story.move(moment, lifecycle.RETURN_REQUESTED, owner, reason=reason)


def _accept_return(story: Story, moment: datetime) -> None:
    (request,) = story.order.returns
    request.status, request.updated_at = "accepted", moment
    _tell_return(story, moment, STAFF, request)


def _take_back(story: Story, moment: datetime) -> None:
    order, (request,) = story.order, story.order.returns
    for line, item in zip(order.lines, request.items, strict=True):
        line.returned_quantity = line.refunded_quantity = item.accepted_quantity = line.quantity
        item.condition = "as_new"
    request.status, request.updated_at = "received", moment
    _tell_return(story, moment, STAFF, request)
    story.move(moment, lifecycle.RETURNED, STAFF)
    _refund(story, moment, order.total_amount, f"return:{request.return_id}")
    request.status = "closed"
    _tell_return(story, moment, STAFF, request)


def _tell_return(story: Story, moment: datetime, actor: Actor, request: ReturnRequest) -> None:
    order = story.order
    entry = _money(order, f"return.{request.status}", actor, {"return_id": request.return_id})
    story.note(moment, entry, lambda: [events.return_changed(order, actor, request)])
