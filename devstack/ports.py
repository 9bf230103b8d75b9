"""TCP ports on 127.0.0.1 for the servers of the stack."""

import contextlib
import json
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

# Below the range from which Linux and macOS take the ports of outgoing connections: a client that reconnects in a loop
# to a server that is down can otherwise be given the server's own port, and then the server cannot come back.
LOWEST, HIGHEST = 20000, 32700


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A random free port. Drawn from the system's randomness, since test runs seed `random` alike in every process."""
    while True:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if is_free(port):
            return port


def remembered(path: Path, wanted: Mapping[str, int | None]) -> dict[str, int]:
    """A port for each name: the one kept in the JSON file `path`, else the wanted one, else any, provided it is free.

    The file then keeps what was chosen.
    """
    kept: dict[str, int] = {}
    with contextlib.suppress(FileNotFoundError, ValueError):
        kept = json.loads(path.read_text())
    chosen = {
        name: next((port for port in (kept.get(name), preferred) if port and is_free(port)), None) or free_port()
        for name, preferred in wanted.items()
    }
    path.write_text(json.dumps(kept | chosen, indent=2) + "\n")
    return chosen
