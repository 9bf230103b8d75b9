"""What a worker of gunicorn tells its siblings of its connections, and does for what they tell."""

import time
from collections.abc import Callable, Iterator

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from oms import even_worker
from oms.even_worker import FAREWELL_SECONDS, PLACES, EvenWorker

MOST = 100


@pytest.fixture
def hire() -> Iterator[Callable[[], EvenWorker]]:
    """Makes workers that accept connections; they leave with the test."""
    made: list[EvenWorker] = []

    def hire() -> EvenWorker:
        config = Config()
        worker = EvenWorker(len(made), 0, [], None, 30, config, Logger(config))
        worker.booted, worker.max_keepalived = True, MOST
        made.append(worker)
        return worker

    yield hire
    for worker in made:
        worker.leave()
        worker.tmp.close()


def test_a_place_is_free_again_when_its_worker_has_left(hire: Callable[[], EvenWorker]) -> None:
    for _ in range(2 * PLACES):
        hire().leave()
    first, second = hire(), hire()
    first.nr_conns, second.nr_conns = 3, 0
    assert (first._fewest_elsewhere(), second._fewest_elsewhere()) == (0, 3)


def test_who_has_left_or_is_silent_counts_for_nothing(
    hire: Callable[[], EvenWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = hire(), hire(), hire()
    for worker, connections in ((first, 9), (second, 1), (third, 2)):
        worker.nr_conns = connections
    assert first._fewest_elsewhere() == 1
    second.leave()
    assert first._fewest_elsewhere() == 2
    now = time.monotonic()
    monkeypatch.setattr("oms.even_worker.time.monotonic", lambda: now + even_worker.SILENT_SECONDS + 1)
    assert first._fewest_elsewhere() is None


def test_a_count_that_has_slipped_below_nothing_draws_nobody_away(hire: Callable[[], EvenWorker]) -> None:
    first, second = hire(), hire()
    first.nr_conns, second.nr_conns = 4, -3
    assert first._fewest_elsewhere() == 0
    assert first.max_keepalived == MOST


def test_who_has_far_more_sends_one_client_away_at_a_time(
    hire: Callable[[], EvenWorker], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = hire(), hire()
    first.nr_conns, second.nr_conns = 9, 2
    now = time.monotonic()
    monkeypatch.setattr("oms.even_worker.time.monotonic", lambda: now)
    assert [first.max_keepalived for _ in range(3)] == [0, MOST, MOST]
    now += FAREWELL_SECONDS
    assert [first.max_keepalived for _ in range(2)] == [0, MOST]
    first.nr_conns = 8
    now += FAREWELL_SECONDS
    assert first.max_keepalived == MOST


def test_a_worker_without_a_place_looks_at_the_others_all_the_same(hire: Callable[[], EvenWorker]) -> None:
    known = [hire() for _ in range(PLACES)]
    for worker in known:
        worker.nr_conns = 1
    beyond = hire()
    beyond.nr_conns = 3
    assert beyond._has_more_than_another()
    assert not known[0]._has_more_than_another()
