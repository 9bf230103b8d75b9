"""Statements of the hot paths, handed to the driver as they are.

What SQLAlchemy does for a `text()` at each execution (looking up its compiled form, binding parameters one by one)
takes longer than psycopg2 takes to send it. Here that is done once, when the statement is made; everything else (pool,
transactions, errors, events) stays SQLAlchemy's.
"""

from typing import Any

from sqlalchemy import Connection, CursorResult, text
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.orm import Session

Executor = Session | Connection
_DIALECT = PGDialect_psycopg2()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


class DriverStatement(str):
    """SQL in the driver's form."""


def compiled(statement: str) -> DriverStatement:
    """A statement with parameters written `:name`, in the driver's form."""
    return DriverStatement(text(statement).compile(dialect=_DIALECT))


def run(on: Executor, statement: DriverStatement, parameters: dict[str, Any]) -> CursorResult[Any]:
    """Execute a `compiled` statement in the session's transaction, or on a connection."""
    connection = on if isinstance(on, Connection) else on.connection()
    return connection.exec_driver_sql(statement, parameters)
