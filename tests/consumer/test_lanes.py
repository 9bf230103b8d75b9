"""Waiting and order within a partition, without a broker."""

from collections import deque

import pytest

from oms.consumer import lanes
from oms.consumer.lanes import Lane
from oms.consumer.received import Received


def lane(*offsets: int, partition: int = 0) -> Lane:
    return Lane(deque(Received("t", partition, offset, None, b"", (), str(offset)) for offset in offsets))


def test_a_batch_takes_each_lane_in_order_up_to_its_size() -> None:
    batch = lanes.next_batch([lane(1, 2), lane(5, 6, partition=1)], 0.0, 3)
    assert [(message.partition, message.offset) for message in batch] == [(0, 1), (0, 2), (1, 5)]


def test_a_lane_with_much_to_do_comes_last_the_next_time() -> None:
    long, short = lane(*range(9)), lane(5, partition=1)
    assert {message.partition for message in lanes.next_batch([long, short], 1.0, 3)} == {0}
    assert [message.partition for message in lanes.next_batch([long, short], 2.0, 3)] == [1, 0, 0]


def test_a_lane_that_failed_waits_alone_and_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    failed, other = lane(1, 2), lane(5)
    waits = []
    for _ in range(9):
        failed.fail(100.0)
        waits.append(round(failed.due - 100.0, 3))
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert [message.offset for message in lanes.next_batch([failed, other], 104.0, 9)] == [5]
    assert lanes.suspects([failed, other], 104.0) == []
    assert lanes.suspects([failed, other], 105.0) == [failed]
    assert lanes.seconds_to_next([failed], 104.0) == 1.0


def test_delays_are_not_counted_as_failures() -> None:
    waiting = lane(1)
    for _ in range(50):
        waiting.delay(100.0)
    assert waiting.failures == 0
    assert waiting.fail(100.0) == 1


def test_an_advance_clears_what_was_held_against_the_head() -> None:
    done = lane(1, 2)
    done.fail(100.0)
    done.advance()
    assert (done.done, done.uncommitted, done.suspect, done.ready(0.0)) == (2, 1, False, True)


def test_there_is_nothing_to_wait_for_without_messages() -> None:
    assert lanes.seconds_to_next([lane()], 0.0) == float("inf")
