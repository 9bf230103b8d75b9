"""Connections that are kept alive are spread over gunicorn's workers, also after one was killed, and while one stands
still."""

import http.client
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from devstack.server import wait_until
from tests.processes.conftest import Stack
from tests.processes.programs import Program, kill

CLIENTS = 16
_CONNECTIONS, _ESTABLISHED = Path("/proc/net/tcp"), "01"
pytestmark = pytest.mark.skipif(not _CONNECTIONS.exists(), reason="reads connections from /proc")


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[Program]:
    program = stack.start_web(WEB_CONCURRENCY="2", WEB_THREADS="4")
    assert wait_until(lambda: both_accept(program, stack), 30)
    yield program
    program.end()


@contextmanager
def connected(stack: Stack, clients: int) -> Iterator[None]:
    """So many clients at once, whose connections stay open after an answer."""
    with ExitStack() as opened:
        connections = [http.client.HTTPConnection("127.0.0.1", stack.client.port, timeout=20) for _ in range(clients)]
        for connection in connections:
            opened.enter_context(closing(connection))
            connection.connect()
        for connection in connections:
            connection.request("GET", "/health/live")
        for connection in connections:
            assert connection.getresponse().read()
        yield


def kept(web: Program, stack: Stack) -> dict[int, int]:
    """How many connections of clients each worker has, by its process id."""
    rows = [line.split() for line in _CONNECTIONS.read_text().splitlines()[1:]]
    port = f"{stack.client.port:04X}"
    ours = {f"socket:[{row[9]}]" for row in rows if row[3] == _ESTABLISHED and row[1].endswith(f":{port}")}
    return {pid: sum(link in ours for link in _open_files(pid)) for pid in web.children}


def _open_files(pid: int) -> list[str]:
    return [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]


def both_accept(web: Program, stack: Stack) -> bool:
    with connected(stack, 4):
        return len(web.children) == 2 and all(kept(web, stack).values())


def none_is_left(web: Program, stack: Stack) -> bool:
    return not any(kept(web, stack).values())


def test_clients_that_come_at_once_are_spread(stack: Stack, web: Program) -> None:
    for _ in range(3):
        with connected(stack, CLIENTS):
            found = sorted(kept(web, stack).values())
            assert sum(found) == CLIENTS
            assert found[1] - found[0] <= CLIENTS // 3, found
        assert wait_until(lambda: none_is_left(web, stack), 20)


def test_the_successor_of_a_killed_worker_gets_what_the_other_has_more(stack: Stack, web: Program) -> None:
    with connected(stack, CLIENTS):
        killed, survivor = web.children
        kill(killed)
        assert wait_until(lambda: killed not in web.children and both_accept(web, stack), 30)
        kept_on = kept(web, stack)[survivor]
        assert kept_on >= CLIENTS // 3
        with connected(stack, kept_on):
            found = kept(web, stack)
            assert found[survivor] - kept_on <= CLIENTS // 3, found
    assert wait_until(lambda: none_is_left(web, stack), 20)


def test_a_worker_that_stands_still_gets_nothing_and_holds_up_nobody(stack: Stack, web: Program) -> None:
    still, other = web.children
    os.kill(still, signal.SIGSTOP)
    try:
        with connected(stack, CLIENTS):
            assert kept(web, stack) == {still: 0, other: CLIENTS}
    finally:
        os.kill(still, signal.SIGCONT)
