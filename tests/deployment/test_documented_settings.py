"""Every variable somebody can set is in .env.example and in the table of docs/configuration.md, with its default."""

import re
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from oms.account_commands import DEFAULT_ADMIN_EMAIL
from oms.config import Settings
from oms.errors import ConfigurationError
from tests.deployment import files
from tests.docs import pages

SECRET = "0123456789abcdef0123456789abcdef"
PARTS = {"DB_HOST": "h", "DB_NAME": "n", "REDIS_HOST": "h", "KAFKA_BOOTSTRAP_SERVERS": "h:1", "JWT_SECRET_KEY": SECRET}
PASSED_ON = ("KAFKA_SECURITY_", "KAFKA_SASL_", "KAFKA_SSL_", "KAFKA_CLIENT_", "OTEL_")
# Made and set by gunicorn.conf.py itself.
OWN = {"PROMETHEUS_MULTIPROC_DIR"}


class Asked(dict[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def read_by_settings() -> set[str]:
    found: set[str] = set()
    for extra in ({}, {"JWT_HASHING_ALGORITHM": "RS256", "JWT_PRIVATE_KEY": "-----BEGIN"}):
        environ = Asked({**PARTS, **extra})
        Settings.from_env(environ)
        found |= environ.names
    nothing = Asked({})
    with pytest.raises(ConfigurationError):
        Settings.from_env(nothing)
    return found | nothing.names


def read_elsewhere() -> dict[str, str | None]:
    """Variables read past the settings, with the default beside them where there is one."""
    sources = [files.ROOT / "gunicorn.conf.py", files.ROOT / "devstack/environment.py", *files.ROOT.glob("oms/*.py")]
    pattern = r"""(?:environ|variables)\.get\(["']([A-Z_]+)["'](?:, ["']([^"']*)["'])?\)(?: or "([^"]*)")?"""
    return {
        name: first or second or None
        for source in sources
        for name, first, second in re.findall(pattern, source.read_text())
        if name not in OWN
    }


def test_every_variable_that_is_read_is_in_the_example_and_the_reverse() -> None:
    known = read_by_settings() | set(read_elsewhere()) | {"POSTGRES_PASSWORD"}
    documented = {name for name in files.example_env() if not name.startswith(PASSED_ON)}
    assert documented == known


def test_the_table_documents_the_variables_of_the_example() -> None:
    table = pages.configuration()
    documented = {name for name in files.example_env() if not name.startswith(PASSED_ON)}
    assert {name for name in table if not name.startswith(PASSED_ON)} == documented
    assert {prefix for prefix in PASSED_ON if f"{prefix}*" in table} == set(PASSED_ON)


def test_the_table_and_the_example_agree_on_the_defaults() -> None:
    table, example = pages.configuration(), files.example_env()
    assert {name: table[name] for name in example if name in table} == {
        name: default for name, default in example.items() if name in table
    }


@pytest.mark.parametrize("name", sorted(name for name, default in files.example_env().items() if default))
def test_a_documented_default_changes_nothing(name: str) -> None:
    assert Settings.from_env({**PARTS, name: files.example_env()[name]}) == Settings.from_env(PARTS)


def test_no_default_is_missing_in_the_example() -> None:
    required = {"database_url", "redis_url", "kafka_bootstrap_servers", "jwt_secret_key"}
    settings = Settings.from_env(PARTS)
    values = [getattr(settings, field.name) for field in fields(Settings) if field.name not in required]
    words = ["yes" if value is True else "no" if value is False else value for value in values]
    real = Counter(str(word) for word in words if word or word == 0)
    missing = real - Counter(files.example_env().values())
    assert not missing


def test_the_defaults_read_past_the_settings_are_documented_too() -> None:
    example = files.example_env()
    given = {name: default for name, default in read_elsewhere().items() if default}
    assert given == {name: example[name] for name in given}
    assert example["ADMIN_EMAIL"] == DEFAULT_ADMIN_EMAIL


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "JWT_SECRET_KEY"])
def test_a_required_variable_is_empty_in_the_example_and_its_absence_stops_the_start(name: str) -> None:
    complete = {
        "DATABASE_URL": "postgresql://h/n",
        "REDIS_URL": "redis://h",
        "KAFKA_BOOTSTRAP_SERVERS": "h:1",
        "JWT_SECRET_KEY": SECRET,
    }
    assert f"\n{name}=\n" in (files.ROOT / ".env.example").read_text()
    assert Settings.from_env(complete)
    with pytest.raises(ConfigurationError, match=name):
        Settings.from_env({key: value for key, value in complete.items() if key != name})


def test_the_example_as_it_is_sets_nothing() -> None:
    lines = (files.ROOT / ".env.example").read_text().splitlines()
    active = [line for line in lines if line and not line.startswith("#")]
    assert active
    assert all(line.endswith("=") for line in active)
