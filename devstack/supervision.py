"""supervisord, which keeps the servers and the processes of the Procfile running."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from devstack.tether import tethered

SERVERS, APPLICATION = "servers", "application"
PRIORITIES = {SERVERS: 1, APPLICATION: 2}  # started in this order, stopped in the other
STOP_SECONDS = {SERVERS: 20, APPLICATION: 35}  # the application drains: gunicorn gives its requests 25 s

_EXITED = re.compile(r"exited: (\S+) \((?:exit status (\d+)|terminated by (SIG\w+))")
_SPAWNED = re.compile(r"spawned: '(.+)' with pid")


@dataclass(frozen=True)
class Program:
    """One process to keep running; `log` is the file for its output, if it does not see to that itself."""

    name: str
    group: str
    command: list[str]
    stop_signal: signal.Signals = signal.SIGTERM
    log: Path | None = None


def configuration(programs: Iterable[Program], data_dir: Path, directory: Path) -> str:
    """The text of a supervisord configuration that runs the programs in `directory`."""
    programs = list(programs)
    lines = ["[supervisord]", "nodaemon=true", f"logfile={_escaped(str(data_dir / 'log/supervisord.log'))}"]
    lines += [f"pidfile={_escaped(str(data_dir / 'supervisord.pid'))}", f"directory={_escaped(str(directory))}"]
    if os.geteuid() == 0:
        lines.append("user=root")  # otherwise it warns about running as root
    for group, priority in PRIORITIES.items():
        names = [program.name for program in programs if program.group == group]
        if names:
            lines += ["", f"[group:{group}]", f"programs={','.join(names)}", f"priority={priority}"]
    for program in programs:
        lines += ["", f"[program:{program.name}]", *_program_lines(program)]
    return "\n".join(lines) + "\n"


def _program_lines(program: Program) -> list[str]:
    return [
        f"command={_escaped(shlex.join(program.command))}",
        "autorestart=true",
        "startretries=1000000",
        f"stopsignal={program.stop_signal.name.removeprefix('SIG')}",
        f"stopwaitsecs={STOP_SECONDS[program.group]}",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={_escaped(str(program.log)) if program.log else 'NONE'}",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=1",
    ]


def _escaped(value: str) -> str:
    return value.replace("%", "%%")


class DeathNotices:
    """Turns what supervisord logs into one readable line for each process that died and was started again."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._causes: dict[str, str] = {}

    def read(self, line: str) -> None:
        """Take one line of supervisord's log."""
        if match := _EXITED.search(line):
            name, status, signal_name = match.groups()
            self._causes[name] = f"exit status {status}" if status else f"signal {signal.Signals[signal_name].value}"
        elif (match := _SPAWNED.search(line)) and (cause := self._causes.pop(match[1], None)):
            self._tell(f"{match[1]} died ({cause}), started again")
        elif " CRIT " in line or line.startswith("Error"):
            self._tell(line)


def start_supervisor(
    configuration_file: Path, environment: dict[str, str], directory: Path
) -> "subprocess.Popen[bytes]":
    """supervisord, away from the terminal's Ctrl-C; its log comes through `stdout`."""
    program = Path(__file__).with_name("quick_supervisord.py")
    command = [sys.executable, str(program), "-c", str(configuration_file)]
    return subprocess.Popen(
        tethered(command),
        env=environment,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def stop_supervisor(supervisor: "subprocess.Popen[bytes]") -> None:
    """Stop everything, the application first, and wait until all processes are gone."""
    supervisor.terminate()
    try:
        supervisor.wait(sum(STOP_SECONDS.values()) + 10)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
