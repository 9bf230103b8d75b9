from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine

from devstack.ports import free_port
from devstack.server import wait_until
from tests.callers import person
from tests.conftest import Servers
from tests.floor import applications
from tests.floor.databases import own_database
from tests.processes.programs import Client, Program

READY_SECONDS = 60


@dataclass
class Stack:
    """A database of its own on the servers of the tests, and the processes a test starts over it."""

    environ: dict[str, str]
    client: Client
    database: Engine
    folder: Path
    programs: list[Program] = field(default_factory=list)

    def start(self, name: str, **variables: str) -> Program:
        log = self.folder / f"{name}-{len(self.programs)}.log"
        program = Program(name, {**self.environ, **variables}, log)
        self.programs.append(program)
        return program

    def start_web(self, **variables: str) -> Program:
        """gunicorn, when it answers."""
        web = self.start("web", **variables)
        assert wait_until(lambda: self.client.is_ready() or not web.is_running, READY_SECONDS)
        assert web.is_running, web.printed
        return web

    def scalar(self, query: str, **parameters: object) -> object:
        with self.database.connect() as connection:
            return connection.execute(text(query), parameters).scalar()


@pytest.fixture(scope="module")
def stack(app: Flask, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with own_database(app, servers) as url:
        yield from _stack(app, servers, url, tmp_path_factory.mktemp("processes"))


def _stack(app: Flask, servers: Servers, url: str, folder: Path) -> Iterator[Stack]:
    port = free_port()
    own = {"DATABASE_URL": url, "REDIS_URL": f"redis://127.0.0.1:{servers.valkey.port}/1"}
    with applications.another(app, servers, **own) as made:
        made.extensions["oms_redis"].flushdb()  # another module's, over another database
        caller = person(made, "customer")
    environ = servers.process_environ(
        **own,
        PORT=str(port),
        BIND_ADDRESS="127.0.0.1",
        WEB_CONCURRENCY="2",
        WEB_THREADS="4",
        TMPDIR=str(folder),  # a gunicorn that is killed leaves its folder of metrics there
        # A busy machine may take its time to ring for the worker, and here is no clock that rings again.
        REDIS_TIMEOUT_MS="5000",
    )
    database = create_engine(own["DATABASE_URL"], isolation_level="AUTOCOMMIT", connect_args={"application_name": "t"})
    made_stack = Stack(environ, Client(port, caller.headers), database, folder)
    yield made_stack
    for program in made_stack.programs:
        program.end()
    database.dispose()


@pytest.fixture
def started(stack: Stack) -> Iterator[Callable[..., Program]]:
    """Starts programs that are ended with the test."""
    made: list[Program] = []

    def start(name: str, **variables: str) -> Program:
        made.append(stack.start(name, **variables))
        return made[-1]

    yield start
    for program in made:
        program.end()
