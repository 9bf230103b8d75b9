"""The whole system on servers of its own, in a folder of its own; both are gone when it is left."""

import http.client
import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from devstack.apache_kafka import ApacheKafka
from devstack.kafka import Kafka
from devstack.ports import free_port
from devstack.postgres import Postgres
from devstack.server import StartError, wait_until
from devstack.valkey import Valkey
from oms.app import create_app
from oms.config import Settings
from oms.extensions import db
from tests import brokers
from tests.callers import person
from tests.conftest import Servers
from tests.faults.load import Person
from tests.faults.wire import Wire
from tests.processes.programs import Client, Program
from tests.webhooks.hooks import KEY

LOGS = Path(__file__).parent.parent.parent / "build/torture"
PROCESSES = ("web", "stream", "worker", "bulk", "webhooks", "consumer", "clock")
WEB_WORKERS = 2
STATEMENT_SECONDS = 3
START_SECONDS = 60
RECOVERY_SECONDS = 45


@dataclass
class Installation:
    """Servers, wire and processes. Everything is started by the main thread, for it dies with its thread."""

    postgres: Postgres
    valkey: Valkey
    kafka: Kafka | ApacheKafka
    wire: Wire
    folder: Path
    port: int = field(default_factory=free_port)
    stream_port: int = field(default_factory=free_port)
    variables: dict[str, str] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    _starts: int = 0

    @property
    def environ(self) -> dict[str, str]:
        servers = Servers(self.postgres, self.valkey, self.kafka)
        environ = servers.environ(
            DATABASE_URL=self.wire.url,
            PORT=str(self.port),
            BIND_ADDRESS="127.0.0.1",
            WEB_CONCURRENCY=str(WEB_WORKERS),
            WEB_THREADS="8",
            STREAM_PORT=str(self.stream_port),
            STREAM_HEARTBEAT_SECONDS="2",
            STREAM_CONNECTIONS_PER_CALLER="200",  # one whose watcher has gone counts until the next beats
            WEBHOOK_ENCRYPTION_KEYS=KEY,
            WEBHOOK_ALLOW_HTTP="YES",
            WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
            DB_STATEMENT_TIMEOUT_MS=str(STATEMENT_SECONDS * 1000),
            TMPDIR=str(self.folder),
        )
        return environ | self.variables

    def start(self) -> None:
        """Migrate, start every process, wait until all is well. Raises StartError."""
        release = self._run("release")
        if release.wait(START_SECONDS) != 0:
            raise StartError(f"the release failed: {release.printed}")
        for name in PROCESSES:
            self.programs[name] = self._run(name)
        if not wait_until(self.is_well, START_SECONDS):
            raise StartError(f"the system did not start: {self.last_words()}")

    def end(self) -> None:
        for program in self.programs.values():
            if program.is_running:
                program.terminate()
        for program in self.programs.values():
            program.end()

    def under_load(self, seconds: float) -> None:
        """Let the clients go on for a while, starting again what has died."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.keep_alive()
            threading.Event().wait(0.05)

    def restart(self, name: str) -> None:
        """As a release does it: told to stop, and started again with what `variables` are now."""
        self.programs[name].end()
        self.programs[name] = self._run(name)

    def keep_alive(self) -> None:
        """What a process manager does."""
        for name, program in self.programs.items():
            if not program.is_running:
                self.programs[name] = self._run(name)

    def recover(self) -> bool:
        """Whether all is well again in time."""

        def well() -> bool:
            self.keep_alive()
            return self.is_well()

        return wait_until(well, RECOVERY_SECONDS)

    def is_well(self) -> bool:
        listens = Client(self.stream_port, {}).is_ready()
        return len(self.programs["web"].children) == WEB_WORKERS and self._health() == {"ok"} and listens

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows, by a way of its own past the wire."""
        connection = psycopg2.connect(self.postgres.url, application_name="auditor", connect_timeout=5)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def people(self, customers: int) -> tuple[list[Person], Person]:
        """Customers, and one of the staff."""
        app = create_app(Settings.from_env(self.environ))
        callers = [person(app, "customer") for _ in range(customers)] + [person(app, "staff")]
        with app.app_context():
            db.engine.dispose()
        *found, staff = [Person(caller.id, caller.headers) for caller in callers]
        return found, staff

    def last_words(self) -> str:
        return " | ".join(f"{log.name}: {log.read_text()[-500:]}" for log in sorted(self.folder.glob("*.log")))

    def _run(self, name: str) -> Program:
        self._starts += 1
        return Program(name, {**os.environ, **self.environ}, self.folder / f"{name}-{self._starts}.log")

    def _health(self) -> set[str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request("GET", "/health")
            document = json.loads(connection.getresponse().read())
            return {check["status"] for check in document["checks"].values()}
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return set()
        finally:
            connection.close()


class Stopped(BaseException):
    """Somebody asked the run to stop, or its time is over."""


@contextmanager
def installation(kafka_kind: str = "embedded", **variables: str) -> Iterator[Installation]:
    """Everything running with these settings, on the embedded broker or a real one; nothing but the logs is left,
    whatever ended it."""
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="oms-faults-", ignore_cleanup_errors=True))
        )
        stack.callback(_keep_logs, folder)
        folder.chmod(0o711)  # PostgreSQL of a run by root has a user of its own
        stack.callback(_no_more_signals)
        postgres = stack.enter_context(Postgres(folder / "postgres"))
        valkey = stack.enter_context(Valkey(folder / "valkey"))
        kafka = stack.enter_context(brokers.own(folder / "kafka", real=kafka_kind == "real"))
        wire = stack.enter_context(Wire(postgres.url))
        made = Installation(postgres, valkey, kafka, wire, folder, variables=variables)
        stack.callback(made.end)
        stack.callback(_no_more_signals)
        made.start()
        yield made


def _keep_logs(folder: Path) -> None:
    for log in (*folder.glob("*.log"), *folder.glob("*/*.log")):
        shutil.copy(log, LOGS / "-".join(log.relative_to(folder).parts))


def _no_more_signals() -> None:
    """What puts things away must not be cut short by an impatient second Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
