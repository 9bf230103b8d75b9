"""The Procfile: `name: command`, one process a line."""

import re
from pathlib import Path

from devstack.server import StartError

RELEASE = "release"
_LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+)$")


def read_procfile(path: Path) -> dict[str, str]:
    """The command of every process by its name, `release` included. Raises StartError where there is no Procfile."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        raise StartError(f"there is no Procfile in {path.parent}") from None
    matches = (_LINE.match(line) for line in lines)
    return {match[1]: match[2].strip() for match in matches if match}


def in_shell(command: str) -> list[str]:
    """The command line of a Procfile command: the shell fills in variables such as $PORT, and then makes room for it.

    `exec` matters: signals must reach the process itself, not a shell above it.
    """
    return ["/bin/sh", "-c", f"exec env {command}"]
