"""What the dashboard shows, found once for everybody who looks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from flask import Flask

from oms import redis_guard
from oms.extensions import redis_client
from oms.figures import dashboard, hourly, pace, sharing, standing
from oms.figures.standing import Count
from oms.transactions import read, transaction
from tests.factories import execute
from tests.figures.past import captured, placed, refunded, went
from tests.today import of_each_test

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime.now(UTC)
today = of_each_test(globals())


@pytest.fixture(autouse=True)
def unknown(house: Flask) -> Iterator[None]:
    """Nobody has looked."""
    forget(house)
    yield
    forget(house)


def forget(app: Flask) -> None:
    app.extensions.pop("oms_figures", None)
    if keys := redis_client().keys("figures:*"):
        redis_client().delete(*keys)


def fill_in() -> None:
    while transaction(lambda session: hourly.count(session, datetime.now(UTC), timedelta(days=3))):
        continue


def test_orders_are_counted_exactly_as_far_as_a_screen_needs(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MOST", 2)
    for status, orders in {"pending": 2, "packed": 3, "delivered": 9}.items():
        for _ in range(orders):
            placed(house, NOW, status)
    execute(house, "ANALYZE orders")
    counts = read(standing.by_status)
    assert (counts["pending"], counts["cancelled"]) == (Count(2), Count(0))
    assert (counts["packed"], counts["delivered"]) == (Count(3, "about"), Count(9, "about"))


def test_what_is_still_open_in_a_facility(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for facility, status in (("a", "packed"), ("a", "pending"), ("a", "delivered"), ("b", "cancelled")):
        placed(house, NOW, status, facility)
    found = read(lambda session: standing.open_of(session, ["a", "b"]))
    assert found == {"a": Count(2), "b": Count(0)}
    monkeypatch.setattr(standing, "MOST_OF_FACILITY", 1)
    assert read(lambda session: standing.open_of(session, ["a"])) == {"a": Count(2, "at least")}


def test_the_pace_is_how_long_orders_were_in_a_status_before_they_left_it(house: Flask) -> None:
    for hours in (1, 2, 3, 4, 100):
        order = placed(house, NOW - 5 * DAY, "packed")
        start = NOW - 5 * DAY
        went(house, order, ("pending", start), ("confirmed", start + hours * HOUR), ("packed", start + 101 * HOUR))
    went(house, placed(house, NOW - DAY), ("pending", NOW - DAY))
    pending, confirmed = read(lambda session: pace.by_status(session, NOW))
    assert (pending.status, pending.orders, pending.median) == ("pending", 5, 3 * 3600)
    assert pending.p90 == pytest.approx(61.6 * 3600)
    assert (confirmed.status, confirmed.median) == ("confirmed", 98 * 3600)


def test_the_pace_leaves_out_what_is_long_ago(house: Flask) -> None:
    order = placed(house, NOW - 40 * DAY, "packed")
    went(house, order, ("pending", NOW - 40 * DAY), ("confirmed", NOW - 39 * DAY), ("packed", NOW - DAY))
    assert read(lambda session: pace.by_status(session, NOW)) == []


def test_the_dashboard_has_everything(house: Flask) -> None:
    order = placed(house, NOW, "packed", "north")
    placed(house, NOW - 7 * DAY - HOUR, "delivered", "north")
    captured(house, order, 2, NOW, "20")
    refunded(house, order, 3, NOW, "5.50")
    fill_in()
    shown = dashboard.figures()
    assert len(shown["hours"]) == 48
    assert sum(hour["placed"] for hour in shown["hours"]) == 1
    assert sum(hour["week_before"] for hour in shown["hours"]) == 1
    assert shown["week"] == {"placed": 1, "before": 1}
    assert {"status": "packed", "count": 1, "kind": "exactly"} in shown["by_status"]
    assert shown["facilities"] == [{"facility": "north", "placed": 1, "open": 1, "kind": "exactly"}]
    assert [day["net"] for day in shown["revenue"]["USD"]][-1] == "14.5"
    assert shown["revenue"]["USD"][0]["net"] is None
    assert shown["events"]["pending"] == 2
    assert shown["dead_letters"] == 0
    assert shown["queue"].keys() == {"waiting", "failed"}
    assert {found["status"] for found in shown["stuck"]} >= {"pending", "packed"}


def test_a_figure_is_found_once_for_all_processes(house: Flask) -> None:
    found: list[int] = []

    def find() -> int:
        found.append(1)
        return len(found)

    assert [sharing.shared("test", 60, find) for _ in range(3)] == [1, 1, 1]
    house.extensions.pop("oms_figures")  # as another process sees it
    assert sharing.shared("test", 60, find) == 1
    forget(house)
    assert sharing.shared("test", 60, find) == 2


def test_without_redis_each_process_remembers_for_itself(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
    for name in ("oms_redis", "oms_queue_redis"):
        monkeypatch.setitem(house.extensions, name, nowhere)
    first = dashboard.figures()
    assert (first["queue"], first["lag"]) == (None, None)
    assert dashboard.figures() == first
    redis_guard.breaker.reset()
