"""Real servers for the whole run, one set a test process; tests stay apart by using their own users and orders."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from devstack.postgres import Postgres
from devstack.valkey import Valkey
from oms.app import create_app
from oms.config import Settings
from tests import brokers
from tests.callers import Caller, api_key_caller, person
from tests.depth import THOROUGH

# What takes longest, longest first. Files are handed out in this order, so that none of these is left for the end.
LONG = (
    "kafka/test_restarts.py",
    "kafka/test_processes.py",
    "consumer/test_commands.py",
    "consumer/test_failures.py",
    "processes/test_kills.py",
    "orders/test_money_machine.py",
    "api/test_schemathesis.py",
    "floor/test_outbox.py",
    "processes/test_limits.py",
    "api/test_hostile_callbacks.py",
    "api/test_hostile_input.py",
    "consumer/test_hostile_messages.py",
    "live/test_process.py",
    "processes/test_start.py",
    "processes/test_shutdown.py",
    "migrations/test_migrations.py",
    "consumer/test_effects.py",
    "devstack/test_kafka.py",
    "floor/test_rate_limits.py",
    "floor/test_kafka.py",
    "deployment/test_dockerfile.py",
    "devstack/test_run.py",
    "floor/test_transactions.py",
    "orders/test_machine.py",
)
# Not looked at unless they are named: what needs Apache Kafka or a browser, and what takes its time, unless it is to be
# thorough.
_LONGER = [
    "live/test_shutdown.py",
    "processes/test_backup.py",
    "processes/test_clients.py",
    "processes/test_error_reports.py",
    "processes/test_hosts.py",
    "processes/test_import_kills.py",
    "processes/test_observability.py",
    "webhooks/test_worker_killed.py",
    "api/test_schemathesis.py",
]
_LEFT_OUT = [] if THOROUGH else _LONGER
collect_ignore = [*_LEFT_OUT, *([] if brokers.REAL else ["kafka"]), "browser"]
SECRET = "only-for-the-tests-and-long-enough-0123456789"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    rank = {here / name: position for position, name in enumerate(LONG)}
    items.sort(key=lambda item: rank.get(item.path, len(LONG)))
    brokers.leave_out(items)


@dataclass(frozen=True, slots=True)
class Servers:
    """What the product stands on; tests may kill, pause and restart them."""

    postgres: Postgres
    valkey: Valkey
    kafka: brokers.Broker

    def environ(self, **overrides: str) -> dict[str, str]:
        """The environment of a process that uses these servers."""
        return {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.url,
            "JWT_SECRET_KEY": SECRET,
            "RATELIMIT_DEFAULT": "1000000/minute",
            "RATELIMIT_LOGIN_ADDRESS": "1000000/minute",
            "CONSUMER_HEALTH_PORT": "0",
            "STREAM_URL": "http://live.example.com",
            "KAFKA_SESSION_TIMEOUT_MS": str(brokers.SESSION_TIMEOUT_MS),
            "LOG_LEVEL": "WARNING",
            **overrides,
        }

    def process_environ(self, **overrides: str) -> dict[str, str]:
        """The same on top of this process's own, for a subprocess."""
        return {**os.environ, **self.environ(**overrides)}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("servers")
    with (
        Postgres(folder / "postgres", fsync=False) as postgres,
        Valkey(folder / "valkey") as valkey,
        brokers.broker(folder / "kafka") as kafka,
    ):
        yield Servers(postgres, valkey, kafka)


@pytest.fixture(scope="session")
def settings(servers: Servers) -> Settings:
    return Settings.from_env(servers.environ())


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The application over a migrated database."""
    app = create_app(settings)
    with app.app_context():
        upgrade(directory=str(Path(__file__).parent.parent / "migrations"))
    return app


@pytest.fixture
def customer(app: Flask) -> Caller:
    return person(app, "customer")


@pytest.fixture
def other_customer(app: Flask) -> Caller:
    return person(app, "customer")


@pytest.fixture
def staff(app: Flask) -> Caller:
    return person(app, "staff")


@pytest.fixture
def admin(app: Flask) -> Caller:
    return person(app, "admin")


@pytest.fixture
def warehouse(app: Flask) -> Caller:
    return api_key_caller(app, "fulfilment", "orders:read")


@pytest.fixture
def anonymous(app: Flask) -> Caller:
    return Caller(app, {}, "")
