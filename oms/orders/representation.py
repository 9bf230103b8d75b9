"""The one representation of an order, written by hand for speed; `tests/orders` holds it equal to its schema."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson

from oms import money, strict_json
from oms.money import ZERO
from oms.orders import adjustments, balance, lifecycle
from oms.orders.adjustments import Adjustments
from oms.orders.order import Line, Order, Payment, Refund, ReturnRequest, refunds_of


def render(order: Order) -> bytes:
    """The finished JSON: what GET answers, what the cache holds, what lists are made of."""
    return strict_json.write(document(order))


def with_written_items(order: Order) -> dict[str, Any]:
    """The document, its items as finished JSON: they are the bulk of an order, and of the messages about it."""
    whole = document(order)
    return {**whole, "items": orjson.Fragment(strict_json.write(whole["items"]))}


def document(order: Order) -> dict[str, Any]:
    currency = order.currency
    return {
        "order_id": order.order_id,
        "id": order.order_id,
        "status": order.status,
        "customer_status": lifecycle.STATUSES[order.status],
        "payment_state": balance.payment_state(order),
        "allowed_statuses": lifecycle.TRANSITIONS[order.status],
        "can_cancel": order.status in lifecycle.CUSTOMER_MAY_CANCEL,
        "managed_by": order.managed_by,
        "customer_id": order.customer_id,
        "creator_id": order.creator_id,
        "facility_id": order.facility_id,
        "currency": currency,
        "total_amount": amount(order.total_amount, currency),
        "order_price": None if order.order_price is None else amount(order.order_price, currency),
        "amount_due": amount(balance.due(order), currency),
        **_adjustments(order.adjustments, currency),
        "rounding_adjustment": amount(order.rounding_adjustment, currency),
        "items": items(order),
        "address": raw(order.address),
        "payments": [payment_document(payment, currency) for payment in order.payments],
        "returns": [return_document(request) for request in order.returns],
        "invoice_number": order.invoice_number,
        "exchange_of": order.exchange_of,
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
        **_adjustments(line.adjustments, currency),
        "return_window_days": line.return_window_days,
        "delivered_at": moment(line.delivered_at),
        "metadata": raw(line.metadata),
    }


def _adjustments(given: Adjustments, currency: str) -> dict[str, Any]:
    return _nothing(currency) if given is adjustments.NONE else written_adjustments(given, currency)


@cache
def _nothing(currency: str) -> dict[str, Any]:
    return written_adjustments(adjustments.NONE, currency)


def written_adjustments(given: Adjustments, currency: str) -> dict[str, Any]:
    """Discount, charges and taxes as an order shows them."""
    return {
        **{name: amount(getattr(given, name), currency) for name in adjustments.AMOUNTS},
        "tax_lines": [
            {
                "name": tax.name,
                "rate": None if tax.rate is None else strict_json.number(money.plain(tax.rate)),
                "amount": amount(tax.amount, currency),
                "included": tax.included,
            }
            for tax in given.tax_lines
        ],
    }


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


def payment_document(payment: Payment, currency: str) -> dict[str, Any]:
    """One part of what is paid, with everything that was given back of it."""
    return {
        "payment_id": payment.payment_id,
        "mode": payment.mode,
        "status": payment.status,
        "amount": amount(payment.amount, currency),
        "captured_amount": amount(payment.captured_amount, currency),
        "refunded_amount": amount(payment.refunded_amount, currency),
        "refundable_amount": amount(payment.refundable_amount, currency),
        "attested": payment.attested,
        "provider": payment.provider,
        "provider_order_id": payment.provider_order_id,
        "provider_payment_id": payment.provider_payment_id,
        "error": payment.error,
        "created_at": moment(payment.created_at),
        "refunds": [_share(refund, currency) for refund in payment.refunds],
    }


def _share(refund: Refund, currency: str) -> dict[str, Any]:
    return {
        "refund_id": refund.refund_id,
        "status": refund.status,
        "amount": amount(refund.amount, currency),
        "cause": refund.cause.partition(":")[0],
        "reason": refund.reason,
        "credit_note_number": refund.credit_note_number,
        "provider_refund_id": refund.provider_refund_id,
        "error": _final_error(refund),
        "created_at": moment(refund.created_at),
    }


def _final_error(refund: Refund) -> str | None:
    """Why it failed; what went wrong with an attempt that will be repeated is for the log."""
    return refund.error if refund.status == "failed" else None


def refund_document(shares: Sequence[Refund], currency: str) -> dict[str, Any]:
    """A refund as a whole: the shares that its payments have in it, in one state."""
    first = shares[0]
    return {
        "refund_id": first.refund_id,
        "status": refund_status(shares),
        "amount": amount(sum((share.amount for share in shares), ZERO), currency),
        "cause": first.cause.partition(":")[0],
        "reason": first.reason,
        "remarks": first.remarks,
        "items": None if first.items is None else [_refunded_item(item) for item in first.items],
        "credit_note_number": first.credit_note_number,
        "payments": [
            {
                "payment_id": share.payment_id,
                "amount": amount(share.amount, currency),
                "status": share.status,
                "provider_refund_id": share.provider_refund_id,
                "error": _final_error(share),
            }
            for share in shares
        ],
        "created_at": moment(first.created_at),
    }


def refund_status(shares: Sequence[Refund]) -> str:
    """failed if any share is, processed once all are, else the earliest state of one that is not."""
    states = {share.status for share in shares}
    return next(status for status in ("failed", "created", "pending", "processed") if status in states)


def refund_documents(order: Order) -> list[dict[str, Any]]:
    """Every refund of the order, oldest first."""
    found: dict[str, list[Refund]] = {}
    for share in refunds_of(order):
        found.setdefault(share.refund_id, []).append(share)
    return [refund_document(shares, order.currency) for _, shares in sorted(found.items())]


def _refunded_item(item: dict[str, Any]) -> dict[str, Any]:
    return {"line_no": item["line_no"], "quantity": quantity(Decimal(item["quantity"]))}


def return_document(request: ReturnRequest) -> dict[str, Any]:
    return {
        "return_id": request.return_id,
        "status": request.status,
        "reason": request.reason,
        "remarks": request.remarks,
        "resolution": request.resolution,
        "replacement_order_id": request.replacement_order_id,
        "created_at": moment(request.created_at),
        "updated_at": moment(request.updated_at),
        "items": [
            {
                "line_no": item.line_no,
                "quantity": quantity(item.quantity),
                "accepted_quantity": None if item.accepted_quantity is None else quantity(item.accepted_quantity),
                "condition": item.condition,
            }
            for item in request.items
        ],
    }


def payment_details(payment: Payment, currency: str) -> dict[str, Any]:
    """A payment as the journey shows it; amounts are text there."""
    shown = payment.captured_amount if payment.status == "captured" else payment.amount
    return {"payment_id": payment.payment_id, "mode": payment.mode, "amount": written(shown, currency)}


def refund_details(shares: Sequence[Refund], currency: str) -> dict[str, Any]:
    """A refund, or what some payments have in it, as the journey shows it."""
    whole = sum((share.amount for share in shares), ZERO)
    return {"refund_id": shares[0].refund_id, "amount": written(whole, currency)}


def written(value: Decimal, currency: str) -> str:
    """An amount as text with exactly the currency's decimals."""
    return f"{money.rounded(value, currency):f}"
