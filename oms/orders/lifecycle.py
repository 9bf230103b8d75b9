"""The lifecycle of orders and lines as data. Pure: every door asks here, nothing else compares statuses."""

from dataclasses import dataclass

from oms.accounts.actor import Actor
from oms.errors import Forbidden, Invalid, InvalidTransition

PENDING, CONFIRMED, PROCESSING, PACKED, SHIPPED = "pending", "confirmed", "processing", "packed", "shipped"
PARTIALLY_DELIVERED, DELIVERED, DELIVERY_FAILED = "partially_delivered", "delivered", "delivery_failed"
CANCELLED, RETURN_REQUESTED, RETURNED = "cancelled", "return_requested", "returned"

# What the customer sees.
STATUSES = {
    PENDING: "Payment Pending",
    CONFIRMED: "Processing",
    PROCESSING: "Packing Your Order",
    PACKED: "Packed",
    SHIPPED: "Out For Delivery",
    PARTIALLY_DELIVERED: "Partly Delivered",
    DELIVERED: "Delivered",
    DELIVERY_FAILED: "Delivery Failed",
    CANCELLED: "Cancelled",
    RETURN_REQUESTED: "Return Initiated",
    RETURNED: "Returned",
}
TRANSITIONS: dict[str, tuple[str, ...]] = {
    PENDING: (CONFIRMED, CANCELLED),
    CONFIRMED: (PROCESSING, PACKED, SHIPPED, CANCELLED),
    PROCESSING: (PACKED, SHIPPED, CANCELLED),
    PACKED: (SHIPPED, CANCELLED),
    SHIPPED: (DELIVERED, PARTIALLY_DELIVERED, DELIVERY_FAILED),
    PARTIALLY_DELIVERED: (DELIVERED, RETURN_REQUESTED),
    DELIVERY_FAILED: (SHIPPED, CANCELLED, RETURNED),
    DELIVERED: (RETURN_REQUESTED,),
    RETURN_REQUESTED: (RETURNED, DELIVERED, PARTIALLY_DELIVERED),
    CANCELLED: (),
    RETURNED: (),
}
MAIN_PATH = (PENDING, CONFIRMED, PROCESSING, PACKED, SHIPPED, DELIVERED)
CUSTOMER_MAY_CANCEL = frozenset({PENDING, CONFIRMED, PROCESSING})
STAFF_ONLY_CANCEL = frozenset({PACKED, DELIVERY_FAILED})
# The first statuses in which goods have left the house.
DISPATCHED = frozenset({SHIPPED, PARTIALLY_DELIVERED, DELIVERED, DELIVERY_FAILED, RETURN_REQUESTED, RETURNED})
EDITABLE = CUSTOMER_MAY_CANCEL
_WORDS = {
    **{status: status for status in STATUSES},
    "canceled": CANCELLED,
    "paid": CONFIRMED,
}
OWNER, OPERATOR = "owner", "operator"


@dataclass(frozen=True, slots=True)
class Step:
    """What a requested move comes to. `applied` is False when nothing changes; `skipped` names jumped statuses."""

    target: str
    applied: bool
    skipped: tuple[str, ...] = ()


def parse(word: str) -> str:
    """The status a word means, without regard to case; raises `Invalid` with the list of words."""
    status = _WORDS.get(word.strip().lower())
    if status is None:
        raise Invalid.at(
            "/status",
            f"Unknown status; use one of {', '.join(STATUSES)}.",
            code="unknown_status",
            allowed=list(STATUSES),
        )
    return status


def allowed_from(status: str) -> list[str]:
    """The steps the table has from here, whoever takes them."""
    return list(TRANSITIONS[status])


def step(current: str, target: str, actor: Actor, managed_by: str, *, paid: bool) -> Step:
    """Decide one move. Raises `InvalidTransition` (with `allowed`) or `Forbidden` (not this actor's to make).

    `paid`: the order's money is captured in full, or is cash on delivery.
    """
    if current == target:
        return Step(target, applied=False)
    if _is_late_message(current, target, actor):
        return Step(target, applied=False)
    jump = _jump(current, target) if actor.drives_fulfilment else ()
    if target not in TRANSITIONS[current] and not jump:
        raise _no_such_step(current, target)
    _refuse_strangers(current, target, actor, managed_by)
    if current == PENDING and target != CANCELLED and not (paid or actor.is_staff or managed_by == OWNER):
        raise InvalidTransition(
            "The order is not paid in full yet.", code="payment_required", allowed=[CANCELLED], current=current
        )
    return Step(target, applied=True, skipped=jump if target not in TRANSITIONS[current] else ())


def _jump(current: str, target: str) -> tuple[str, ...]:
    """The statuses of the main path strictly between two of its own, if target lies ahead."""
    if current not in MAIN_PATH or target not in MAIN_PATH:
        return ()
    return MAIN_PATH[MAIN_PATH.index(current) + 1 : MAIN_PATH.index(target)]


def _is_late_message(current: str, target: str, actor: Actor) -> bool:
    """A warehouse or a carrier reports a stage of the main path that lies behind. Nothing lies behind a cancelled
    order: that report is a conflict somebody has to see."""
    reports = actor.kind == "system" or "fulfilment" in actor.scopes
    if not reports or target not in MAIN_PATH or (target in TRANSITIONS[current] and current != RETURN_REQUESTED):
        return False
    if current in (RETURN_REQUESTED, RETURNED):
        return True
    reached = SHIPPED if current in (PARTIALLY_DELIVERED, DELIVERY_FAILED) else current
    return reached in MAIN_PATH and MAIN_PATH.index(target) <= MAIN_PATH.index(reached)


def _refuse_strangers(current: str, target: str, actor: Actor, managed_by: str) -> None:
    """Customers cancel and confirm receipt; the owner of an owner-managed order drives it along the whole table."""
    if target == CANCELLED:
        refuse_cancel(current, actor)
        return
    if actor.drives_fulfilment or (actor.kind == "customer" and managed_by == OWNER):
        return
    if actor.kind == "customer" and (current, target) == (SHIPPED, DELIVERED):
        return
    raise Forbidden("This step is not yours to take.", code="step_not_yours", allowed=_steps_of_customer(current))


def _steps_of_customer(current: str) -> list[str]:
    steps = [CANCELLED] if current in CUSTOMER_MAY_CANCEL else []
    return [*steps, DELIVERED] if current == SHIPPED else steps


def refuse_cancel(current: str, actor: Actor) -> None:
    """Raise `InvalidTransition` (code not_cancellable) unless this actor may cancel from here."""
    if current in CUSTOMER_MAY_CANCEL or (current in STAFF_ONLY_CANCEL and actor.is_staff):
        return
    raise InvalidTransition(
        f"An order that is {current} can't be cancelled{'' if actor.is_staff else ' by you'}.",
        code="not_cancellable",
        allowed=[status for status in TRANSITIONS[current] if status != CANCELLED or actor.is_staff],
        current=current,
    )


def _no_such_step(current: str, target: str) -> InvalidTransition:
    return InvalidTransition(
        f"An order that is {current} can't become {target}.", allowed=allowed_from(current), current=current
    )
