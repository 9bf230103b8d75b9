"""marshmallow fields that take JSON at its word: no coercion, no rounding, no control characters.

All doors read through them. The documented JSON type of each is registered in `api.openapi`.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from marshmallow import ValidationError, fields, validate

from oms.money import MAX_AMOUNT

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?", re.ASCII)
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
AMOUNT_PATTERN = r"^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$"
MAX_QUANTITY = Decimal("9999999.999")


class Text(fields.String):
    """A string, never anything turned into one; NUL, control characters and lone surrogates are refused."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if _FORBIDDEN.search(value):
            raise ValidationError("Control characters are not allowed.")
        return value


class StrictInteger(fields.Integer):
    """JSON Schema's integer: 5 and 5.0 are the same number; 5.5, "5" and true are refused."""

    def __init__(self, *, low: int = -(2**31), high: int = 2**31 - 1, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(low, high), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid")
        return value


class StrictBoolean(fields.Boolean):
    """true or false, and nothing that could be read as one of them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class QueryInteger(fields.Integer):
    """An integer in a query string: digits only, within bounds."""

    def __init__(self, *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(low, high), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,10}", value, re.ASCII):
            raise self.make_error("invalid")
        return int(value)


class _Number(fields.Field[Decimal]):
    """A decimal from a JSON number or from a string with its digits; never through a float."""

    high = MAX_AMOUNT
    scale = 6
    what = "an amount such as 12.50"

    def __init__(self, *, low: Decimal | int = 0, above: Decimal | int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low = Decimal(low)
        self.above = above
        self.step = Decimal(1).scaleb(-self.scale)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        number = self._number(value)
        if number > self.high or number < self.low or (self.above is not None and number <= self.above):
            raise ValidationError(self._range())
        if number != number.quantize(self.step):
            raise ValidationError(f"At most {self.scale} decimals.")
        return number or Decimal(0)  # zero has no sign

    def _number(self, value: Any) -> Decimal:
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return Decimal(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return Decimal(value)
        raise ValidationError(f"Not {self.what}.")

    def _range(self) -> str:
        least = f"more than {self.above}" if self.above is not None else f"{self.low} or more"
        return f"Must be {least}, and {self.high} or less."


class Money(_Number):
    """An amount; how many decimals it may have is checked where the currency is known."""


class Percentage(_Number):
    """A rate in percent, 18 for 18 %."""

    high = Decimal(1000)
    scale = 4
    what = "a rate in percent such as 18 or 2.5"


class Quantity(_Number):
    """How much of a thing, NUMERIC(10,3), more than zero unless told otherwise."""

    high = MAX_QUANTITY
    scale = 3
    what = "a quantity such as 2 or 1.250"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"above": 0, **kwargs})


class Timestamp(fields.Field[datetime]):
    """RFC 3339; a time without a zone is read in `DEFAULT_TIMEZONE`. Always aware, in UTC, once read."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value):
            raise ValidationError("Not a time such as 2024-01-01T10:00:00Z.")
        try:
            moment = datetime.fromisoformat(value.upper())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=ZoneInfo(current_app.config["OMS_SETTINGS"].default_timezone))
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("Not a time that exists.") from error
        if not 1970 <= moment.year <= 9998:
            raise ValidationError("Out of range: years 1970 to 9998.")
        return moment


class FreeForm(fields.Field[Any]):
    """Any JSON object, kept as it is; its size and depth are bounded by the reader."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("Not an object.")
        return value
