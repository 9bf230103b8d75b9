"""Orders that have been in a status for too long."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from oms.figures import stuck
from oms.figures.standing import Count
from oms.figures.stuck import LIMITS, Page, Place
from oms.orders import lifecycle
from oms.transactions import read
from tests.figures.past import noted, placed, went

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def page(status: str = "packed", limit: int = 50, after: Place | None = None) -> Page:
    return read(lambda session: stuck.page(session, status, NOW, limit, after))


def ids(found: Page) -> list[str]:
    return [order.order_id for order in found.orders]


def packed(app: Flask, ago: timedelta, moved: timedelta) -> str:
    """Placed so long ago, and packed so long ago."""
    order = placed(app, NOW - ago, "packed", updated=NOW - moved)
    went(app, order, ("confirmed", NOW - ago), ("packed", NOW - moved))
    return order


def test_an_order_is_stuck_when_it_came_into_its_status_before_the_limit(house: Flask) -> None:
    late = packed(house, 5 * DAY, 2 * DAY)
    packed(house, 5 * DAY, DAY / 2)
    packed(house, DAY / 2, DAY / 3)
    (order,) = page().orders
    assert (order.order_id, order.created_at, order.since) == (late, NOW - 5 * DAY, NOW - 2 * DAY)


def test_a_step_that_is_not_a_move_does_not_free_it(house: Flask) -> None:
    order = packed(house, 5 * DAY, 2 * DAY)
    noted(house, order, 3, "packed", NOW - DAY / 2)
    placed_again = placed(house, NOW - 4 * DAY, "packed", updated=NOW - DAY / 2)
    went(house, placed_again, ("packed", NOW - 3 * DAY))
    assert ids(page()) == [order, placed_again]


def test_the_last_time_counts_for_an_order_that_came_twice(house: Flask) -> None:
    order = placed(house, NOW - 30 * DAY, "delivery_failed", updated=NOW - DAY)
    steps = [("shipped", 29), ("delivery_failed", 20), ("shipped", 10), ("delivery_failed", 1)]
    went(house, order, *((status, NOW - days * DAY) for status, days in steps))
    assert page("delivery_failed").orders == []


@pytest.mark.parametrize("status", LIMITS)
def test_every_status_has_its_own_limit(house: Flask, status: str) -> None:
    just = placed(house, NOW - LIMITS[status] - timedelta(seconds=1), status)
    placed(house, NOW - LIMITS[status] + timedelta(seconds=1), status)
    assert ids(page(status)) == [just]


def test_orders_that_are_done_with_have_none() -> None:
    ended = {status for status, targets in lifecycle.TRANSITIONS.items() if not targets} | {lifecycle.DELIVERED}
    assert set(LIMITS) == set(lifecycle.STATUSES) - ended


def test_pages_follow_each_other_oldest_first(house: Flask) -> None:
    orders = [packed(house, (9 - number) * DAY, 2 * DAY) for number in range(5)]
    first = page(limit=2)
    second = page(limit=2, after=first.after)
    third = page(limit=2, after=second.after)
    assert (ids(first), ids(second), ids(third), third.after) == (orders[:2], orders[2:4], orders[4:], None)


def test_a_page_that_ends_with_the_last_order_leads_nowhere(house: Flask) -> None:
    packed(house, 3 * DAY, 2 * DAY)
    assert page(limit=1).after is None


def test_a_page_looks_at_so_many_orders_and_leads_on(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stuck, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(stuck, "BATCH", 2)
    for _ in range(4):
        packed(house, 9 * DAY, DAY / 2)
    late = packed(house, 3 * DAY, 2 * DAY)
    first = page()
    assert (first.orders, first.after is None) == ([], False)
    assert ids(page(after=first.after)) == [late]


def test_how_many_are_stuck(house: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        packed(house, 3 * DAY, 2 * DAY)
    packed(house, 3 * DAY, DAY / 2)
    counts = read(lambda session: stuck.counts(session, NOW))
    assert counts == {**dict.fromkeys(LIMITS, Count(0)), "packed": Count(2)}
    monkeypatch.setattr(stuck, "MOST_COUNTED", 3)
    assert read(lambda session: stuck.counts(session, NOW))["packed"] == Count(2, "at least")
