"""What the stack reads from the environment and `.env`, and what it keeps in private files."""

import stat
import subprocess
from pathlib import Path

import pytest

from devstack.environment import own_servers, read_settings
from devstack.private_files import kept_secret, read_variables, write_variables
from devstack.procfile import in_shell, read_procfile
from devstack.server import StartError


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nOMS_DATA_DIR=elsewhere\n")
    settings = read_settings(tmp_path, {"PORT": "9002"})
    assert (settings.port, settings.data_dir) == (9002, tmp_path / "elsewhere")


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_refused_in_one_line(tmp_path: Path, port: str) -> None:
    with pytest.raises(StartError, match="PORT must be a number"):
        read_settings(tmp_path, {"PORT": port})


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, {}),
        ({"DATABASE_URL": ""}, {}),
        ({"WRITE_DATABASE_URL": "postgresql://a/b"}, {"DATABASE_URL": "postgresql://a/b"}),
        (
            {"DB_HOST": "db", "DB_USER": "u", "DB_PASSWORD": "p@ss", "DB_NAME": "oms"},
            {"DATABASE_URL": "postgresql://u:p%40ss@db:5432/oms"},
        ),
        ({"REDIS_HOST": "cache", "REDIS_DB": "2"}, {"REDIS_URL": "redis://cache:6379/2"}),
        ({"BROKER_URL": "kafka:9092"}, {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}),
    ],
)
def test_every_spelling_of_a_server_elsewhere_counts(variables: dict[str, str], named: dict[str, str]) -> None:
    assert own_servers(variables) == named


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = kept_secret(tmp_path / "secret")
    assert len(first) == 64
    assert kept_secret(tmp_path / "secret") == first
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_written_variables_can_be_sourced_by_a_shell_and_read_again(tmp_path: Path) -> None:
    variables = {"A": "$HOME & more", "B": "redis://127.0.0.1:1/0"}
    write_variables(tmp_path / "env", variables)
    shell = subprocess.run(
        ["/bin/sh", "-c", f'. {tmp_path}/env && printf %s "$A"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == variables["A"]
    assert read_variables(tmp_path / "env") == variables


def test_a_procfile_is_read_and_its_commands_see_variables(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("# servers\nrelease: true\n\nweb: printf %s $PORT\n")
    processes = read_procfile(tmp_path / "Procfile")
    assert list(processes) == ["release", "web"]
    run = subprocess.run(in_shell(processes["web"]), env={"PORT": "77"}, capture_output=True, text=True, check=True)
    assert run.stdout == "77"


def test_a_missing_procfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="no Procfile"):
        read_procfile(tmp_path / "Procfile")
