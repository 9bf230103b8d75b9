"""The real process of live updates, and people who watch."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from devstack.ports import free_port
from devstack.server import wait_until
from tests.callers import Caller
from tests.conftest import Servers
from tests.live.watching import Watcher
from tests.processes.programs import Client, Program

# Those who have gone are counted until the next beats find out.
MOST, MOST_OF_ONE = 20, 3


Watch = Callable[..., Watcher]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def stream(app: Flask, servers: Servers, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The process, when it answers."""
    assert app  # the database is migrated
    folder = tmp_path_factory.mktemp("stream")
    environ = servers.process_environ(
        STREAM_PORT=str(port),
        BIND_ADDRESS="127.0.0.1",
        STREAM_CONNECTIONS=str(MOST),
        STREAM_CONNECTIONS_PER_CALLER=str(MOST_OF_ONE),
        STREAM_HEARTBEAT_SECONDS="1",
        TMPDIR=str(folder),
    )
    program = Program("stream", environ, folder / "stream.log")
    assert wait_until(lambda: Client(port, {}).is_ready() or not program.is_running, 60)
    assert program.is_running, program.printed
    yield program
    program.end()


@pytest.fixture
def watch(stream: Program, port: int) -> Iterator[Watch]:
    """Watches an order; the connections are closed with the test."""
    made: list[Watcher] = []

    def watch(caller: Caller, order: Any, last: str | None = None) -> Watcher:
        made.append(Watcher(port, caller.headers, f"/orders/{order['order_id']}", last))
        return made[-1]

    yield watch
    for watcher in made:
        watcher.__exit__()
