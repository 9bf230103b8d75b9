"""The one representation of an order, written by hand for speed; `tests/orders` holds it equal to its schema."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from oms import money, strict_json
from oms.orders import lifecycle
from oms.orders.order import ZERO, Line, Order


def render(order: Order) -> bytes:
    """The finished JSON: what GET answers, what the cache holds, what lists are made of."""
    return strict_json.write(document(order))


def document(order: Order) -> dict[str, Any]:
    currency = order.currency
    return {
        "order_id": order.order_id,
        "id": order.order_id,
        "status": order.status,
        "customer_status": lifecycle.STATUSES[order.status],
        "payment_state": payment_state(order),
        "allowed_statuses": lifecycle.TRANSITIONS[order.status],
        "can_cancel": order.status in lifecycle.CUSTOMER_MAY_CANCEL,
        "managed_by": order.managed_by,
        "customer_id": order.customer_id,
        "creator_id": order.creator_id,
        "facility_id": order.facility_id,
        "currency": currency,
        "total_amount": amount(order.total_amount, currency),
        "order_price": None if order.order_price is None else amount(order.order_price, currency),
        "rounding_adjustment": amount(order.rounding_adjustment, currency),
        "items": items(order),
        "address": raw(order.address),
        "payments": [_payment(payment, currency) for payment in order.payments],
        "returns": [_return(request) for request in order.returns],
        "order_datetime": moment(order.order_datetime),
        "eta": moment(order.eta),
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "version": order.version,
        "metadata": raw(order.metadata),
    }


def items(order: Order) -> Any:
    """B's free-form object as it came, or the lines."""
    if order.document is not None:
        return raw(order.document)
    return [line_document(line, order.currency) for line in order.lines]


def line_document(line: Line, currency: str) -> dict[str, Any]:
    return {
        "line_no": line.line_no,
        "sku": line.sku,
        "name": line.name,
        "quantity": quantity(line.quantity),
        "unit_price": amount(line.unit_price, currency),
        "sale_price": amount(line.sale_price, currency),
        "status": line.status,
        "cancelled_quantity": quantity(line.cancelled_quantity),
        "shipped_quantity": quantity(line.shipped_quantity),
        "delivered_quantity": quantity(line.delivered_quantity),
        "returned_quantity": quantity(line.returned_quantity),
        "refunded_quantity": quantity(line.refunded_quantity),
        "metadata": raw(line.metadata),
    }


def payment_state(order: Order) -> str:
    """Derived from the parts, never stored: what was captured against what is due, then what went back."""
    captured = order.captured_amount
    refunded = sum((Decimal(payment["refunded_amount"]) for payment in order.payments), ZERO)
    if refunded:
        return "refunded" if refunded >= captured else "partially_refunded"
    if captured > order.total_amount:
        return "overpaid"
    if captured == order.total_amount and order.payments:
        return "paid"
    return "partially_paid" if captured else "unpaid"


def amount(value: Decimal, currency: str) -> orjson.Fragment:
    """A JSON number with exactly the currency's decimals."""
    return strict_json.number(money.rounded(value, currency))


def quantity(value: Decimal) -> orjson.Fragment:
    """A JSON number without trailing zeros."""
    return strict_json.number(money.plain(value)) if value else _NONE_OF_IT


_NONE_OF_IT = strict_json.number(ZERO)


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC, with Z."""
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def raw(text: bytes | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)


def _payment(payment: dict[str, Any], currency: str) -> dict[str, Any]:
    captured = Decimal(payment["captured_amount"])
    spoken_for = Decimal(payment["refunded_amount"]) + Decimal(payment["reserved_amount"])
    refundable = ZERO if payment["attested"] else captured - spoken_for
    return {
        "payment_id": payment["payment_id"],
        "mode": payment["mode"],
        "status": payment["status"],
        "amount": amount(Decimal(payment["amount"]), currency),
        "captured_amount": amount(captured, currency),
        "refunded_amount": amount(Decimal(payment["refunded_amount"]), currency),
        "refundable_amount": amount(refundable, currency),
        "attested": payment["attested"],
        "created_at": payment["created_at"],
        "refunds": [
            {**refund, "amount": amount(Decimal(refund["amount"]), currency)} for refund in payment["refunds"] or []
        ],
    }


def _return(request: dict[str, Any]) -> dict[str, Any]:
    return {
        **request,
        "items": [
            {
                **item,
                "quantity": quantity(Decimal(item["quantity"])),
                "accepted_quantity": None
                if item["accepted_quantity"] is None
                else quantity(Decimal(item["accepted_quantity"])),
            }
            for item in request["items"] or []
        ],
    }
