"""The Procfile has somebody for everything that waits for work."""

import gc
import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask

import worker
from devstack.procfile import read_procfile
from oms import queues, schema_version
from tests.conftest import Servers

ROOT = Path(__file__).parent.parent.parent
PROCFILE = read_procfile(ROOT / "Procfile")


def test_the_procfile_has_the_processes() -> None:
    assert list(PROCFILE) == ["release", "web", "stream", "worker", "bulk", "webhooks", "consumer", "clock"]


def test_every_queue_has_a_worker_that_listens_to_nothing_else() -> None:
    names = {"bulk": queues.BULK_QUEUE, "webhooks": queues.WEBHOOKS}
    assert shlex.split(PROCFILE["worker"]) == ["python", "worker.py"]
    assert [shlex.split(PROCFILE[name]) for name in names] == [["python", "worker.py", name] for name in names]
    assert set(queues.QUEUES) == {queues.QUEUE, *names.values()} == {queues.queue_of(job) for job in queues.JOBS}
    assert names == worker.QUEUES
    assert re.search(r"OmsWorker\(\s*\[queue\(name\)\]", (ROOT / "worker.py").read_text())


@pytest.mark.parametrize("name", ["wsgi", "worker"])
def test_what_a_process_has_loaded_is_left_alone_by_the_garbage_collector(
    name: str, monkeypatch: pytest.MonkeyPatch, servers: Servers
) -> None:
    for variable, value in servers.environ().items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delitem(sys.modules, name, raising=False)
    gc.unfreeze()
    importlib.import_module(name)
    assert gc.get_freeze_count() > 10_000
    assert gc.isenabled()


@pytest.mark.parametrize("name", sorted(queues.JOBS))
def test_every_job_is_a_function_that_takes_nothing(name: str) -> None:
    module, _, function = name.rpartition(".")
    found = getattr(importlib.import_module(module), function)
    assert callable(found)
    assert found.__code__.co_argcount == 0


def test_every_function_of_the_jobs_that_is_enqueued_is_known() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "oms").rglob("*.py"))
    assert set(re.findall(r'"(oms\.jobs\.[a-z_.]+)"', source)) == set(queues.JOBS)


def test_the_commands_of_the_procfile_exist(app: Flask) -> None:
    group = app.cli.commands["oms"]
    for name in ("consumer", "clock"):
        words = shlex.split(PROCFILE[name])
        assert words[:3] == ["flask", "--app", "wsgi"]
        assert words[4] in group.commands  # type: ignore[attr-defined]


def test_there_is_one_head_of_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    assert schema_version.heads() == set(ScriptDirectory.from_config(config).get_heads())
