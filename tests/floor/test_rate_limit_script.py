"""The script that counts a request decides as the two of limits do, and leaves the same behind."""

from random import Random
from typing import Any

import pytest
from flask import Flask
from limits.storage import RedisStorage

from oms.ids import new_id
from oms.redis_script import RedisScript
from oms.web.rate_limits import _ALL_AT_ONCE, OneRoundTrip

LIMIT, SECONDS = 10, 60
LENGTH = SECONDS * 1000
# Of a window's time: nothing kept, its second half, and its first, in which it is the window before already.
AGES = (None, 1.93, 1.33, 0.73, 0.23)
MILLISECONDS_BETWEEN = 5000


@pytest.fixture
def client(app: Flask) -> Any:
    return app.extensions["oms_redis"]


def states() -> list[tuple[int, int | None, int, float | None]]:
    """(count before, its milliseconds, count now, its age): what is left of the window before is never so near to a
    whole request that a millisecond decides."""
    rng = Random(7)
    found = []
    for age in AGES:
        for _ in range(12):
            before = rng.randrange(0, 2 * LIMIT)
            left = int((rng.randrange(0, max(1, before)) + 0.5) / max(1, before) * LENGTH)
            found.append((before, rng.choice([None, left]), rng.randrange(0, LIMIT + 2), age))
    return found


def keys(client: Any, state: tuple[int, int | None, int, float | None]) -> tuple[str, str]:
    before, before_left, now, age = state
    pair = (f"test:{{{new_id()}}}/-1", f"test:{{{new_id()}}}")
    if before_left is not None:
        client.set(pair[0], before, px=before_left)
    if age is not None:
        client.set(pair[1], now, px=int(age * LENGTH))
    return pair


def kept(client: Any, pair: tuple[str, str]) -> list[int]:
    """Each count, and the milliseconds that are left of it."""
    pipeline = client.pipeline()
    for key in pair:
        pipeline.get(key).pttl(key)
    count_before, left_before, count_now, left_now = pipeline.execute()
    return [int(count_before or 0), left_before, int(count_now or 0), left_now]


def near(one: list[int], other: list[int]) -> bool:
    return all(abs(a - b) <= MILLISECONDS_BETWEEN for a, b in zip(one, other, strict=True)) and (
        (one[0], one[2]) == (other[0], other[2])
    )


@pytest.mark.parametrize("amount", [1, 3, LIMIT + 1])
@pytest.mark.parametrize("state", states())
def test_it_decides_and_keeps_as_the_library_does(client: Any, state: Any, amount: int) -> None:
    library: Any = RedisStorage(f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}")
    theirs, ours = keys(client, state), keys(client, state)
    expected = bool(library.lua_acquire_sliding_window(theirs, [LIMIT, SECONDS, amount], client=client))
    told = [int(value or 0) for value in library.lua_sliding_window(theirs, [SECONDS], client=client)]
    acquired, window, wanted = RedisScript(_ALL_AT_ONCE).run(client, ours, (LIMIT, SECONDS, amount))
    assert (bool(acquired), wanted) == (expected, [])
    assert near(kept(client, ours), kept(client, theirs))
    before, before_left, now, left = told
    # The library says -2 of a count that is not there, and a window before in which nothing was has no time to tell.
    assert near(window, [before, before_left if before else 0, now, max(left, 0)])


def test_it_brings_along_what_else_is_wanted(client: Any) -> None:
    first, second = f"test:{new_id()}", f"test:{new_id()}"
    client.set(first, b"1")
    answer = RedisScript(_ALL_AT_ONCE).run(client, (*keys(client, (0, None, 0, None)), first, second), (1, SECONDS, 1))
    assert answer[2] == [b"1", None]


def test_the_storage_of_the_limiter_uses_it() -> None:
    assert OneRoundTrip("oms://")._all_at_once._source == _ALL_AT_ONCE
