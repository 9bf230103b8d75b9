"""PostgreSQL from the wheel: kept data, an atomic first start, crashes."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from devstack.postgres import Postgres
from devstack.server import StartError


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres(tmp_path_factory.mktemp("stack") / "postgres", fsync=False) as server:
        yield server


def ask(postgres: Postgres, statement: str) -> Any:
    connection = psycopg2.connect(postgres.url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_it_is_set_up_as_the_product_expects(postgres: Postgres) -> None:
    ask(postgres, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    assert ask(postgres, "SELECT count(*) >= 0 FROM pg_stat_statements") == (True,)
    assert ask(postgres, "SELECT datcollate, datlocprovider FROM pg_database WHERE datname = 'oms'") == ("C", "b")
    assert ask(postgres, "SHOW unix_socket_directories") == ("",)
    assert ask(postgres, "SHOW listen_addresses") == ("127.0.0.1",)


def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(postgres.url.replace("oms:", "oms:x"))


def test_the_password_is_for_its_owner_only(postgres: Postgres) -> None:
    assert stat.S_IMODE((postgres.data_dir / "password").stat().st_mode) == 0o600


def test_data_is_there_after_a_restart_and_after_kill_9(postgres: Postgres) -> None:
    ask(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    before = postgres.url
    postgres.restart()
    assert ask(postgres, "SELECT answer FROM kept") == (42,)
    postgres.kill()
    with pytest.raises(psycopg2.OperationalError):
        ask(postgres, "SELECT 1")
    postgres.start()
    assert ask(postgres, "SELECT answer FROM kept") == (42,)
    assert postgres.url == before


def test_a_paused_server_keeps_its_connections_and_goes_on(postgres: Postgres) -> None:
    connection = psycopg2.connect(postgres.url)
    postgres.pause()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(postgres.url, connect_timeout=1)
    postgres.resume()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def test_an_interrupted_first_start_leaves_nothing_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted = Postgres(tmp_path / "postgres", fsync=False)
    make_cluster = Postgres._make_cluster

    def stop_half_way(self: Postgres, draft: Path) -> None:
        (draft / "cluster").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(Postgres, "_make_cluster", stop_half_way)
    with pytest.raises(KeyboardInterrupt):
        interrupted.prepare()
    assert not interrupted.data_dir.exists()

    monkeypatch.setattr(Postgres, "_make_cluster", make_cluster)
    with Postgres(tmp_path / "postgres", fsync=False) as server:
        assert ask(server, "SELECT 1") == (1,)
    assert [path.name for path in tmp_path.iterdir()] == ["postgres"]


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").touch()
    with pytest.raises(StartError, match="no PostgreSQL folder of this stack"):
        Postgres(tmp_path / "photos", fsync=False).prepare()
    assert (tmp_path / "photos/cat.jpg").exists()


def test_a_lock_that_names_some_other_process_is_no_obstacle(postgres: Postgres) -> None:
    postgres.stop()
    (postgres.data_dir / "cluster/postmaster.pid").write_text("1\n")
    assert ask(postgres.start(), "SELECT 1") == (1,)
