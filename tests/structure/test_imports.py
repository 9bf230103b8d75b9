"""The layers of setup.cfg, and the rules that are finer than modules."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent.parent
OMS = ROOT / "oms"
DOMAINS = ("orders", "accounts")
# The doors, the commands of the command line and what the doors of HTTP share among them: they alone open transactions.
DOMAINS = ("orders", "accounts", "webhooks")
# The doors, the commands of the command line among them: they alone open transactions.
DOORS = (
    "api/",
    "console/",
    "web/",
    "jobs/",
    "consumer/",
    "gateway/",
    "commands.py",
    "account_commands.py",
    "consumer_commands.py",
    "order_commands.py",
    "payment_commands.py",
    "bulk/running.py",
    "bulk_commands.py",
)
HTTP_DOORS = ("api/", "console/", "web/", "app.py")
COMMITS = {"commit", "rollback"}
CALLS_OF_TRANSACTION = {"transaction", "transactions.transaction"}


def modules(*folders: str) -> list[Path]:
    roots = [OMS / folder for folder in folders] or [OMS]
    return sorted(path for root in roots for path in root.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(OMS).as_posix()


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def endings(path: Path) -> set[str]:
    """The last names of what is called: `commit` of `session.commit()`."""
    return {call.rpartition(".")[2] for call in calls(path) if "." in call}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


def test_imports_keep_to_the_contracts_of_setup_cfg(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="setup.cfg", no_cache=True)
    said = capsys.readouterr().out
    assert status == 0, said
    assert "Doors, domains, floor: imports go down only KEPT" in said


def test_a_domain_never_commits() -> None:
    assert not [name_of(path) for path in modules(*DOMAINS) if COMMITS.intersection(endings(path))]


def test_only_doors_open_transactions() -> None:
    others = [path for path in modules() if not name_of(path).startswith((*DOORS, "transactions.py"))]
    assert not [name_of(path) for path in others if CALLS_OF_TRANSACTION.intersection(calls(path))]


def test_only_http_doors_know_the_request() -> None:
    others = [path for path in modules() if not name_of(path).startswith(HTTP_DOORS)]
    assert not [name_of(path) for path in others if ("flask", "request") in set(imported(path))]
    assert not [name_of(path) for path in others if "flask.request" in path.read_text()]


def test_the_package_is_importable_without_the_whole_application() -> None:
    program = "import sys, oms, oms.orders.lifecycle; sys.exit('oms.app' in sys.modules or 'flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
