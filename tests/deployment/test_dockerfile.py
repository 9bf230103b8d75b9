"""The Dockerfile: what the image holds, how it runs, and that its health check tells the truth."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from devstack.ports import free_port
from oms.config import Settings
from tests.conftest import Servers
from tests.deployment import files

INSTRUCTIONS = {
    *("ARG", "FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD")
}


@pytest.fixture
def served(app: Flask) -> Iterator[int]:
    """The port of the application over HTTP."""
    port = free_port()
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with exactly what the image's last stage copies from the repository."""
    folder = tmp_path_factory.mktemp("app")
    for source in files.copied():
        assert not files.ignored(source), f".dockerignore keeps {source} out"
        if (files.ROOT / source).is_dir():
            shutil.copytree(files.ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(files.ROOT / source, folder / source)
    return folder


def run(folder: Path, command: str, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    program, *rest = shlex.split(command)
    path = Path(sys.executable).with_name(program)
    return subprocess.run([path, *rest], cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_it_has_only_instructions_we_know() -> None:
    assert {name for name, _ in files.dockerfile()} <= INSTRUCTIONS


def test_it_is_built_in_two_stages_on_a_slim_python() -> None:
    bases = [found for name, found in files.dockerfile() if name == "FROM"]
    assert bases == ["python:${PYTHON} AS builder", "python:${PYTHON}"]
    default, wanted = [found for name, found in files.dockerfile() if name == "ARG"]
    assert wanted == "REQUIREMENTS=requirements.txt"
    assert re.fullmatch(r"PYTHON=3\.1[23]-slim-[a-z]+", default)


def test_the_last_stage_installs_nothing() -> None:
    assert not re.search(r"\b(apt|apt-get|pip|gcc|curl)\b", " ".join(files.arguments("RUN")))


def test_the_process_is_an_unprivileged_user_with_a_fixed_number() -> None:
    (user,) = files.arguments("USER")
    number, group = user.split(":")
    assert int(number) == int(group) > 0
    assert f"useradd --uid {number} " in " ".join(files.arguments("RUN"))
    assert [name for name, _ in files.final_stage()].index("USER") > [name for name, _ in files.final_stage()].index(
        "RUN"
    )


def test_it_starts_what_the_procfile_calls_web() -> None:
    (command,) = files.arguments("CMD")
    assert shlex.join(json.loads(command)) == files.procfile()["web"]


def test_it_stops_by_the_signal_that_drains() -> None:
    assert files.arguments("STOPSIGNAL") == ["SIGTERM"]


def test_its_ports_are_the_defaults_of_the_settings(settings: Settings) -> None:
    defaults = files.example_env()
    assert files.arguments("EXPOSE") == [
        f"{defaults['PORT']} {defaults['STREAM_PORT']} {defaults['CONSUMER_HEALTH_PORT']}"
    ]
    assert f"PORT={defaults['PORT']}" in " ".join(files.arguments("ENV")).split()


def test_its_health_check_asks_a_route_that_exists(app: Flask) -> None:
    path = re.search(r"\}(/[a-z/]+)'", files.health_check()[-1])
    assert path
    assert path[1] in {rule.rule for rule in app.url_map.iter_rules()}


def test_its_health_check_passes_while_the_api_answers(served: int) -> None:
    _, *rest = files.health_check()
    done = subprocess.run([sys.executable, *rest], env={**os.environ, "PORT": str(served)}, check=False)
    assert done.returncode == 0


def test_its_health_check_fails_when_nobody_answers() -> None:
    _, *rest = files.health_check()
    environ = {**os.environ, "PORT": str(free_port())}
    done = subprocess.run([sys.executable, *rest], env=environ, capture_output=True, check=False)
    assert done.returncode == 1


@pytest.mark.parametrize(
    "path", [".env", ".env.example", ".git/config", ".data/stack.env", "tests/conftest.py", "devstack/run.py"]
)
def test_the_build_never_sees_what_does_not_belong_into_the_image(path: str) -> None:
    assert files.ignored(path)


def test_what_the_image_holds_is_enough_for_the_release(image: Path, servers: Servers, app: Flask) -> None:
    done = run(image, files.procfile()[files.RELEASE], servers.process_environ())
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout


def test_what_the_image_holds_is_enough_for_the_web_process(image: Path, servers: Servers, app: Flask) -> None:
    done = run(image, "gunicorn --check-config --config gunicorn.conf.py wsgi:app", servers.process_environ())
    assert done.returncode == 0, done.stderr


def test_what_the_image_holds_serves_the_event_schemas(image: Path) -> None:
    folder = "oms/orders/event_schemas"
    assert sorted(path.name for path in (image / folder).iterdir()) == sorted(
        path.name for path in (files.ROOT / folder).iterdir()
    )
    assert not files.ignored(f"{folder}/oms.order.created.v1.json")
    assert not files.ignored("oms/api/swagger_ui/swagger-ui.css")


def test_what_the_image_holds_has_the_fonts_of_the_invoices(image: Path) -> None:
    folder = "oms/orders/fonts"
    assert {path.name for path in (image / folder).iterdir()} == {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "LICENSE"}
    assert not files.ignored(f"{folder}/DejaVuSans.ttf")
