"""The processes of the Procfile, started as a process manager would, and what callers see of them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack.procfile import in_shell, read_procfile
from devstack.server import descendants
from devstack.tether import tethered

ROOT = Path(__file__).parent.parent.parent
PROCFILE = read_procfile(ROOT / "Procfile")


class Program:
    """One process of the Procfile; what it prints is in `log`. It dies with the thread that started it."""

    def __init__(self, name: str, environ: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                tethered(in_shell(PROCFILE[name])),
                env={**environ, "PATH": path, "PYTHONUNBUFFERED": "1"},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def children(self) -> list[int]:
        return descendants(self.pid)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 40) -> int:
        """The exit status."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Whatever it takes; with everything below it."""
        if self.is_running:
            self.terminate()
            try:
                self.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """kill -9, also for what is below it."""
        for pid in (*self.children, self.pid):
            kill(pid)
        self._process.wait()


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask_until(
    ask: Callable[[], Answer], enough: Callable[[Answer], bool], seconds: float, pause: float = 0.01
) -> Answer | None:
    """The first answer that is enough; None when none came in time. `pause` is left between one try and the next."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            if enough(answer := ask()):
                return answer
        threading.Event().wait(pause)
    return None


class Client:
    """Somebody with a token, over a real connection for every request."""

    def __init__(self, port: int, headers: Mapping[str, str]) -> None:
        self.port = port
        self.headers = dict(headers)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Raises OSError or HTTPException where there is no answer."""
        if body is None:
            return self.send(method, path, None, **headers)
        return self.send(method, path, json.dumps(body).encode(), **{"Content-Type": "application/json", **headers})

    def send(self, method: str, path: str, body: bytes | None, **headers: str) -> Answer:
        """The same, with the bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {**self.headers, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def insist(self, method: str, path: str, body: Any, key: str, seconds: float = 30) -> Answer:
        """The same request with the same key until it is answered, as a careful caller does."""
        found = ask_until(
            lambda: self.call(method, path, body, **{"Idempotency-Key": key}),
            lambda answer: answer.status < 500 and answer.status != 409,
            seconds,
        )
        assert found is not None
        return found

    def is_ready(self) -> bool:
        try:
            return self.call("GET", "/health/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False
