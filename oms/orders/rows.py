"""Orders as the database's JSON and back. `statements` has the SQL these fit."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from oms.orders import adjustments
from oms.orders.adjustments import CHARGES, Adjustments
from oms.orders.order import JourneyEntry, Line, Order, Payment, Refund, ReturnItem, ReturnRequest

_PLAIN = (
    "order_id",
    "customer_id",
    "creator_id",
    "facility_id",
    "managed_by",
    "status",
    "currency",
    "total_amount",
    "order_price",
    "rounding_adjustment",
    "order_datetime",
    "eta",
    "invoice_number",
    "exchange_of",
    "version",
    "created_at",
    "updated_at",
)
_FREE_FORM = ("address", "metadata", "document")
_LINE = tuple(name for name in Line.__slots__ if name != "adjustments")
_PAYMENT = tuple(name for name in Payment.__slots__ if name != "refunds")


def order_of(row: Any) -> Order:
    """An order from a row of `statements.WHOLE`."""
    plain: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    free_form: dict[str, Any] = {name: _bytes(getattr(row, name)) for name in _FREE_FORM}
    return Order(
        **plain,
        **free_form,
        adjustments=adjustments.of_row(row.adjustments),
        lines=[_line(values) for values in orjson.loads(row.lines or b"[]")],
        payments=[_payment(values) for values in orjson.loads(row.payments or b"[]")],
        returns=[_return(values) for values in orjson.loads(row.returns or b"[]")],
    )


def _line(values: list[Any]) -> Line:
    line_no, sku, name, quantity, unit_price, sale_price, status = values[:7]
    cancelled, shipped, delivered, returned, refunded = map(Decimal, values[7:12])
    return Line(
        line_no=line_no,
        sku=sku,
        quantity=Decimal(quantity),
        unit_price=Decimal(unit_price),
        sale_price=Decimal(sale_price),
        name=name,
        status=status,
        cancelled_quantity=cancelled,
        shipped_quantity=shipped,
        delivered_quantity=delivered,
        returned_quantity=returned,
        refunded_quantity=refunded,
        metadata=_bytes(values[12]),
        adjustments=adjustments.of_row(values[13]),
        return_window_days=values[14],
        delivered_at=_moment(values[15]),
    )


def _payment(values: dict[str, Any]) -> Payment:
    for name in ("amount", "captured_amount", "refunded_amount", "reserved_amount"):
        values[name] = Decimal(values[name])
    refunds = [_refund(each) for each in values.pop("refunds") or ()]
    return Payment(**{**values, "created_at": datetime.fromisoformat(values["created_at"]), "refunds": refunds})


def _refund(values: dict[str, Any]) -> Refund:
    return Refund(
        **{
            **values,
            "amount": Decimal(values["amount"]),
            "created_at": datetime.fromisoformat(values["created_at"]),
            "next_attempt_at": _moment(values["next_attempt_at"]),
        }
    )


def _return(values: dict[str, Any]) -> ReturnRequest:
    items = [
        ReturnItem(
            item["line_no"],
            Decimal(item["quantity"]),
            None if item["accepted_quantity"] is None else Decimal(item["accepted_quantity"]),
            item["condition"],
        )
        for item in values["items"] or ()
    ]
    moments = {name: datetime.fromisoformat(values[name]) for name in ("created_at", "updated_at")}
    return ReturnRequest(**{**values, **moments, "items": items})


def header(order: Order) -> dict[str, Any]:
    """The parameters of the order's own row."""
    return {
        **{name: getattr(order, name) for name in _PLAIN},
        **{name: _text(getattr(order, name)) for name in _FREE_FORM},
        **{name: getattr(order.adjustments, name) for name in ("discount", *CHARGES, "tax_amount")},
        "tax_lines": _json(adjustments.tax_rows(order.adjustments.tax_lines)) if order.adjustments.tax_lines else None,
    }


def lines(changed: Sequence[Line]) -> str:
    return _json([{**{name: getattr(line, name) for name in _LINE}, **_adjusted(line.adjustments)} for line in changed])


_NOTHING = dict.fromkeys(("discount", *CHARGES, "tax_amount"), 0)


def _adjusted(given: Adjustments) -> dict[str, Any]:
    if given is adjustments.NONE:
        return _NOTHING
    amounts = {name: getattr(given, name) for name in ("discount", *CHARGES, "tax_amount")}
    return {**amounts, "tax_lines": adjustments.tax_rows(given.tax_lines)}


def journey(first: int, entries: Sequence[JourneyEntry]) -> str:
    """Journey rows numbered from `first`."""
    return _json(
        [
            {
                "seq": seq,
                "line_no": entry.line_no,
                "current_status": entry.current_status,
                "previous_status": entry.previous_status,
                "skipped": entry.skipped or None,
                "event": entry.event,
                "details": entry.details,
                "actor_id": entry.actor_id,
                "actor_type": entry.actor_type,
                "reason": entry.reason,
                "remarks": entry.remarks,
            }
            for seq, entry in enumerate(entries, first)
        ]
    )


def payments(changed: Sequence[Payment]) -> str:
    return _json([{name: getattr(payment, name) for name in _PAYMENT} for payment in changed])


def refunds(changed: Sequence[Refund]) -> str:
    return _json([{name: getattr(refund, name) for name in Refund.__slots__} for refund in changed])


def returns(changed: Sequence[ReturnRequest]) -> str:
    names = ("return_id", "status", "reason", "remarks", "resolution", "replacement_order_id", "created_at")
    return _json([{name: getattr(request, name) for name in names} for request in changed])


def return_items(changed: Sequence[ReturnRequest]) -> str:
    return _json(
        [
            {"return_id": request.return_id, **{name: getattr(item, name) for name in ReturnItem.__slots__}}
            for request in changed
            for item in request.items
        ]
    )


def _json(document: Any) -> str:
    return orjson.dumps(document, default=_plain_text).decode()


def _plain_text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else str(value)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _bytes(document: str | None) -> bytes | None:
    return None if document is None else document.encode()


def _text(document: bytes | None) -> str | None:
    return None if document is None else document.decode()
