"""What keeps a process from starting is told in one line."""

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import pytest
from sqlalchemy import text

from oms.ids import new_id
from tests.processes.conftest import Stack
from tests.processes.programs import Program

PROCESSES = ("web", "worker", "clock", "consumer")


def lines(program: Program) -> list[str]:
    return [line for line in program.printed.splitlines() if line.strip()]


@pytest.mark.parametrize("name", PROCESSES)
def test_an_older_schema_stops_the_start_with_one_line(
    name: str, stack: Stack, started: Callable[..., Program]
) -> None:
    older = f"older_{new_id().lower()}"
    with stack.database.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {older}"))
    url = urlunsplit(urlsplit(stack.environ["DATABASE_URL"])._replace(path=f"/{older}"))
    program = started(name, DATABASE_URL=url)
    assert program.wait(20) != 0
    assert lines(program) == ["the database schema is at nothing; run: flask --app wsgi db upgrade"]
    with stack.database.connect() as connection:
        connection.execute(text(f"DROP DATABASE {older} WITH (FORCE)"))


# The clock and the consumer are loaded as the release is.
@pytest.mark.parametrize("name", ["web", "worker", "release"])
def test_missing_configuration_stops_the_start_with_one_line_that_names_all_of_it(
    name: str, started: Callable[..., Program]
) -> None:
    program = started(name, DATABASE_URL="", JWT_SECRET_KEY="", REDIS_URL="")
    assert program.wait(20) != 0
    (line,) = lines(program)
    assert line.startswith("configuration: ")
    assert all(name in line for name in ("DATABASE_URL", "REDIS_URL", "JWT_SECRET_KEY"))
