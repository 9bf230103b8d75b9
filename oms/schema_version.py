"""Is the database's schema the one this code was written for?"""

import sys
from pathlib import Path

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from oms.errors import Unavailable
from oms.transactions import read

MIGRATIONS = Path(__file__).parent.parent / "migrations"
_log = structlog.get_logger(__name__)


def _migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def heads() -> set[str]:
    """The newest migrations of this code."""
    return set(_migrations().get_heads())


def known() -> set[str]:
    """Every migration of this code."""
    return {script.revision for script in _migrations().walk_revisions()}


def applied() -> set[str]:
    """The migrations the database stands at; empty when it has none. Raises `Unavailable`."""

    def current(session: Session) -> set[str]:
        return set(session.execute(text("SELECT version_num FROM alembic_version")).scalars())

    try:
        return read(current)
    except ProgrammingError:
        return set()


def refuse_older() -> None:
    """Leave the process with one line when the schema is older than this code.

    A newer schema is met by an old process that restarts while a release rolls out; migrations keep it working. A
    database that can't be reached is not a reason to stay down either: `/health` says so.
    """
    try:
        found = applied()
    except Unavailable:
        _log.warning("schema_not_checked", reason="the database can't be reached")
        return
    if found - known():
        _log.warning("schema_is_newer", found=sorted(found))
    elif found != heads():
        sys.exit(f"the database schema is at {', '.join(found) or 'nothing'}; run: flask --app wsgi db upgrade")
