"""`make run`: the servers, the database schema, the first admin, then the processes of the Procfile; all in front."""

import argparse
import contextlib
import fcntl
import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devstack import ports
from devstack.console import Console
from devstack.environment import Settings, own_servers, read_settings
from devstack.kafka import Kafka
from devstack.postgres import Postgres
from devstack.private_files import kept_secret, write_private, write_variables
from devstack.procfile import RELEASE, in_shell, read_procfile
from devstack.server import Server, StartError, wait_until
from devstack.supervision import (
    APPLICATION,
    SERVERS,
    DeathNotices,
    Program,
    configuration,
    start_supervisor,
    stop_supervisor,
)
from devstack.tether import die_with_parent, tethered
from devstack.valkey import Valkey

ADMIN_COMMAND = "flask --app wsgi oms ensure-admin"
SERVER_OF: dict[str, type[Server]] = {
    "DATABASE_URL": Postgres,
    "REDIS_URL": Valkey,
    "KAFKA_BOOTSTRAP_SERVERS": Kafka,
}
SERVERS_READY_SECONDS = 60
APPLICATION_READY_SECONDS = 90


class Stopped(BaseException):
    """Somebody asked the stack to stop."""


@dataclass
class Stack:
    """What one `make run` consists of."""

    settings: Settings
    procfile: dict[str, str]
    servers: dict[str, Server]
    urls: dict[str, str]
    environment: dict[str, str]
    console: Console


