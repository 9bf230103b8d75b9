"""The columns of an order's line in a table: CSV and Parquet have the same."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from oms import money, strict_json
from oms.orders import adjustments, balance, representation
from oms.orders.adjustments import Adjustments
from oms.orders.order import Order

Kind = Literal["text", "decimal", "integer", "moment", "json"]
Value = str | Decimal | int | datetime | bytes | None


class Column(NamedTuple):
    """A name, what its values are, and how one is taken from an order or from a line of it; `json` values are text."""

    name: str
    kind: Kind
    of: Callable[[Any, str], Value]


def _text(name: str, attribute: str | None = None) -> Column:
    return Column(name, "text", lambda thing, _: getattr(thing, attribute or name))


def _amount(name: str) -> Column:
    return Column(name, "decimal", lambda thing, currency: _rounded(getattr(thing, name), currency))


def _quantity(name: str) -> Column:
    return Column(name, "decimal", lambda thing, _: money.plain(getattr(thing, name)))


def _integer(name: str) -> Column:
    return Column(name, "integer", lambda thing, _: getattr(thing, name))


def _moment(name: str) -> Column:
    return Column(name, "moment", lambda thing, _: getattr(thing, name))


def _json(name: str, attribute: str) -> Column:
    return Column(name, "json", lambda thing, _: getattr(thing, attribute))


def _adjustments(prefix: str) -> list[Column]:
    def amount(name: str) -> Column:
        return Column(
            prefix + name, "decimal", lambda thing, currency: _rounded(getattr(thing.adjustments, name), currency)
        )

    taxes = Column(prefix + "tax_lines", "json", lambda thing, currency: _taxes(thing.adjustments, currency))
    return [*map(amount, adjustments.AMOUNTS), taxes]


def _rounded(value: Decimal | None, currency: str) -> Decimal | None:
    if value is None:
        return None
    return money.rounded(value, currency) if value else _zero(currency)


@cache
def _zero(currency: str) -> Decimal:
    return money.rounded(money.ZERO, currency)


def _taxes(given: Adjustments, currency: str) -> bytes | None:
    if not given.tax_lines:
        return None
    return strict_json.write(representation.written_adjustments(given, currency)["tax_lines"])


OF_ORDER = (
    _text("order_id"),
    _text("status"),
    Column("payment_state", "text", lambda order, _: balance.payment_state(order)),
    _text("customer_id"),
    _text("creator_id"),
    _text("managed_by"),
    _text("facility_id"),
    _text("currency"),
    _amount("total_amount"),
    _amount("order_price"),
    Column("amount_due", "decimal", lambda order, currency: _rounded(balance.due(order), currency)),
    *_adjustments(""),
    _amount("rounding_adjustment"),
    _text("invoice_number"),
    _text("exchange_of"),
    _moment("order_datetime"),
    _moment("eta"),
    _moment("created_at"),
    _moment("updated_at"),
    _integer("version"),
    _json("address", "address"),
    _json("metadata", "metadata"),
    _json("document", "document"),
)
OF_LINE = (
    _integer("line_no"),
    _text("sku"),
    _text("name"),
    _quantity("quantity"),
    _amount("unit_price"),
    _amount("sale_price"),
    _text("line_status", "status"),
    _quantity("cancelled_quantity"),
    _quantity("shipped_quantity"),
    _quantity("delivered_quantity"),
    _quantity("returned_quantity"),
    _quantity("refunded_quantity"),
    *_adjustments("line_"),
    _integer("return_window_days"),
    _moment("delivered_at"),
    _json("line_metadata", "metadata"),
)
ALL = (*OF_ORDER, *OF_LINE)
NAMES = tuple(column.name for column in ALL)
Write = Callable[[Column, Value], Any]


def rows(order: Order, write: Write) -> Iterator[list[Any]]:
    """A row for each line, with the order's own values in all of them; a free-form order is one row without a line.

    `write` makes of a value what the format holds.
    """
    currency = order.currency
    own = [write(column, column.of(order, currency)) for column in OF_ORDER]
    if not order.lines:
        yield own + [write(column, None) for column in OF_LINE]
    for line in order.lines:
        yield own + [write(column, column.of(line, currency)) for column in OF_LINE]
