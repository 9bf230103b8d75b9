"""docker-compose.yml against the Procfile, the settings and itself."""

import subprocess
import sys
from typing import Any

import pytest
from flask import Flask

from oms.config import Settings
from oms.consumer import health
from oms.queues import JOB_SECONDS
from tests.deployment import files

SERVICES = files.compose()["services"]
APPLICATION = sorted(name for name, service in SERVICES.items() if service["image"] == "oms")
SECRET_WORDS = ("SECRET", "PASSWORD", "KEY", "TOKEN")
GIVEN = {"POSTGRES_PASSWORD": "p@ss/word: ?", "JWT_SECRET_KEY": "0123456789abcdef0123456789abcdef"}


def text() -> str:
    return (files.ROOT / "docker-compose.yml").read_text()


def settings_of(name: str) -> Settings:
    given = {key: files.interpolated(value, GIVEN) for key, value in SERVICES[name]["environment"].items()}
    return Settings.from_env(given)


def test_every_process_of_the_procfile_is_a_service_with_the_same_command() -> None:
    processes = {"migrate" if name == files.RELEASE else name: command for name, command in files.procfile().items()}
    assert {name: SERVICES[name]["command"] for name in processes} == processes


def test_every_service_that_is_waited_for_can_fulfil_the_condition() -> None:
    waits = [
        (name, needed, how["condition"])
        for name in SERVICES
        for needed, how in SERVICES[name].get("depends_on", {}).items()
    ]
    assert waits
    for name, needed, condition in waits:
        healthy = "test" in SERVICES[needed].get("healthcheck", {})
        able = {"service_healthy": healthy, "service_completed_successfully": SERVICES[needed]["restart"] == "no"}
        assert able[condition], f"{name} waits for {needed} to be {condition}"


@pytest.mark.parametrize("name", ["web", "worker", "webhooks", "consumer", "clock"])
def test_a_process_starts_after_the_migrations(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_every_variable_is_known_and_no_secret_has_a_default() -> None:
    used = files.interpolations(text())
    assert {found.name for found in used} <= set(files.example_env())
    secret = [found for found in used if any(word in found.name for word in SECRET_WORDS)]
    assert {found.name for found in secret} == {"POSTGRES_PASSWORD", "JWT_SECRET_KEY"}
    assert all(found.required for found in secret)


@pytest.mark.parametrize("name", APPLICATION)
def test_the_environment_of_a_process_is_a_valid_configuration(name: str) -> None:
    settings = settings_of(name)
    assert settings.database_url == "postgresql+psycopg2://oms:p%40ss%2Fword%3A%20%3F@postgres:5432/oms"
    assert settings.redis_url == "redis://redis:6379/0"
    assert settings.kafka_bootstrap_servers == "kafka:9092"


def test_the_addresses_in_the_environment_are_services() -> None:
    assert {"postgres", "redis", "kafka"} <= set(SERVICES)


def test_the_published_port_is_the_port_of_the_settings() -> None:
    port = settings_of("web").port
    (published,) = SERVICES["web"]["ports"]
    assert files.interpolated(published, {}) == f"{port}:{port}"
    assert str(port) == files.example_env()["PORT"]


def test_the_consumer_is_asked_on_its_health_port() -> None:
    port = settings_of("consumer").consumer_health_port
    check = SERVICES["consumer"]["healthcheck"]["test"][-1]
    assert f"http://127.0.0.1:{port}/internal/alive" in check
    assert str(port) == files.example_env()["CONSUMER_HEALTH_PORT"]


def test_the_consumers_health_check_passes_while_its_loop_turns(app: Flask) -> None:
    with health.serving(health.Pulse(), "127.0.0.1", 0) as port:
        check = SERVICES["consumer"]["healthcheck"]["test"][-1].replace(":8010/", f":{port}/")
        assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_can_gain_no_privileges(name: str) -> None:
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    assert SERVICES[name]["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", APPLICATION)
def test_a_process_of_ours_writes_nowhere_but_to_tmp(name: str) -> None:
    service: dict[str, Any] = SERVICES[name]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - a path in a container
    assert "volumes" not in service
    assert "cap_add" not in service


def test_data_of_the_servers_is_in_declared_volumes() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(files.compose()["volumes"]) == {"postgres", "redis", "kafka"}


def test_redis_keeps_every_write_and_evicts_nothing() -> None:
    command = SERVICES["redis"]["command"]
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_kafka_needs_no_zookeeper_and_is_reached_from_both_sides() -> None:
    environment = SERVICES["kafka"]["environment"]
    assert environment["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert not any("ZOOKEEPER" in name for name in environment)
    advertised = dict(entry.split("://") for entry in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    listeners = dict(entry.split("://:") for entry in environment["KAFKA_LISTENERS"].split(","))
    assert advertised["INTERNAL"] == f"kafka:{listeners['INTERNAL']}" == settings_of("worker").kafka_bootstrap_servers
    assert SERVICES["kafka"]["ports"] == [f"127.0.0.1:{advertised['HOST'].split(':')[1]}:{listeners['HOST']}"]


def test_only_the_api_and_its_live_updates_are_reached_from_other_machines() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports.pop("web") == ["${PORT:-8000}:8000"]
    assert ports.pop("stream") == ["${STREAM_PORT:-8001}:8001"]
    assert all(port.startswith("127.0.0.1:") for published in ports.values() for port in published)


def test_gunicorn_and_the_worker_get_the_time_they_need_to_stop() -> None:
    graceful = int(files.gunicorn("graceful_timeout"))
    assert int(SERVICES["web"]["stop_grace_period"].rstrip("s")) > graceful
    for name in ("worker", "webhooks"):
        assert int(SERVICES[name]["stop_grace_period"].rstrip("s")) > JOB_SECONDS
