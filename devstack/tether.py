"""Run a command that dies with its parent: `tether.py [--output FIFO] -- command argument...`.

It stays free of imports from this package, because it is run by its path, with `python -I -S`, in 15 ms.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def tethered(command: list[str], output: Path | None = None) -> list[str]:
    """The command line that runs `command` tied to its parent; `output` is a FIFO that takes its stdout and stderr."""
    options = ["--output", str(output)] if output else []
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *options, "--", *command]


def die_with_parent(death_signal: int) -> None:
    """Have the kernel send this process `death_signal` when the parent dies. Linux only, elsewhere it does nothing.

    The setting survives exec, but a change of user clears it, so a command that changes its user sets it itself.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)


def _redirect_output(fifo: str) -> None:
    # Opening waits for a reader. That is how `make run` holds the application back until its database is migrated.
    writer = os.open(fifo, os.O_WRONLY)
    os.dup2(writer, 1)
    os.dup2(writer, 2)


def main(arguments: list[str]) -> None:
    parent = os.getppid()
    die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent died before this process was tied to it")
    command = arguments[arguments.index("--") + 1 :]
    if arguments[0] == "--output":
        _redirect_output(arguments[1])
    os.execvp(command[0], command)  # noqa: S606 - running the given command is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
