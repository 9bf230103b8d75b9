"""transaction(): the one commit, opened by doors only; and what has to wait until after it.

READ COMMITTED. A deadlock, a serialization failure or a connection that was already dead when the work began is
tried again, three times in all. A connection lost during COMMIT is never retried here: nobody but the caller's next
request (with the same idempotency key) can know how it ended.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import structlog
from psycopg2 import Error as PsycopgError
from psycopg2 import errors as postgres
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from oms.errors import Unavailable
from oms.extensions import READ_BIND, db, settings

T = TypeVar("T")
ATTEMPTS = 3
_RETRIED = (postgres.DeadlockDetected, postgres.SerializationFailure)
_BUSY = (
    postgres.LockNotAvailable,
    postgres.QueryCanceled,
    postgres.InsufficientResources,
    postgres.OperatorIntervention,
    postgres.ReadOnlySqlTransaction,
)
_log = structlog.get_logger(__name__)


def transaction(work: Callable[[Session], T]) -> T:
    """Run `work(session)` and commit; raises `Unavailable` when the database is away or busy.

    `work` may run up to three times and must therefore do nothing outside the database. Functions given to
    `after_commit` run once, after the commit that counted.
    """
    for attempt in range(1, ATTEMPTS + 1):
        session = db.session()
        session.info["after_commit"] = []
        try:
            result = work(session)
        except (DBAPIError, PoolTimeout) as error:
            _roll_back(session)
            if attempt < ATTEMPTS and _harmless_to_repeat(error):
                _pause(attempt)
                continue
            _give_up(error)
        except BaseException:
            _roll_back(session)
            raise
        _commit(session)
        return result
    raise AssertionError("unreachable")


def one_statement(work: Callable[[Connection], T], *, repeatable: bool = False) -> T:
    """`transaction` for work that executes one statement: that is a transaction by itself, two round trips cheaper.

    A connection that is lost meanwhile may have carried it out: only what is `repeatable`, which the database refuses
    to do twice, is tried again then.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _autocommitting(db.engine) as connection:
                return work(connection)
        except (DBAPIError, PoolTimeout) as error:
            if attempt < ATTEMPTS and (_rolled_back(error) or (repeatable and _harmless_to_repeat(error))):
                _pause(attempt)
                continue
            _give_up(error)
    raise AssertionError("unreachable")


def after_commit(session: Session, action: Callable[[], object]) -> None:
    """Remember `action` for after the commit; it is forgotten if the transaction fails.

    Not SQLAlchemy's event of that name: that one also fires when a savepoint is released.
    """
    session.info["after_commit"].append(action)


def read(work: Callable[[Session], T], *, replica: bool = False) -> T:
    """`look`, for work that wants a session."""

    def with_session(connection: Connection) -> T:
        with Session(connection) as session:
            return work(session)

    return look(with_session, replica=replica)


def look(work: Callable[[Connection], T], *, replica: bool = False) -> T:
    """Run a query that changes nothing; a dead connection or a restarting server costs one repeat, not an error.

    `replica=True` reads from `READ_DATABASE_URL` where one is set.
    """
    engine = db.engines[READ_BIND] if replica and settings().read_database_url else db.engine
    for attempt in (1, 2):
        try:
            with _autocommitting(engine) as connection:
                return work(connection)
        except (DBAPIError, PoolTimeout) as error:
            if attempt == 2 or not _harmless_to_repeat(error):
                _give_up(error)
    raise AssertionError("unreachable")


@contextmanager
def _autocommitting(engine: Engine) -> Iterator[Connection]:
    """Each statement stands alone: no BEGIN and no ROLLBACK, two round trips less.

    Set on the driver, where it costs nothing. SQLAlchemy's own AUTOCOMMIT talks to the server when a connection goes
    back to the pool, and loses the place in the pool when that connection has died.
    """
    with engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.autocommit = True
        try:
            yield connection
        finally:
            try:
                raw.autocommit = False
            except PsycopgError:
                connection.invalidate()


def _roll_back(session: Session) -> None:
    """A connection that dies at the rollback has rolled back too; it must not hide why we are here."""
    try:
        session.rollback()
    except DBAPIError:
        session.invalidate()


def _commit(session: Session) -> None:
    actions = session.info.pop("after_commit")
    try:
        session.commit()
    except DBAPIError as error:
        _roll_back(session)
        _give_up(error)
    for action in actions:
        follow_up(action)


def follow_up(action: Callable[[], object]) -> None:
    """What comes after a commit may be late, and is logged when it fails; the request it follows has succeeded."""
    try:
        action()
    except Exception:  # the change is committed: nothing that follows may be an error of the request
        _log.exception("after_commit_failed")


def _pause(attempt: int) -> None:
    time.sleep(random.uniform(0.005, 0.03) * attempt)  # noqa: S311 - spreads rivals, guards nothing


def _harmless_to_repeat(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and (_rolled_back(error) or error.connection_invalidated)


def _rolled_back(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and isinstance(error.orig, _RETRIED)


def _give_up(error: DBAPIError | PoolTimeout) -> NoReturn:
    translated = _translated(error)
    if translated is error:
        raise error  # an error that is its own cause hides what the driver said
    raise translated from error


def _translated(error: DBAPIError | PoolTimeout) -> Exception:
    """Busy, away or out of room becomes `Unavailable`; anything else is a bug or a constraint and stays itself."""
    if isinstance(error, PoolTimeout) or error.connection_invalidated:
        return Unavailable("The database can't be reached at the moment.", retry_after=1)
    if isinstance(error, OperationalError) or isinstance(error.orig, _RETRIED + _BUSY):
        return Unavailable("The database is busy; please try again.", retry_after=1)
    return error
