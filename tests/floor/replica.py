"""A streaming replica of the tests' PostgreSQL, whose lag the tests decide about."""

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from devstack.postgres import Postgres
from devstack.server import wait_until
from devstack.unprivileged import hand_over


class Replica(Postgres):
    """A standby that follows `primary`; same user, same password."""

    name = "replica"

    def __init__(self, data_dir: Path, primary: Postgres) -> None:
        super().__init__(data_dir, fsync=False)
        self.primary = primary

    def _initialise(self) -> None:
        draft = Path(tempfile.mkdtemp(dir=self.data_dir.parent))
        shutil.copy(self.primary.data_dir / "password", draft / "password")
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            hand_over(nobody.pw_uid, nobody.pw_gid, draft, draft / "password")
        target = ["-D", f"{draft}/cluster", "-d", self.primary.url, "--write-recovery-conf"]
        self._run(draft, "pg_basebackup", *target, "--checkpoint=fast", "--no-sync")
        draft.rename(self.data_dir)

    def stand_still(self) -> None:
        """What is committed from now on is not seen here."""
        self._ask("SELECT pg_wal_replay_pause()")
        assert wait_until(lambda: self._ask("SELECT pg_get_wal_replay_pause_state()") == "paused", 30)

    def catch_up(self) -> None:
        """Go on, and wait until everything that is committed is seen here."""
        self._ask("SELECT pg_wal_replay_resume()")
        # A mark of our own: the log's end may lie behind the last thing there is to replay.
        position = _ask(self.primary, "SELECT pg_logical_emit_message(true, 'tests', 'here', true)")
        assert wait_until(lambda: bool(self._ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'")), 30)

    def restart_at_the_end(self) -> None:
        """Stop and start with everything on disk, so that nothing is there to replay until somebody commits again."""
        self.catch_up()
        checkpoint = _ask(self.primary, "CHECKPOINT; SELECT checkpoint_lsn FROM pg_control_checkpoint()")
        assert wait_until(lambda: bool(self._ask(f"SELECT pg_last_wal_replay_lsn() > '{checkpoint}'")), 30)
        self.stop()
        self.start()

    def promote(self) -> None:
        """It is a primary from now on, and follows nobody."""
        assert self._ask("SELECT pg_promote(true, 30)")

    @property
    def has_replayed(self) -> bool:
        """Anything since its start; vacuuming by itself is enough."""
        return self._ask("SELECT pg_last_xact_replay_timestamp()") is not None

    def _ask(self, question: str) -> Any:
        return _ask(self, question)


def _ask(server: Postgres, question: str) -> Any:
    address = server.url.replace("postgresql://", "postgresql+psycopg2://")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")  # a checkpoint is made by itself only
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()
