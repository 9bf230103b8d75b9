"""Connections that are kept alive are spread over gunicorn's workers, also after one was killed, and while one stands
still."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from devstack.server import wait_until
from oms.even_worker import SILENT_SECONDS
from tests.processes.conftest import Stack
from tests.processes.programs import Program, kill

CLIENTS = 16
_CONNECTIONS, _ESTABLISHED, _CLOSED_BY_CLIENT = Path("/proc/net/tcp"), "01", "08"
pytestmark = pytest.mark.skipif(not _CONNECTIONS.exists(), reason="reads connections from /proc")


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[Program]:
    program = stack.start_web(WEB_CONCURRENCY="2", WEB_THREADS="4")
    assert wait_until(lambda: both_accept(program, stack), 30)
    yield program
    program.end()


@contextmanager
def connected(stack: Stack, clients: int) -> Iterator[list[http.client.HTTPConnection]]:
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
        yield connections


def kept(web: Program, stack: Stack, *states: str) -> dict[int, int]:
    """How many connections of clients each worker has, by its process id."""
    rows = [line.split() for line in _CONNECTIONS.read_text().splitlines()[1:]]
    port = f"{stack.client.port:04X}"
    wanted = states or (_ESTABLISHED,)
    ours = {f"socket:[{row[9]}]" for row in rows if row[3] in wanted and row[1].endswith(f":{port}")}
    return {pid: sum(link in ours for link in _open_files(pid)) for pid in web.children}


def _open_files(pid: int) -> list[str]:
    found = []
    with suppress(FileNotFoundError):  # the process has ended
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                found.append(str(entry.readlink()))
    return found


def both_accept(web: Program, stack: Stack) -> bool:
    with connected(stack, 4):
        return len(web.children) == 2 and all(kept(web, stack).values())


def none_is_left(web: Program, stack: Stack) -> bool:
    """Of those that the clients have closed neither."""
    return not any(kept(web, stack, _ESTABLISHED, _CLOSED_BY_CLIENT).values())


def are_even(found: dict[int, int]) -> bool:
    """All clients are there; one worker may have been away from the processor for some moments."""
    many = found.values()
    return len(found) == 2 and sum(many) == CLIENTS and max(many) - min(many) <= CLIENTS // 2


def test_clients_that_come_at_once_are_spread(stack: Stack, web: Program) -> None:
    """In two thirds of the tries: on a busy machine one worker may be away from the processor for all of one."""
    found = []
    for _ in range(6):
        assert wait_until(lambda: none_is_left(web, stack), 20)
        with connected(stack, CLIENTS):
            found.append(kept(web, stack))
    assert sum(map(are_even, found)) >= 4, found


def test_the_successor_of_a_killed_worker_gets_its_share_of_clients_that_stay(stack: Stack, web: Program) -> None:
    assert wait_until(lambda: none_is_left(web, stack), 20)
    with connected(stack, CLIENTS) as clients:
        killed, _ = web.children
        kill(killed)
        # All come to the survivor, for the successor is not there yet; and go on asking.
        assert wait_until(lambda: ask_again(clients) and are_even(kept(web, stack)), 60)
        assert killed not in web.children
    assert wait_until(lambda: none_is_left(web, stack), 20)


def ask_again(clients: list[http.client.HTTPConnection]) -> bool:
    for client in clients:
        try:
            client.request("GET", "/health/live")
            client.getresponse().read()
        except (OSError, http.client.HTTPException):
            client.close()
    return True


def test_a_worker_that_stands_still_gets_nothing_and_holds_up_nobody(stack: Stack, web: Program) -> None:
    assert wait_until(lambda: none_is_left(web, stack), 20)
    still, other = web.children
    os.kill(still, signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        with connected(stack, CLIENTS) as clients:
            assert wait_until(lambda: time.monotonic() > stopped + 2 * SILENT_SECONDS, 20)
            # It is taken for gone by now, so nobody is sent away for its sake.
            assert ask_again(clients) and ask_again(clients)
            assert kept(web, stack) == {still: 0, other: CLIENTS}
    finally:
        os.kill(still, signal.SIGCONT)
