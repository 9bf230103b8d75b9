"""Waking those who watch, in this process."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask

import oms.live.hub as module
from devstack.server import wait_until
from oms.extensions import redis_client
from oms.live import events, stream
from oms.live.hub import Hub
from oms.orders import cache
from tests import factories
from tests.callers import Caller
from tests.factories import url

SOON = 10.0


@pytest.fixture
def hub(app: Flask) -> Iterator[Hub]:
    stopping = threading.Event()
    yield (made := Hub(app, stopping))
    stopping.set()
    for thread in made._threads:
        thread.join()


def heard(app: Flask) -> bool:
    _, count = app.extensions["oms_redis"].pubsub_numsub(cache.CHANGED)[0]
    return bool(count)


def test_a_change_wakes_those_who_watch_the_order_and_nobody_else(
    app: Flask, hub: Hub, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 3600)
    order, other = factories.place(customer), factories.place(customer)
    with hub.watch(order["order_id"]) as watch, hub.watch(other["order_id"]) as quiet:
        assert wait_until(lambda: heard(app), SOON)
        while watch.wait(0.3) or quiet.wait(0.3):  # once for the beginning, once for the subscription
            continue
        staff.patch(url(order), {"status": "confirmed"})
        assert watch.wait(SOON)
        assert not quiet.wait(0)
    assert hub._watches == {}


def test_what_redis_did_not_tell_is_found_in_the_database(
    hub: Hub, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(module, "CHANGED", "nobody:speaks:here")
    order = factories.place(customer)
    with hub.watch(order["order_id"]) as watch:
        watch.version = 1
        while watch.wait(1):
            continue
        staff.patch(url(order), {"status": "confirmed"})
        assert watch.wait(SOON)


def test_a_subscription_that_was_lost_wakes_everybody_when_it_is_back(
    app: Flask, hub: Hub, customer: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 3600)
    with hub.watch(factories.place(customer)["order_id"]) as watch:
        assert wait_until(lambda: heard(app), SOON)
        while watch.wait(0.3):
            continue
        with app.app_context():
            redis_client().client_kill_filter(_type="pubsub")
        assert watch.wait(SOON)


def test_a_stop_wakes_everybody(hub: Hub, customer: Caller) -> None:
    with hub.watch(factories.place(customer)["order_id"]) as watch:
        watch.wait(0)
        hub.stopping.set()
        assert watch.wait(SOON)


def test_a_long_way_behind_is_caught_up_batch_by_batch(
    app: Flask, hub: Hub, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BATCH", 2)
    order = factories.place(customer)
    for status in ("confirmed", "processing", "packed", "shipped", "delivered"):
        staff.patch(url(order), {"status": status})
    with app.app_context():
        pieces = stream.pieces(hub, factories.stored(app, order), events.Place(1, 0), lambda: None)
        told = [(row.version, row.position) for row in factories.outbox(app, order) if row.version > 1]
        found = [next(pieces) for _ in range(1 + len(told))]
        pieces.close()  # type: ignore[attr-defined]
    assert len(told) > 2 * events.BATCH
    assert [piece.split(b"\n")[0] for piece in found[1:]] == [b"id: %010d.%04d" % place for place in told]


def test_a_database_that_is_away_delays_what_is_told(
    app: Flask, hub: Hub, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PAUSE_SECONDS", 0.01)
    order = factories.place(customer)
    staff.patch(url(order), {"status": "confirmed"})
    after, asked = events.after, []

    def away_once(*given: object) -> object:
        asked.append(given)
        if len(asked) == 1:
            raise module.Unavailable("away")
        return after(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(events, "after", away_once)
    with app.app_context():
        pieces = stream.pieces(hub, factories.stored(app, order), events.Place(1, 0), lambda: None)
        assert next(pieces) == stream.RETRY
        assert b"status_changed" in next(pieces)
        pieces.close()  # type: ignore[attr-defined]
    assert len(asked) == 2


@pytest.mark.parametrize("given", [None, "", "1.0", "00000000010000", "9999999999.0000", "0000000001.0000 "])
def test_what_is_no_id_of_ours_is_no_place(given: str | None) -> None:
    assert events.place_of(given) is None
