"""Orders and money by the hour, counted by the clock."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from oms.extensions import redis_client
from oms.figures import hourly
from oms.figures.hourly import Hour
from oms.jobs.sweep import Sweep
from oms.transactions import read, transaction
from tests.figures.past import captured, placed, refunded

NOW = datetime(2026, 3, 10, 12, 20, tzinfo=UTC)
NOON = NOW.replace(minute=0)
HOUR = timedelta(hours=1)
REMEMBERED = timedelta(days=3)


def count(now: datetime = NOW) -> bool:
    return transaction(lambda session: hourly.count(session, now, REMEMBERED))


def counted(hour: datetime) -> Hour:
    found = read(lambda session: hourly.since(session, hour))
    assert found
    assert found[0].hour == hour
    return found[0]


def test_orders_are_counted_by_the_hour_and_by_facility(house: Flask) -> None:
    for facility in ("north", "north", "south", None):
        placed(house, NOON + timedelta(minutes=5), facility=facility)
    placed(house, NOON - timedelta(minutes=1), "delivered", "north")
    count()
    assert (counted(NOON).placed, counted(NOON).facilities) == (4, {"north": 2, "south": 1, "": 1})
    assert (counted(NOON - HOUR).placed, counted(NOON - HOUR).facilities) == (1, {"north": 1})


def test_an_hour_is_counted_anew_while_it_runs_and_once_after(house: Flask) -> None:
    placed(house, NOON + timedelta(minutes=1))
    count()
    placed(house, NOON + timedelta(minutes=2))
    count()
    assert counted(NOON).placed == 2
    placed(house, NOON + timedelta(minutes=50))
    count(NOW + HOUR)
    assert counted(NOON).placed == 3


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few enough to be filled in soon."""
    monkeypatch.setattr(hourly, "BACK", 4 * 24)


@pytest.mark.usefixtures("days")
def test_a_clock_that_was_stopped_counts_what_it_has_missed(house: Flask) -> None:
    placed(house, NOON + timedelta(minutes=1))
    count()
    placed(house, NOON + timedelta(minutes=50))
    later = NOW + 6 * HOUR
    while count(later):
        continue
    assert counted(NOON).placed == 2


@pytest.mark.usefixtures("days")
def test_the_past_is_filled_in_a_batch_at_a_time(house: Flask) -> None:
    longest_ago = NOON - hourly.BACK * HOUR
    placed(house, longest_ago)
    placed(house, longest_ago - HOUR)
    rounds = 1
    while count():
        rounds += 1
    hours = read(lambda session: hourly.since(session, longest_ago - 10 * HOUR))
    assert len(hours) == hourly.BACK + 1
    assert [(hour.hour, hour.placed) for hour in hours if hour.placed] == [(longest_ago, 1)]
    assert rounds == 4


def test_facilities_beyond_the_largest_are_one(house: Flask) -> None:
    for number in range(hourly.MOST_FACILITIES + 3):
        placed(house, NOON, facility=f"F{number:02d}")
    placed(house, NOON, facility="F52")
    count()
    facilities = counted(NOON).facilities
    assert len(facilities) == hourly.MOST_FACILITIES + 1
    assert (facilities["F52"], facilities[hourly.OTHERS]) == (2, 3)


def test_money_is_what_came_in_less_what_is_given_back(house: Flask) -> None:
    order = placed(house, NOON)
    captured(house, order, 2, NOON, "30.50")
    refunded(house, order, 3, NOON + timedelta(minutes=1), "5.25")
    captured(house, placed(house, NOON), 2, NOON, "7", "EUR")
    count()
    assert hourly.net(counted(NOON)) == {"USD": Decimal("25.25"), "EUR": Decimal(7)}


def test_of_a_part_that_brings_more_later_only_the_difference_is_new(house: Flask) -> None:
    order = placed(house, NOON - HOUR)
    captured(house, order, 2, NOON - HOUR, "10")
    captured(house, order, 3, NOON, "12.50")
    count()
    assert hourly.net(counted(NOON - HOUR)) == {"USD": Decimal(10)}
    assert hourly.net(counted(NOON)) == {"USD": Decimal("2.5")}


@pytest.mark.usefixtures("days")
def test_money_of_hours_that_have_left_the_outbox_is_not_known(house: Flask) -> None:
    while count():
        continue
    forgotten = NOON - REMEMBERED
    assert hourly.net(counted(forgotten)) is None
    assert hourly.net(counted(forgotten + HOUR)) == {}


def test_money_that_was_known_stays_known(house: Flask) -> None:
    captured(house, placed(house, NOON), 2, NOON, "3")
    count()
    transaction(lambda session: hourly.count(session, NOW, timedelta(0)))
    assert hourly.net(counted(NOON)) == {"USD": Decimal(3)}


@pytest.mark.usefixtures("days")
def test_the_clock_counts(house: Flask) -> None:
    now = datetime.now(UTC)
    placed(house, now)
    clock = Sweep()
    clock.count_hours()
    assert sum(hour.placed for hour in read(lambda session: hourly.since(session, now - HOUR))) == 1
    while clock.counted_at < 0:
        clock.count_hours()
    assert redis_client().ttl("figures:slow") > 60
    redis_client().delete("figures:slow")
    placed(house, datetime.now(UTC))
    clock.count_hours()
    assert sum(hour.placed for hour in read(lambda session: hourly.since(session, now - HOUR))) == 1, "a minute later"