def main() -> int:
    """Run until told to stop; the exit status."""
    options = argparse.ArgumentParser(prog="python -m devstack.run", description=__doc__)
    options.add_argument("--admin-command", default=ADMIN_COMMAND, help="makes the first admin, prints a line of JSON")
    options.add_argument("--follow-parent", action="store_true", help="stop when the parent process dies")
    chosen = options.parse_args()
    if chosen.follow_parent:
        die_with_parent(signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        run(read_settings(Path.cwd(), os.environ), chosen.admin_command)
    except StartError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    except Stopped:
        return 0
    return 1


def _stop(*_: object) -> None:
    # Once is enough: what follows must not be cut short by an impatient second Ctrl-C.
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(again, signal.SIG_IGN)
    raise Stopped


def run(settings: Settings, admin_command: str) -> None:
    """Start everything, and stay. Ends with Stopped or StartError, when everything that was started has ended."""
    began = time.monotonic()
    procfile = read_procfile(settings.root / "Procfile")
    with _locked(settings), _folder_for_fifos() as folder:
        if not ports.is_free(settings.port):
            raise StartError(f"port {settings.port} is in use; choose another with PORT")
        console = Console(folder)
        stack = _prepare(settings, procfile, console)
        supervisor = _supervise(stack)
        try:
            _wait_for_servers(stack)
            _release(stack)
            admin = _start_application(stack, admin_command)
            console.write(_summary(stack, admin, time.monotonic() - began))
            raise StartError(f"the supervisor ended by itself ({supervisor.wait()})")
        except Stopped:
            console.say("stack", "stopping")
            raise
        finally:
            stop_supervisor(supervisor)
            console.close(timeout=2)


@contextlib.contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (settings.data_dir / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartError(
                f"another stack runs on {settings.shown_data_dir}; stop it, or choose another folder with OMS_DATA_DIR"
            ) from None
        yield


@contextlib.contextmanager
def _folder_for_fifos() -> Iterator[Path]:
    # Not the data folder: that may lie on a shared or foreign file system, which need not know FIFOs.
    folder = Path(tempfile.mkdtemp(prefix="oms-stack-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(settings: Settings, procfile: dict[str, str], console: Console) -> Stack:
    data_dir = settings.data_dir
    elsewhere = own_servers(settings.variables)
    embedded = {name: kind for name, kind in SERVER_OF.items() if name not in elsewhere}
    wanted = {kind.name: None for kind in embedded.values()} | {"consumer health": 8010, "stream": 8001}
    chosen = ports.remembered(data_dir / "ports.json", wanted)
    servers = {name: kind(data_dir / kind.name, chosen[kind.name]) for name, kind in embedded.items()}
    for server in servers.values():
        server.prepare()
    urls = elsewhere | {name: server.url for name, server in servers.items()}
    write_variables(data_dir / "stack.env", {name: urls[name] for name in SERVER_OF})
    given = {name: value for name, value in settings.variables.items() if value}
    stream_port = given.get("STREAM_PORT") or str(chosen["stream"])
    defaults = {
        "JWT_SECRET_KEY": kept_secret(data_dir / "jwt-secret"),
        "WEBHOOK_ENCRYPTION_KEYS": kept_secret(data_dir / "webhook-key"),
        "BIND_ADDRESS": "127.0.0.1",
        "CONSUMER_HEALTH_PORT": str(chosen["consumer health"]),
        "STREAM_PORT": stream_port,
        "STREAM_URL": f"http://localhost:{stream_port}",
    }
    own_programs = f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}"
    fixed = urls | {"PORT": str(settings.port), "PATH": own_programs, "PYTHONUNBUFFERED": "1"}
    return Stack(settings, procfile, servers, urls, defaults | given | fixed, console)


def _processes(stack: Stack) -> list[str]:
    return [name for name in stack.procfile if name != RELEASE]


def programs(stack: Stack) -> list[Program]:
    """What the supervisor runs: the embedded servers, and every process of the Procfile but the release."""
    data_dir = stack.settings.data_dir
    servers = [
        Program(server.name, SERVERS, server.command(), server.stop_signal, data_dir / f"log/{server.name}.log")
        for server in stack.servers.values()
    ]
    application = [
        Program(name, APPLICATION, tethered(in_shell(stack.procfile[name]), stack.console.channel(name)))
        for name in _processes(stack)
    ]
    return servers + application


def _supervise(stack: Stack) -> "subprocess.Popen[bytes]":
    settings, console = stack.settings, stack.console
    (settings.data_dir / "log").mkdir(exist_ok=True)
    configuration_file = settings.data_dir / "supervisord.conf"
    write_private(configuration_file, configuration(programs(stack), settings.data_dir, settings.root))
    supervisor = start_supervisor(configuration_file, stack.environment, settings.root)
    if supervisor.stdout is not None:
        notices = DeathNotices(lambda line: console.say("stack", line))
        console.watch(os.dup(supervisor.stdout.fileno()), notices.read)
    return supervisor


def _wait_for_servers(stack: Stack) -> None:
    for server in stack.servers.values():
        if not wait_until(server.is_ready, SERVERS_READY_SECONDS):
            log = f"{stack.settings.shown_data_dir}/log/{server.name}.log"
            raise StartError(f"{server.name} does not answer after {SERVERS_READY_SECONDS} s, see {log}")


def _release(stack: Stack) -> None:
    command = stack.procfile.get(RELEASE)
    if command and _run_once(stack, RELEASE, command, stdout=subprocess.STDOUT)[0] != 0:
        raise StartError(f"the release command failed: {command}")


def _first_admin(stack: Stack, command: str) -> str:
    """Make the first admin if there is none; the line about it for the summary."""
    status, output = _run_once(stack, "admin", command, stdout=subprocess.PIPE)
    if status != 0:
        raise StartError(f"the first admin could not be made: {command}")
    answer = json.loads(output.strip().splitlines()[-1]) if output.strip() else {}
    path = stack.settings.data_dir / "admin.env"
    kept = f"in {stack.settings.shown_data_dir}/admin.env"
    if password := answer.get("password"):
        write_variables(path, {"ADMIN_EMAIL": answer["email"], "ADMIN_PASSWORD": password})
        return f"{answer['email']}, password {password} (shown this once, kept {kept})"
    if answer.get("created"):
        return f"{answer['email']}, with the password of ADMIN_PASSWORD"
    return f"{answer.get('email', '')} exists{f', password {kept}' if path.exists() else ''}".strip()


def _run_once(stack: Stack, name: str, command: str, *, stdout: int) -> tuple[int, str]:
    """Run a command to its end, its errors going to the console; its status and, for stdout=PIPE, its output."""
    reader, writer = os.pipe()
    stack.console.watch(reader, lambda line: stack.console.say(name, line))
    process = subprocess.Popen(
        tethered(in_shell(command)),
        env=stack.environment,
        cwd=stack.settings.root,
        stdin=subprocess.DEVNULL,
        stdout=writer if stdout == subprocess.STDOUT else stdout,
        stderr=writer,
        start_new_session=True,
        text=True,
    )
    os.close(writer)
    try:
        output, _ = process.communicate()
    except Stopped:
        process.terminate()
        process.wait()
        raise
    return process.returncode, output or ""


def _start_application(stack: Stack, admin_command: str) -> str:
    """Let the processes of the Procfile go, the API before the others, for it is what people wait for.

    The first admin is made meanwhile; the answer is the line about it for the summary.
    """
    others = [name for name in _processes(stack) if name != "web"]
    if "web" in stack.procfile:
        stack.console.connect("web")
    admin = _first_admin(stack, admin_command)
    if "web" in stack.procfile and not wait_until(lambda: _is_ready(stack.settings.port), APPLICATION_READY_SECONDS):
        raise StartError(f"/health/ready does not answer 200 after {APPLICATION_READY_SECONDS} s")
    for name in others:
        stack.console.connect(name)
    return admin


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _summary(stack: Stack, admin: str, seconds: float) -> str:
    address = f"http://localhost:{stack.settings.port}"
    stack_env = shlex.quote(f"{stack.settings.shown_data_dir}/stack.env")
    return f"""
  API      {address}
  console  {address}/console
  docs     {address}/docs
  health   {address}/health
  admin    {admin}
  servers  {stack_env} has their addresses
  ready after {seconds:.1f} s; Ctrl-C stops everything

"""


if __name__ == "__main__":
    sys.exit(main())
