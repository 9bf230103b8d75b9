"""One receiver that hangs, trickles or fails keeps no other one waiting."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from oms.jobs.deliver_webhooks import courier
from oms.webhooks.claiming import AT_ONCE, Due, Slots
from tests.factories import rows
from tests.webhooks.hooks import Hooks, delivering
from tests.webhooks.receivers import Receiver


def test_a_quick_receiver_has_all_its_events_while_many_others_hang(hooks: Hooks, receivers: Any) -> None:
    """Fifteen that hang take every slot that is left to them, of sixteen."""
    *slow, quick = receivers(16)
    for each in slow:
        each.hang()
        hooks.endpoint(each)
    hooks.endpoint(quick)
    for _ in range(6):
        hooks.order()
    hooks.publish()
    with delivering(hooks):
        quick.wait_for(6)
        for each in slow:
            each.wait_for(1)
            assert each.under_way, "it has not been answered to this moment"
            each.release()


def test_a_run_that_is_over_leaves_slow_ones_to_the_next_and_does_not_wait(
    hooks: Hooks, receivers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms.jobs.deliver_webhooks.SECONDS", 0.2)
    slow, quick = receivers(2)
    slow.hang()
    hanging, prompt = hooks.endpoint(slow), hooks.endpoint(quick)
    hooks.post(hanging, "test")
    while not slow.got:
        hooks.deliver()
    assert slow.under_way
    hooks.post(prompt, "test")
    while not quick.got:
        hooks.deliver()
    slow.release()
    courier().finish()
    assert [hooks.deliveries(each)[0]["status"] for each in (hanging, prompt)] == ["delivered", "delivered"]
    assert [len(each.got) for each in (slow, quick)] == [1, 1]


def test_no_receiver_has_more_than_a_few_requests_at_once(hooks: Hooks, receiver: Receiver) -> None:
    receiver.hang()
    hooks.endpoint(receiver)
    for _ in range(AT_ONCE + 3):
        hooks.order()
    hooks.publish()
    with delivering(hooks):
        receiver.wait_for(AT_ONCE)
        receiver.release()
    assert (receiver.most_under_way, len(receiver.got)) == (AT_ONCE, AT_ONCE + 3)


@pytest.fixture
def impatient(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Receivers have 0.7 s."""
    extensions = hooks.app.extensions
    chosen = replace(hooks.app.config["OMS_SETTINGS"], webhook_timeout_ms=700)
    monkeypatch.setitem(hooks.app.config, "OMS_SETTINGS", chosen)
    extensions.pop("oms_webhook_courier", None)
    yield
    extensions.pop("oms_webhook_courier", None)


@pytest.mark.usefixtures("impatient")
def test_one_that_hangs_is_given_up_after_its_time_and_has_one_request_at_once_then(
    hooks: Hooks, receiver: Receiver
) -> None:
    receiver.hang()
    endpoint = hooks.endpoint(receiver)
    for _ in range(2):
        hooks.post(endpoint, "test")
    hooks.deliver()
    hooks.try_again()
    of_it = rows(hooks.app, "SELECT * FROM webhook_attempts ORDER BY attempted_at")
    assert [attempt.error for attempt in of_it] == ["no whole answer within 0.7 s"] * 4
    assert all(700 <= attempt.duration_ms < 5000 for attempt in of_it)
    one, after_the_other = of_it[2:]
    assert one.attempted_at + timedelta(milliseconds=one.duration_ms) <= after_the_other.attempted_at


@contextmanager
def trickling(first: bytes) -> Iterator[str]:
    """A receiver that sends `first` and then one byte after the other, for ever."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=trickle, args=(connection,), daemon=True).start()

    def trickle(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(first)
                while not over.wait(0.05):
                    connection.sendall(b"x")
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nX-Header: "], ids=["status line", "header"])
def test_one_that_trickles_is_cut_off(hooks: Hooks, first: bytes) -> None:
    with trickling(first) as url:
        endpoint = hooks.create(url).get_json()
        event_id = hooks.post(endpoint, "test").get_json()["event_id"]
        hooks.deliver()
    (attempt,) = hooks.delivery(endpoint, event_id)["attempt_log"]
    assert attempt["error"] == "no whole answer within 0.7 s"
    assert attempt["duration_ms"] < 5000


@pytest.mark.usefixtures("impatient")
def test_one_that_has_said_yes_and_trickles_on_has_said_yes(hooks: Hooks) -> None:
    with trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nyes") as url:
        endpoint = hooks.create(url).get_json()
        event_id = hooks.post(endpoint, "test").get_json()["event_id"]
        hooks.deliver()
    assert hooks.delivery(endpoint, event_id)["status"] == "delivered"


def due(endpoint_id: str, *, failing: bool = False, under_way: int = 0) -> Due:
    return Due(endpoint_id, "E", failing, under_way)


def chosen(slots: Slots, *waiting: Due) -> list[str]:
    return [delivery.endpoint_id for delivery in slots.choose(waiting)]


class TestSlots:
    def test_everybody_has_a_turn_before_anybody_has_two(self) -> None:
        assert chosen(Slots(10, 10, 0), due("A"), due("A"), due("B")) == ["A", "B", "A"]

    def test_a_second_request_needs_half_of_the_slots_free(self) -> None:
        assert chosen(Slots(10, 5, 0), due("A"), due("A"), due("B")) == ["A", "B"]

    def test_what_other_workers_send_counts(self) -> None:
        assert chosen(Slots(10, 10, 0), due("A", under_way=AT_ONCE)) == []

    def test_those_that_fail_have_one_each_and_half_of_all_together(self) -> None:
        failing = [due(str(number), failing=True) for number in range(9)]
        assert chosen(Slots(10, 10, 2), *failing, *failing, due("A")) == ["0", "1", "2", "A"]

    def test_without_a_free_slot_nobody_goes(self) -> None:
        assert chosen(Slots(10, 0, 0), due("A"), due("B", failing=True)) == []
