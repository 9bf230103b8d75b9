"""Placing an order: of lines (A's shape) or of a free-form object (B's)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from oms import strict_json
from oms.accounts.actor import Actor
from oms.errors import Forbidden, Invalid
from oms.extensions import settings
from oms.ids import new_id
from oms.orders import adjustments, balance, events, lifecycle, payments, representation, store, totals
from oms.orders.order import JourneyEntry, Line, Order
from oms.orders.store import Change


def place_order(session: Session, data: Mapping[str, Any], actor: Actor) -> Order:
    """Write a new order in one statement. `data` is a loaded body.

    Raises as `draw_up`, and `Conflict` (order_id_taken).
    """
    order, change, _ = draw_up(data, actor)
    store.create(session, order, change)
    return order


def draw_up(data: Mapping[str, Any], actor: Actor) -> tuple[Order, Change, bytes]:
    """A new order with its lines and payment parts, its journey and events, to be written by `store.create`, and its
    representation.

    Raises `Invalid` (total_mismatch, too_many_decimals, customer_missing, invalid_first_status) or `Forbidden`
    (customer_id_not_yours, status_not_yours).
    """
    order = _free_form(data, actor) if isinstance(data["items"], dict) else _of_lines(data, actor)
    parts = payments.add_parts(order, data.get("payment") or ())
    _confirm_cash_on_delivery(order)
    entry = JourneyEntry(order.status, None, actor.id, actor.kind)
    whole = representation.with_written_items(order)
    change = Change([entry], order.lines, events.created(order, actor, whole), payments=parts)
    return order, change, strict_json.write(whole)


def _confirm_cash_on_delivery(order: Order) -> None:
    """Nothing has to be captured before an order is packed whose whole price is collected at the door."""
    if order.status == lifecycle.PENDING and order.payments and balance.paid(order):
        order.status = lifecycle.CONFIRMED
        for line in order.lines:
            line.status = order.status


def _of_lines(data: Mapping[str, Any], actor: Actor) -> Order:
    order = _header(data, actor, lifecycle.OPERATOR)
    order.status = _first_status(data, actor)
    order.lines = lines_of(data["items"], order.currency, order.status)
    order.adjustments = adjustments.of_body(data)
    totals.refuse_decimals_of(order.adjustments, order.currency, "")
    totals.apply(order, data.get("total_amount"))
    return order


def _free_form(data: Mapping[str, Any], actor: Actor) -> Order:
    order = _header(data, actor, lifecycle.OWNER)
    order.document = strict_json.write(data["items"])
    order.order_price = data.get("order_price")
    totals.refuse_decimals(order.order_price, order.currency, "/order_price")
    order.total_amount = order.order_price or Decimal(0)
    return order


def _header(data: Mapping[str, Any], actor: Actor, managed_by: str) -> Order:
    now = store.now()
    return Order(
        order_id=data.get("order_id") or new_id(),
        customer_id=_customer(data, actor, managed_by),
        creator_id=actor.id,
        managed_by=managed_by,
        status=lifecycle.PENDING,
        currency=data.get("currency") or settings().default_currency,
        total_amount=Decimal(0),
        created_at=now,
        updated_at=now,
        order_datetime=data.get("order_datetime") or now,
        facility_id=data.get("facility_id"),
        eta=data.get("eta"),
        address=free_form(data.get("address")),
        metadata=free_form(data.get("metadata")),
    )


def _customer(data: Mapping[str, Any], actor: Actor, managed_by: str) -> str:
    wanted: str | None = data.get("customer_id")
    if actor.owner_id is not None:
        if wanted not in (None, actor.owner_id):
            raise Forbidden("customer_id names somebody else.", code="customer_id_not_yours")
        return actor.owner_id
    if wanted is None and managed_by == lifecycle.OWNER:
        return actor.id
    if wanted is None:
        raise Invalid.at("/customer_id", "Say whose order this is.", code="customer_missing")
    return wanted


def _first_status(data: Mapping[str, Any], actor: Actor) -> str:
    status = lifecycle.parse(data.get("status") or lifecycle.PENDING)
    if status == lifecycle.PENDING:
        return status
    if not actor.is_staff:
        raise Forbidden("A new order is pending.", code="status_not_yours")
    if status != lifecycle.CONFIRMED:
        raise Invalid.at("/status", "A new order is pending or confirmed.", code="invalid_first_status")
    return status


def lines_of(items: list[dict[str, Any]], currency: str, status: str) -> list[Line]:
    """Loaded line bodies as lines, numbered from 1; raises `Invalid` too_many_decimals."""
    lines = []
    for position, item in enumerate(items):
        for name in ("unit_price", "sale_price"):
            totals.refuse_decimals(item[name], currency, f"/items/{position}/{name}")
        given = adjustments.of_body(item)
        totals.refuse_decimals_of(given, currency, f"/items/{position}")
        lines.append(
            Line(
                line_no=position + 1,
                sku=item["sku"],
                quantity=item["quantity"],
                unit_price=item["unit_price"],
                sale_price=item["sale_price"],
                name=item.get("name"),
                status=status,
                adjustments=given,
                return_window_days=item.get("return_window_days"),
                metadata=free_form(item.get("metadata")),
            )
        )
    return lines


def free_form(document: Mapping[str, Any] | None) -> bytes | None:
    """A free-form object as the text it is kept in."""
    return None if document is None else strict_json.write(document)
