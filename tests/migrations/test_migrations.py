import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from oms import schema_version
from oms.errors import Unavailable
from tests.conftest import Servers
from tests.floor import applications

ROOT = Path(__file__).parent.parent.parent
MIGRATIONS = str(ROOT / "migrations")


def start(servers: Servers, url: str, *arguments: str) -> "subprocess.Popen[str]":
    """`flask db ...` as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", *arguments],
        env=servers.process_environ(DATABASE_URL=url),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(servers: Servers, url: str, *arguments: str) -> tuple[int, str]:
    process = start(servers, url, *arguments)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def tables(url: str) -> set[str]:
    engine = create_engine(url)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_up_down_and_up_again_tells_what_it_does_and_leaves_no_difference_to_the_models(
    app: Flask, servers: Servers, empty_database: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = empty_database()
    with applications.another(app, servers, DATABASE_URL=url) as fresh, fresh.app_context():
        upgrade(MIGRATIONS)
        assert {"orders", "order_items", "order_journey", "outbox_events", "users"} <= tables(url)
        assert capsys.readouterr().out.startswith("upgraded ")
        assert schema_version.applied() == schema_version.heads()
        upgrade(MIGRATIONS)
        assert capsys.readouterr().out.startswith("nothing to do: the schema is at ")
        downgrade(MIGRATIONS, revision="base")
        assert tables(url) <= {"alembic_version"}
        assert capsys.readouterr().out.startswith("downgraded ")
        assert schema_version.applied() == set()
        upgrade(MIGRATIONS)
    status, output = run(servers, url, "check")
    assert (status, "No new upgrade operations detected" in output) == (0, True), output


def test_of_three_releases_at_once_one_migrates_and_the_others_have_nothing_to_do(
    servers: Servers, empty_database: Callable[[], str]
) -> None:
    url = empty_database()
    releases = [start(servers, url, "upgrade") for _ in range(3)]
    outputs = [release.communicate(timeout=60)[0] for release in releases]
    assert [release.returncode for release in releases] == [0, 0, 0], outputs
    assert sorted(("upgraded" in output, "nothing to do" in output) for output in outputs) == [
        (False, True),
        (False, True),
        (True, False),
    ]


def test_a_release_waits_for_the_one_before_it(servers: Servers, empty_database: Callable[[], str]) -> None:
    url = empty_database()
    engine = create_engine(url)
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(4071523977)"))
        release = start(servers, url, "upgrade")
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while not other.execute(waiting).scalar():
            assert release.poll() is None
        assert "orders" not in tables(url)
        other.execute(text("SELECT pg_advisory_unlock(4071523977)"))
        assert release.communicate(timeout=60)[0].startswith("upgraded")
    engine.dispose()


def test_a_migration_gives_up_on_a_table_that_traffic_holds(
    app: Flask, servers: Servers, empty_database: Callable[[], str]
) -> None:
    """Better a failed release than every request waiting behind its lock."""
    url = empty_database()
    engine = create_engine(url)
    with applications.another(app, servers, DATABASE_URL=url) as fresh, fresh.app_context():
        upgrade(MIGRATIONS)
        with engine.connect() as traffic, pytest.raises(OperationalError, match="lock timeout"):
            traffic.execute(text("LOCK TABLE orders IN ACCESS SHARE MODE"))
            downgrade(MIGRATIONS, revision="base")
    engine.dispose()
    assert "orders" in tables(url)


class TestTheVersionOfTheSchema:
    def test_an_older_one_is_refused_in_one_line(
        self, app: Flask, servers: Servers, empty_database: Callable[[], str]
    ) -> None:
        with (
            applications.another(app, servers, DATABASE_URL=empty_database()) as fresh,
            fresh.app_context(),
            pytest.raises(SystemExit) as left,
        ):
            schema_version.refuse_older()
        assert str(left.value.code).startswith("the database schema is at nothing; run: ")
        assert "\n" not in str(left.value.code)

    def test_the_newest_one_is_welcome(self, app: Flask) -> None:
        with app.app_context():
            schema_version.refuse_older()

    def test_a_database_that_is_away_does_not_stop_the_start(self, app: Flask, servers: Servers) -> None:
        with (
            applications.another(app, servers, DATABASE_URL="postgresql://oms@127.0.0.1:1/oms") as lost,
            lost.app_context(),
        ):
            with pytest.raises(Unavailable):
                schema_version.applied()
            schema_version.refuse_older()
