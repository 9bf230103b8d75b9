"""The processes of the Procfile as the bench runs them, each with a log of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from devstack.procfile import in_shell, read_procfile
from devstack.server import descendants
from devstack.tether import tethered

ROOT = Path(__file__).parent.parent
PROCFILE = read_procfile(ROOT / "Procfile")
STOP_SECONDS = 40


class Process:
    """A running command; it dies with the thread that started it."""

    def __init__(self, command: str, environ: Mapping[str, str], log: Path) -> None:
        """`command` is a line of the Procfile, or one like it."""
        self.log = log
        path = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', '')}"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                tethered(in_shell(command)),
                env={**environ, "PATH": path},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float) -> int:
        """The exit status."""
        return self._process.wait(seconds)

    def pause(self) -> None:
        """SIGSTOP, for everything below it too, until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """Ask it to stop, and see that it does."""
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        for pid in (*descendants(self.pid), self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
