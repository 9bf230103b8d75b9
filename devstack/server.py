"""The life of one server process: start, stop, and what tests do to it in between."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from devstack.ports import free_port, is_free


class StartError(Exception):
    """Something keeps the stack, or a server of it, from starting; the text is one line for whoever started it."""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask `condition` every 10 ms until it holds or the time is over; answer whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def parents() -> dict[int, int]:
    """The parent's id of every living process, by process id; empty where there is no /proc."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # "pid (name) state parent ...", and a name may hold blanks and brackets.
        state, parent = text.rpartition(")")[2].split()[:2]
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(pid: int) -> list[int]:
    """The ids of all processes below `pid`; empty where there is no /proc."""
    parent_of = parents()
    found = [pid]
    for known in found:
        found += [child for child, parent in parent_of.items() if parent == known]
    return found[1:]


class Server(ABC):
    """A server on 127.0.0.1 with its own data folder.

    Start it in the main thread, for it dies with the thread that started it.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path, port: int | None = None) -> None:
        """`data_dir` is made if missing; without a `port` a free one is taken, and kept over restarts."""
        self.data_dir = data_dir.absolute()
        self.port = port or free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """What a client connects to."""

    @abstractmethod
    def prepare(self) -> None:
        """Whatever has to be there before `command` can run. Raises StartError."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs the server in the foreground, tied to the process that starts it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server answers a client now."""

    @property
    def pid(self) -> int:
        """Process id of the running server. Raises RuntimeError when it was not started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    def start(self, timeout: float = 30) -> Self:
        """Start and wait until it answers. Raises StartError with the reason, which may be the end of its log."""
        self.prepare()
        if not is_free(self.port):
            raise StartError(f"{self.name} did not start: port {self.port} is in use")
        self._process = self._spawn(self.data_dir / "server.log")
        process = self._process
        wait_until(lambda: self.is_ready() or process.poll() is not None, timeout)
        if process.poll() is not None or not self.is_ready():
            self.kill()
            raise StartError(f"{self.name} did not start: {self._last_log_line()}")
        return self

    def stop(self, timeout: float = 30) -> None:
        """Ask it to stop, and wait; does nothing when it is not running."""
        if self._process is not None:
            self.resume()
            self._process.send_signal(self.stop_signal)
            self._process.wait(timeout)
            self._forget()

    def kill(self) -> None:
        """kill -9, for the server and every process below it; returns when all are gone."""
        if self._process is not None:
            below = descendants(self._process.pid)
            self._signal_all([self._process.pid, *below], signal.SIGKILL)
            self._process.wait()
            wait_until(lambda: parents().keys().isdisjoint(below), 5)
            self._forget()

    def pause(self) -> None:
        """Stop answering without closing a connection (SIGSTOP), until `resume`."""
        self._signal_all([self.pid, *descendants(self.pid)], signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal_all([self.pid, *descendants(self.pid)], signal.SIGCONT)

    def restart(self) -> Self:
        """Stop, and start again on the same port and data."""
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _spawn(self, log: Path) -> "subprocess.Popen[str]":
        with log.open("a") as output:
            # A session of its own, so that Ctrl-C at a test run does not reach the server before the tests have ended.
            return subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                text=True,
            )

    def _forget(self) -> None:
        self._process = None

    def _last_log_line(self) -> str:
        lines = (self.data_dir / "server.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it wrote no log"

    @staticmethod
    def _signal_all(pids: list[int], number: int) -> None:
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
