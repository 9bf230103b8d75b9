"""The real process of live updates, and people who watch."""

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from devstack.ports import free_port
from devstack.server import wait_until
from tests.callers import Caller
from tests.conftest import Servers
from tests.processes.programs import Client, Program

# Those who have gone are counted until the next beats find out.
MOST, MOST_OF_ONE = 20, 3


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was sent; a comment has no type."""

    type: str
    id: str = ""
    data: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Watcher:
    """Somebody who watches an order over a real connection."""

    def __init__(self, port: int, caller: Caller, path: str, last: str | None = None) -> None:
        headers = {**caller.headers, **({"Last-Event-ID": last} if last else {})}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request("GET", f"{path}/events", headers=headers)
        self.answer = self._connection.getresponse()

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.answer.close()
        self._connection.close()

    def parts(self) -> Iterator[dict[str, str]]:
        """What stands between empty lines, by its names; ends with the stream."""
        found: dict[str, str] = {}
        while line := self.answer.readline():
            name, _, value = line.decode().rstrip("\n").partition(":")
            if line == b"\n":
                yield found
                found = {}
            else:
                found[name] = value.removeprefix(" ")

    def next(self) -> Event:
        """The next event, whatever else comes before it."""
        for part in self.parts():
            if "event" in part:
                return Event(part["event"], part.get("id", ""), part["data"])
        raise EOFError

    def rest(self) -> list[Event]:
        """All that comes until the stream ends."""
        return [Event(part["event"], part.get("id", ""), part["data"]) for part in self.parts() if "event" in part]


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
        made.append(Watcher(port, caller, f"/orders/{order['order_id']}", last))
        return made[-1]

    yield watch
    for watcher in made:
        watcher.__exit__()
