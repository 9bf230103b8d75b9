"""`make run` as a whole, with a Procfile of small processes in place of the product's."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devstack.ports import free_port
from devstack.postgres import Postgres
from devstack.private_files import read_variables
from devstack.server import descendants, parents, wait_until

ROOT = Path(__file__).parent.parent.parent
PYTHON = shlex.quote(sys.executable)
WEB = """
import http.server, os, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *words):
        pass
print("serving", os.environ["REDIS_URL"], len(os.environ["JWT_SECRET_KEY"]), os.getpid(), flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
ADMIN = """printf '{"email": "admin@example.com", "created": true, "password": "generated"}\\n'"""


class Running:
    """A stack in a process of its own, and what it has printed."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.output = folder / f"output-{free_port()}"
        # No variable of the test run may name servers elsewhere, and the database of this stack is none: it is quicker.
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),
            "DATABASE_URL": "postgresql://elsewhere/oms",
        }
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "devstack.run", "--admin-command", ADMIN],
                cwd=folder,
                env=environment | variables,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        assert wait_until(lambda: words in self.text or self.process.poll() is not None, 30), self.text
        assert words in self.text

    def pid_that_said(self, words: str) -> int:
        return int(next(line for line in self.text.splitlines() if words in line).split()[-1])


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Running]:
    stack = Running(folder, **variables)
    try:
        yield stack
    finally:
        stack.process.terminate()
        stack.process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "web.py").write_text(WEB)
    (tmp_path / "Procfile").write_text(
        f"release: echo migrated $DATABASE_URL\nweb: {PYTHON} web.py $PORT\nworker: sleep 1000\n"
    )
    return tmp_path


def test_it_starts_restarts_what_dies_and_leaves_nothing_behind(folder: Path) -> None:
    with running(folder, PORT=str(free_port())) as stack:
        stack.wait_for("Ctrl-C stops everything")
        assert "release  | migrated postgresql://elsewhere/oms" in stack.text
        assert "admin@example.com, password generated (shown this once, kept in .data/admin.env)" in stack.text
        servers = read_variables(folder / ".data/stack.env")
        assert list(servers) == ["DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS"]
        assert f"web      | serving {servers['REDIS_URL']} 64" in stack.text
        os.kill(stack.pid_that_said("web      | serving"), signal.SIGKILL)
        stack.wait_for("stack    | web died (signal 9), started again")
        everything = descendants(stack.process.pid)
        stack.process.send_signal(signal.SIGINT)
        assert stack.process.wait(30) == 0
    assert everything
    assert parents().keys().isdisjoint(everything)


def test_when_it_is_killed_everything_below_it_dies(folder: Path) -> None:
    with running(folder, PORT=str(free_port())) as stack:
        stack.wait_for("Ctrl-C stops everything")
        everything = descendants(stack.process.pid)
        stack.process.kill()
        stack.process.wait(10)
    assert everything
    assert wait_until(lambda: parents().keys().isdisjoint(everything), 10)


def test_two_stacks_run_side_by_side_and_one_folder_takes_only_one(folder: Path) -> None:
    port = free_port()
    with running(folder, PORT=str(port)) as first, running(folder, PORT=str(free_port()), OMS_DATA_DIR="b") as second:
        first.wait_for("Ctrl-C stops everything")
        second.wait_for("Ctrl-C stops everything")
        assert read_variables(folder / ".data/stack.env") != read_variables(folder / "b/stack.env")
        with running(folder, PORT=str(free_port())) as third:
            third.wait_for("cannot start: another stack runs on .data")
            assert third.process.wait(10) == 1
        with running(folder, PORT=str(port), OMS_DATA_DIR="c") as fourth:
            fourth.wait_for(f"cannot start: port {port} is in use; choose another with PORT")
            assert fourth.process.wait(10) == 1


def test_a_failed_release_ends_the_start_with_one_line(folder: Path) -> None:
    (folder / "Procfile").write_text("release: false\nweb: echo never\n")
    with running(folder, PORT=str(free_port())) as stack:
        assert stack.process.wait(30) == 1
    assert stack.text == "cannot start: the release command failed: false\n"


def test_live_updates_are_said_to_be_where_the_environment_puts_them(folder: Path) -> None:
    (folder / "Procfile").write_text("release: sh -c 'echo $STREAM_URL on $STREAM_PORT; exit 1'\nweb: echo never\n")
    with running(folder, PORT=str(free_port()), STREAM_PORT="8124") as stack:
        assert stack.process.wait(30) == 1
    assert "http://localhost:8124 on 8124" in stack.text


def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    Postgres(tmp_path / "postgres", fsync=False).prepare()
    script = (
        "import pathlib, sys; from devstack.postgres import Postgres;"
        "print(Postgres(pathlib.Path(sys.argv[1]), fsync=False).start().pid, flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "postgres")],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        pid = int(starter.stdout.readline()) if starter.stdout else 0
        assert pid in parents()
        starter.kill()
    assert wait_until(lambda: pid not in parents(), 10)
