"""A's PUT: several fields of an order at once, and its status."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from oms import strict_json
from oms.accounts.actor import Actor
from oms.errors import Conflict, Forbidden, Invalid
from oms.orders import bodies, changes, events, lifecycle, placement, store, totals
from oms.orders.completion import complete
from oms.orders.order import Line, Order, Outcome, refuse_other_version
from oms.orders.store import Change


def update_order(
    session: Session,
    order_id: str,
    data: Mapping[str, Any],
    actor: Actor,
    expected: Sequence[int] | None = None,
) -> Outcome:
    """A's PUT: mutable fields, and the status through the lifecycle.

    Raises `Conflict` immutable_field where an immutable field comes with another value; nothing is silently dropped.
    """
    order = store.lock(session, order_id, actor.owner_id)
    refuse_other_version(order, expected)
    _refuse_immutable(order, data)
    _refuse_customer_limits(order, data, actor)
    changed = _apply_fields(session, order, data)
    if changed:
        complete(session, order, Change(events=[lambda: events.updated(order, actor, changed)]), actor)
    if "status" in data:
        moved = changes.change_status(session, order_id, data["status"], actor)
        return Outcome(moved.order, applied=bool(changed) or moved.applied)
    return Outcome(order, applied=bool(changed))


_IMMUTABLE = ("order_id", "customer_id", "currency", "order_datetime", "order_price")
_MUTABLE_TEXT = ("facility_id", "eta")
_FREE_FORM = ("address", "metadata")
_CUSTOMERS_FIELDS = frozenset({"address", "metadata", "items", "total_amount", "status"}) | frozenset(_IMMUTABLE)


def _refuse_immutable(order: Order, data: Mapping[str, Any]) -> None:
    for name in _IMMUTABLE:
        if name in data and data[name] != getattr(order, name):
            raise Conflict(
                f"{name} can't be changed.",
                code="immutable_field",
                errors=[{"pointer": f"/{name}", "detail": "It was set when the order was placed."}],
            )
    follows = order.document is None and "items" in data
    if "total_amount" in data and not follows and data["total_amount"] != order.total_amount:
        raise Conflict(
            "total_amount follows from the items.",
            code="immutable_field",
            errors=[{"pointer": "/total_amount", "detail": "Send the items with it."}],
        )


def _refuse_customer_limits(order: Order, data: Mapping[str, Any], actor: Actor) -> None:
    """Customers change what is theirs to say, while the order could still be cancelled."""
    if actor.kind != "customer":
        return
    foreign = sorted(set(data) - _CUSTOMERS_FIELDS)
    if foreign:
        raise Forbidden(f"{', '.join(foreign)} is for the shop to set.", code="field_not_yours")
    if set(data) - set(_IMMUTABLE) - {"status"} and order.status not in lifecycle.EDITABLE:
        raise Conflict(f"An order that is {order.status} can't be edited.", code="order_not_editable")


def _apply_fields(session: Session, order: Order, data: Mapping[str, Any]) -> list[str]:
    """Set what differs; returns the names of the fields that changed."""
    wanted: dict[str, Any] = {name: data[name] for name in _MUTABLE_TEXT if name in data}
    wanted.update({name: placement.free_form(data[name]) for name in _FREE_FORM if name in data})
    changed = [name for name, value in wanted.items() if value != getattr(order, name)]
    for name in changed:
        setattr(order, name, wanted[name])
    if "items" in data and _replace_items(session, order, data):
        changed.append("items")
    return changed


def _replace_items(session: Session, order: Order, data: Mapping[str, Any]) -> bool:
    before = (_comparable(order.lines), order.document, order.total_amount)
    if order.document is not None:
        document = _free_form_items(data["items"])
        if document != order.document:
            _refuse_unless_editable(order)
        order.document = document
        return order.document != before[1]
    loaded = bodies.LINES.load({"items": data["items"]})["items"]
    fresh = placement.lines_of(loaded, order.currency, order.status)
    if _comparable(fresh) == before[0] and data.get("total_amount", order.total_amount) == order.total_amount:
        return False
    _refuse_unless_editable(order)
    if any(line.cancelled_quantity or line.shipped_quantity for line in order.lines):
        raise Conflict("Some lines are cancelled or shipped already.", code="items_not_editable")
    order.refuse_if_paid()
    order.lines = fresh
    totals.apply(order, data.get("total_amount"))
    store.replace_lines(session, order)
    return True


def _free_form_items(items: Any) -> bytes:
    if not isinstance(items, dict):
        raise Invalid.at("/items", "This order's items are an object.")
    return strict_json.write(items)


def _comparable(found: Sequence[Line]) -> list[tuple[Any, ...]]:
    return [
        (
            line.sku,
            line.name,
            line.quantity,
            line.unit_price,
            line.sale_price,
            line.return_window_days,
            line.metadata,
            line.adjustments.asked(),
        )
        for line in found
    ]


def _refuse_unless_editable(order: Order) -> None:
    if order.status not in lifecycle.EDITABLE:
        raise Conflict(f"The items of an order that is {order.status} can't be changed.", code="items_not_editable")
