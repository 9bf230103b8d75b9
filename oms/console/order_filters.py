"""What the orders list can be narrowed by, as it stands in the address of the page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from oms.errors import Invalid
from oms.extensions import settings

MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """Each as it was typed; empty where nothing is wanted. The dates are days in `DEFAULT_TIMEZONE`, both included."""

    q: str = ""
    status: str = ""
    facility: str = ""
    customer: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filters":
        return cls(**{name: _typed(given.get(name, "")) for name in cls.__slots__})

    @property
    def query(self) -> str:
        """The part of an address that stands for these, always the same for the same ones."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    @property
    def narrowed(self) -> int:
        """How many are in use besides the search box."""
        return sum(bool(value) for name, value in asdict(self).items() if name != "q")

    def wanted(self) -> dict[str, Any]:
        """The same for `queries.list_orders`; raises `Invalid` bad_date."""
        return {
            "q": self.q or None,
            "status": self.status or None,
            "facility_id": self.facility or None,
            "customer_id": self.customer or None,
            "created_from": _midnight(self.since, 0),
            "created_to": _midnight(self.until, 1),
        }


def _typed(value: str) -> str:
    """Without what no keyboard types and PostgreSQL takes for no text."""
    return "".join(filter(str.isprintable, value)).strip()[:MOST_CHARACTERS]


def _midnight(day: str, days_later: int) -> datetime | None:
    if not day:
        return None
    try:
        found = date.fromisoformat(day) + timedelta(days=days_later)
        return datetime.combine(found, time(), ZoneInfo(settings().default_timezone))
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{day} is not a date; write it as 2026-01-31.", code="bad_date") from error
