"""PgBouncer in transaction mode before the tests' PostgreSQL: Debian's package, or whatever is in the PATH."""

import os
import pwd
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg2
import pytest

from devstack.server import Server
from devstack.tether import tethered
from devstack.unprivileged import as_user, hand_over

# Fewer than the threads of any test, so that sessions really pass from one caller to the next.
POOL_SIZE = 2


def program() -> str:
    """Its path; skips the test where there is none."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip("PgBouncer is not installed; on Debian and Ubuntu: apt-get install pgbouncer")
    return found


class PgBouncer(Server):
    """Leads to one database, `direct`; same user, same password."""

    name = "pgbouncer"

    def __init__(self, data_dir: Path, direct: str) -> None:
        super().__init__(data_dir)
        self._program = program()
        self._direct = urlsplit(direct)
        self._configuration = self.data_dir / "pgbouncer.ini"

    @property
    def url(self) -> str:
        login = self._direct.netloc.rpartition("@")[0]
        return urlunsplit(self._direct._replace(netloc=f"{login}@127.0.0.1:{self.port}"))

    def prepare(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        users = self.data_dir / "users.txt"
        users.write_text(f'"{self._direct.username}" "{unquote(self._direct.password or "")}"\n')
        self._configuration.write_text(f"""
[databases]
{self._direct.path[1:]} = host=127.0.0.1 port={self._direct.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
default_pool_size = {POOL_SIZE}
max_client_conn = 200
ignore_startup_parameters = options
""")
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            hand_over(nobody.pw_uid, nobody.pw_gid, self.data_dir, users, self._configuration)

    def command(self) -> list[str]:
        """In the foreground; as root, as somebody else, for it refuses to run as root."""
        start = [self._program, str(self._configuration)]
        if os.geteuid() != 0:
            return tethered(start)
        nobody = pwd.getpwnam("nobody")
        return [*as_user(nobody.pw_uid, nobody.pw_gid, [self._configuration]), *start]

    def is_ready(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True
