"""Files that only their owner can read: passwords, secrets, connection strings."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from shlex import quote

from dotenv import dotenv_values


def write_private(path: Path, text: str) -> None:
    """Put `text` into `path`, mode 600, in one step: a reader sees the old text or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def kept_secret(path: Path) -> str:
    """The secret in `path`, 64 hexadecimal characters, made when asked for the first time."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    secret = secrets.token_hex(32)
    write_private(path, secret + "\n")
    return secret


def write_variables(path: Path, variables: Mapping[str, str]) -> None:
    """Write `KEY=value` lines, mode 600, that a shell can source."""
    write_private(path, "".join(f"{name}={quote(value)}\n" for name, value in variables.items()))


def read_variables(path: Path) -> dict[str, str]:
    """The variables of a `KEY=value` file; empty if there is none."""
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}
