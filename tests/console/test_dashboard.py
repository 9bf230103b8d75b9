"""The dashboard and the page of stuck orders."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from oms.console import charts
from oms.console.dashboard import count
from oms.figures import dashboard, hourly, stuck
from oms.transactions import transaction
from tests.console.visitors import Visitor
from tests.factories import execute
from tests.figures.past import captured, placed, refunded, went
from tests.today import of_each_test

NOW = datetime.now(UTC)
today = of_each_test(globals())
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def unknown(app: Flask) -> Iterator[None]:
    """Nobody has looked."""
    _forget(app)
    yield
    _forget(app)


def _forget(app: Flask) -> None:
    app.extensions.pop("oms_figures", None)
    client = app.extensions["oms_redis"]
    if keys := client.keys("figures:*"):
        client.delete(*keys)


@pytest.fixture
def long_ago(app: Flask) -> Iterator[list[str]]:
    """Two orders whose return was requested 20 days ago."""
    orders = [placed(app, NOW - days * DAY, "return_requested") for days in (40, 39)]
    for order in orders:
        went(app, order, ("return_requested", NOW - 20 * DAY))
    yield orders
    for table in ("outbox_events", "order_journey", "orders"):
        execute(app, f"DELETE FROM {table} WHERE order_id = ANY(:ids)", ids=orders)


def fill_in(app: Flask) -> None:
    with app.app_context():
        while transaction(lambda session: hourly.count(session, datetime.now(UTC), timedelta(days=3))):
            continue


def test_the_dashboard_shows_every_figure_with_a_table_beside_each_chart(app: Flask, support: Visitor) -> None:
    order, *_ = [placed(app, NOW, "packed", "a <facility>") for _ in range(9)]  # one of those with most orders
    captured(app, order, 2, NOW, "20", "KWD")
    refunded(app, order, 3, NOW, "5")
    fill_in(app)
    page = support.get("/console/dashboard")
    assert page.status_code == 200
    for title in ("Stuck orders", "Dead letters", "Events to send", "Failed jobs", "Jobs waiting", "Messages to read"):
        assert title in page.text
    for heading in ("Orders an hour", "Revenue, KWD", "Orders by status", "Time in each status", "Facilities"):
        assert heading in page.text
    assert page.text.count("<svg") > 2
    assert page.text.count("<caption") == 1 + len(re.findall(r"Revenue, [A-Z]{3}</caption>", page.text)) > 1
    assert "a &lt;facility&gt;" in page.text
    assert " style=" not in page.text
    execute(app, "DELETE FROM outbox_events WHERE topic = 't'")


def test_it_refreshes_itself_unless_it_is_paused(support: Visitor) -> None:
    page = support.get("/console/dashboard").text
    assert 'hx-trigger="every 10s"' in page
    assert '"Console-Poll"' in page
    paused = support.get("/console/dashboard?paused=1").text
    assert "hx-trigger" not in paused
    assert "Refresh every 10 s" in paused


def test_a_refresh_brings_the_figures_only(support: Visitor) -> None:
    part = support.part("/console/dashboard")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "As of" in part.text


def test_figures_are_found_once_for_many_who_look(
    support: Visitor, chief: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    quick = dashboard._quick

    def counting() -> dashboard.Document:
        found.append(1)
        return quick()

    monkeypatch.setattr(dashboard, "_quick", counting)
    for visitor in (support, chief, support):
        assert visitor.get("/console/dashboard").status_code == 200
    assert len(found) == 1


def test_stuck_orders_are_listed_by_status_with_links_that_lead_on(
    support: Visitor, long_ago: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms.console.stuck_orders.PAGE", 1)
    orders = long_ago
    first = support.get("/console/stuck?status=return_requested")
    assert orders[0] in first.text
    assert orders[1] not in first.text
    assert "20\u00a0d ago" in first.text
    (further,) = re.findall(r'rel="next" href="([^"]+)"', first.text)
    assert orders[1] in support.get(further.replace("&amp;", "&")).text


def test_each_status_that_has_a_limit_has_a_list(support: Visitor) -> None:
    for status in stuck.LIMITS:
        assert support.get(f"/console/stuck?status={status}").status_code == 200
    assert support.get("/console/stuck").status_code == 200
    assert support.get("/console/stuck?status=delivered").status_code == 404
    assert support.get("/console/stuck?cursor=junk").status_code == 422


def test_numbers_say_how_well_they_are_known() -> None:
    assert [count(1204, "exactly"), count(89_204, "about"), count(500, "at least")] == ["1,204", "≈ 89,200", "500+"]


def test_bars_stand_on_zero_and_reach_to_their_value() -> None:
    drawn = charts.chart([4, 1, None, 0], ["a", "b", "c", "d"])
    assert drawn.scale == (4, 2, 0)
    assert [(bar.y, bar.height, bar.note) for bar in drawn.bars] == [(0, 100, "a"), (75, 25, "b"), (100, 0, "d")]
    assert [bar.x for bar in drawn.bars] == [2.5, 27.5, 77.5]


def test_what_is_below_zero_hangs_from_it() -> None:
    drawn = charts.chart([3, -1], ["a", "b"])
    assert drawn.scale == (4, 1.5, -1)
    assert drawn.zero == 80
    assert [(bar.y, bar.height) for bar in drawn.bars] == [(20, 60), (80, 20)]


def test_a_line_is_broken_where_nothing_is_known() -> None:
    drawn = charts.chart([0, 0, 0, 0, 0], list("abcde"), [1, 2, None, 2, 1])
    assert drawn.scale[0] == 2
    assert drawn.lines == ["10.0,50.0 30.0,0.0", "70.0,0.0 90.0,50.0"]


@pytest.mark.parametrize(("value", "top"), [(0, 4), (0.3, 0.4), (7, 8), (10, 10), (11, 20), (399, 400), (61e3, 80e3)])
def test_a_scale_ends_with_a_round_number(value: float, top: float) -> None:
    assert charts.chart([value], ["a"]).scale[0] == pytest.approx(top)
