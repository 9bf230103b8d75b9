"""When a delivery is tried again: eleven attempts over about a day, spread; later where the receiver asks for it."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SECOND, MINUTE, HOUR = 1, 60, 3600
PAUSES = (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR)
JITTER = 0.2
# A receiver may ask for a longer pause, up to this.
LONGEST_ASKED = 8 * HOUR


def pause_after(attempts: int, asked: float = 0.0) -> float | None:
    """Seconds until the next attempt after so many; None when it is given up. `asked` is the receiver's Retry-After."""
    if attempts > len(PAUSES):
        return None
    spread = random.uniform(1, 1 + JITTER)  # noqa: S311 - keeps retries apart, guards nothing
    return max(PAUSES[attempts - 1] * spread, min(asked, LONGEST_ASKED))


def asked_pause(retry_after: str | None, now: datetime | None = None) -> float:
    """`Retry-After` in seconds, from a number or an HTTP date; 0 for one that is absent, past or unreadable."""
    if not retry_after:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
