"""When a delivery is tried again."""

from datetime import UTC, datetime

import pytest

from oms.webhooks import schedule
from oms.webhooks.schedule import HOUR, JITTER, LONGEST_ASKED, PAUSES

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_the_attempts_take_about_a_day() -> None:
    assert 23 * HOUR <= sum(PAUSES) <= 25 * HOUR
    assert list(PAUSES) == sorted(PAUSES)


@pytest.mark.parametrize("attempts", range(1, len(PAUSES) + 1))
def test_a_pause_is_spread_upwards(attempts: int) -> None:
    least = PAUSES[attempts - 1]
    pauses = [schedule.pause_after(attempts) for _ in range(20)]
    assert all(pause is not None and least <= pause <= least * (1 + JITTER) for pause in pauses)
    assert len(set(pauses)) > 1


def test_after_the_last_attempt_it_is_given_up_whatever_is_asked_for() -> None:
    assert schedule.pause_after(len(PAUSES) + 1, 60) is None


def test_a_longer_pause_that_is_asked_for_counts_and_a_shorter_one_does_not() -> None:
    assert schedule.pause_after(1, 1000) == 1000
    assert (schedule.pause_after(5, 1) or 0) >= PAUSES[4]
    assert schedule.pause_after(1, 10**9) == LONGEST_ASKED


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        ("9" * 400, 999_999_999),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("\u0661\u0662", 0),
        ("Mon, 05 Jan 2026 09:01:30 GMT", 90),
        ("Mon, 05 Jan 2026 08:00:00 GMT", 0),
        ("Mon, 05 Jan 2026 11:01:30 +0200", 90),
        ("Mon, 99 Jan 2026 09:01:30 GMT", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float) -> None:
    assert schedule.asked_pause(header, NOW) == seconds
