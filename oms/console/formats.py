"""How amounts, quantities and times are written in pages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from oms.extensions import settings
from oms.money import plain, rounded

_NO_BREAK = "\u00a0"
_STEPS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def money(amount: Decimal, currency: str) -> str:
    """1,234.50 USD, with the places the currency has and a space that doesn't break."""
    return f"{rounded(amount, currency):,}{_NO_BREAK}{currency}"


def quantity(amount: Decimal) -> str:
    """2, or 1.25: no zeros at the end."""
    return f"{plain(amount):,}"


def moment(when: datetime) -> Markup:
    """A date with the time of day in `DEFAULT_TIMEZONE`, which the tooltip names."""
    local = when.astimezone(ZoneInfo(settings().default_timezone))
    return _time(when, f"{local.day} {local:%b %Y, %H:%M}", f"{local:%A, %d %B %Y, %H:%M:%S} {local.tzname()}")


def ago(when: datetime) -> Markup:
    """How long since then, or until then: 3 h ago, in 2 d."""
    passed = datetime.now(UTC) - when
    said = f"{duration(passed)} ago" if passed >= timedelta(0) else f"in {duration(-passed)}"
    local = when.astimezone(ZoneInfo(settings().default_timezone))
    return _time(when, said, f"{local:%A, %d %B %Y, %H:%M:%S} {local.tzname()}")


def duration(span: timedelta) -> str:
    """In the largest unit that fits: 3 d, 5 h, 12 min; less than a minute in seconds."""
    for step, unit in _STEPS:
        if span >= step:
            return f"{span // step}{_NO_BREAK}{unit}"
    return f"{max(0, int(span.total_seconds()))}{_NO_BREAK}s"


def words(name: str) -> str:
    """`return_requested` as people read it: Return requested."""
    return name.replace("_", " ").capitalize()


def _time(when: datetime, text: str, title: str) -> Markup:
    # Numbers and names of our own; escaping them took a tenth of the time of a list.
    return Markup(f'<time datetime="{when.isoformat()}" title="{title}">{text}</time>')  # noqa: S704
