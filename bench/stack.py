"""The real stack, durable and with its default settings, and beside it the bare routes of the floors."""

import http.client
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
import redis
from flask import Flask

from bench.processes import PROCFILE, Process
from devstack.kafka import Kafka
from devstack.ports import free_port
from devstack.postgres import DATABASE, Postgres
from devstack.server import StartError, wait_until
from devstack.valkey import Valkey
from oms.app import create_app
from oms.config import Settings

APPLICATION = ("web", "worker", "consumer", "clock")
FLOORS = "floors"  # the bare routes' database: what they write is nobody's work
START_SECONDS = 60
UNLIMITED = "900000000/minute"

Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class Stack:
    """Servers and processes; started by the main thread, for they die with it."""

    postgres: Postgres
    valkey: Valkey
    kafka: Kafka
    folder: Path
    ports: dict[str, int] = field(default_factory=lambda: {"web": free_port()})
    processes: dict[str, Process] = field(default_factory=dict)
    _secret: str = field(default_factory=lambda: secrets.token_hex(32))

    @property
    def floors_url(self) -> str:
        return self.postgres.url.removesuffix(DATABASE) + FLOORS

    @property
    def environ(self) -> dict[str, str]:
        """What every process is told: only addresses, and limits that nobody meets. The rest are the defaults."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        tuned = {name: os.environ[name] for name in ("WEB_CONCURRENCY", "WEB_THREADS") if name in os.environ}
        return {
            **inherited,
            **tuned,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.url,
            "JWT_SECRET_KEY": self._secret,
            "JWT_ACCESS_TOKEN_EXPIRATION_MINUTES": "1440",
            "RATELIMIT_DEFAULT": UNLIMITED,
            "RATELIMIT_LOGIN_ACCOUNT": UNLIMITED,
            "RATELIMIT_LOGIN_ADDRESS": UNLIMITED,
            "CONSUMER_HEALTH_PORT": "0",
            "BIND_ADDRESS": "127.0.0.1",
            "PORT": str(self.ports["web"]),
            "TMPDIR": str(self.folder),
        }

    def app(self) -> Flask:
        """The application in this process, on the same servers."""
        return create_app(Settings.from_env({**self.environ, "LOG_LEVEL": "WARNING"}))

    def start(self) -> None:
        """Migrate, start every process, wait until all answer. Raises StartError."""
        self.query(f"CREATE DATABASE {FLOORS}")
        self.query("CREATE EXTENSION pg_stat_statements", self.floors_url)
        self._migrate(self.environ, self.environ | {"DATABASE_URL": self.floors_url})
        for name in APPLICATION:
            self.processes[name] = Process(PROCFILE[name], self.environ, self.folder / f"{name}.log")
        self._wait_for("web")

    def serve(self, module: str, variables: Mapping[str, str]) -> None:
        """Serve the `app` of one more module as the Procfile serves the product: the same gunicorn, the same settings.

        It answers on /health/ready.
        """
        command = PROCFILE["web"].replace("wsgi:app", f"{module}:app")
        self.ports[module] = free_port()
        environ = {**self.environ, **variables, "PORT": str(self.ports[module])}
        self.processes[module] = Process(command, environ, self.folder / f"{module}.log")
        self._wait_for(module)

    def end(self) -> None:
        for process in self.processes.values():
            process.end()

    @contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        """These processes stand still meanwhile."""
        for name in names:
            self.processes[name].pause()
        try:
            yield
        finally:
            for name in names:
                self.processes[name].resume()

    def pids(self) -> dict[str, int]:
        """The first process of everything that runs, by name."""
        servers = {server.name: server.pid for server in (self.postgres, self.valkey, self.kafka)}
        return servers | {name: process.pid for name, process in self.processes.items()}

    def query(self, statement: str, url: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own, on the product's database unless told; rows, if it has any."""
        with self.connection(url) as ask:
            return ask(statement)

    @contextmanager
    def connection(self, url: str | None = None) -> Iterator[Ask]:
        """The same, for many statements."""
        connection = psycopg2.connect(url or self.postgres.url, application_name="bench")
        connection.autocommit = True

        def ask(statement: str) -> list[tuple[Any, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

        try:
            yield ask
        finally:
            connection.close()

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.valkey.url)

    def _migrate(self, *environs: Mapping[str, str]) -> None:
        for environ in environs:
            release = Process(PROCFILE["release"], environ, self.folder / "release.log")
            if release.wait(START_SECONDS) != 0:
                raise StartError(f"the release failed: {release.log.read_text()[-500:]}")

    def _wait_for(self, name: str) -> None:
        process, port = self.processes[name], self.ports[name]
        wait_until(lambda: _is_ready(port) or not process.is_running, START_SECONDS)
        if not _is_ready(port):
            raise StartError(f"{name} does not answer: {process.log.read_text()[-500:]}")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Everything running, in a folder of its own; nothing is left afterwards."""
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="oms-bench-", ignore_cleanup_errors=True)))
        folder.chmod(0o711)  # PostgreSQL of a run by root has a user of its own
        postgres = exits.enter_context(Postgres(folder / "postgres"))
        valkey = exits.enter_context(Valkey(folder / "valkey"))
        kafka = exits.enter_context(Kafka(folder / "kafka"))
        stack = Stack(postgres, valkey, kafka, folder)
        exits.callback(stack.end)
        stack.start()
        yield stack
