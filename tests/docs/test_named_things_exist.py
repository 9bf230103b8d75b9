"""What the pages name is there: targets, commands, routes, variables, metrics, files and headings."""

import re
import shlex
from pathlib import Path

import click
import pytest
from flask import Flask
from flask.cli import AppGroup
from flask_migrate.cli import db
from werkzeug.exceptions import MethodNotAllowed, NotFound

from devstack.server import wait_until
from oms import commands
from tests.callers import Caller
from tests.deployment import files
from tests.docs import pages

ALL = pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
OF_THE_CONSUMER = {"/internal/alive"}
NO_ROUTES = {"/tmp", "/oms"}  # noqa: S108 - a path in a container, and the source of our events
NO_VARIABLES = {"MSG_SIZE_TOO_LARGE", "TOPIC_AUTHORIZATION_FAILED", "LOGGING_FMT", "DB_DRIVER", "DB_SYNC_DRIVER"} | {
    "FLASK_APP",
    "NO_COLOR",
    "OMS_API_KEY",
    "OMS_URL",
    "ORDER_ID",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def lines_of_code(page: Path) -> list[str]:
    return [line for part in pages.code(page.read_text()) for line in part.splitlines()]


@ALL
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (pages.ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {match for line in lines_of_code(page) for match in re.findall(r"\bmake ([a-z-]+)", line)}
    assert named <= targets


@ALL
def test_every_flask_command_exists_and_takes_these_arguments(page: Path, app: Flask) -> None:
    assert "oms" in app.cli.commands
    for line in lines_of_code(page):
        if match := re.search(r"flask --app wsgi (.*?)`?$", line):
            _parse(shlex.split(match[1], comments=True))


def _parse(words: list[str]) -> None:
    """Read a command line as click would, down to the last argument, without running it."""
    groups: dict[str, click.Group] = {"oms": commands.oms, "db": db}
    command: click.Command = groups[words.pop(0)]
    while isinstance(command, click.Group) and words:
        if words == ["--help"]:
            return
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)


def test_a_command_that_is_not_there_is_noticed() -> None:
    with pytest.raises(KeyError):
        _parse(["oms", "walk-the-dog"])
    with pytest.raises(click.UsageError):
        _parse(["oms", "sweep", "--often"])
    assert isinstance(commands.oms, AppGroup)


@ALL
def test_every_route_exists(page: Path, app: Flask) -> None:
    routes = app.url_map.bind("localhost")
    for line in lines_of_code(page):
        for method, path in _routes(line):
            try:
                routes.match(path, method=method or "GET")
            except MethodNotAllowed:
                assert method is None, f"{method} {path}"
            except NotFound:
                pytest.fail(f"{page.name} names {path}")


def _routes(line: str) -> list[tuple[str | None, str]]:
    named: list[tuple[str | None, str]] = [
        (method, path) for method, path in re.findall(rf"\b({'|'.join(METHODS)}) (/[^\s`\"',]*)", line)
    ]
    named += [(None, path) for path in re.findall(r"\$API(/[^\s\"]*)", line)]
    named += [(None, line)] if re.fullmatch(r"/[a-z_./{}?=-]+", line) else []
    found = [(method, re.sub(r"\{[a-z_]+\}|\$[A-Z]+", "x", path.partition("?")[0])) for method, path in named]
    return [(method, path) for method, path in found if path not in OF_THE_CONSUMER | NO_ROUTES]


@ALL
def test_every_variable_is_documented(page: Path) -> None:
    spans = {part for part in pages.code(page.read_text()) if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", part)}
    others = {name for name in spans if name.startswith("OTEL_")}  # OpenTelemetry's own
    assert spans - NO_VARIABLES - others <= set(files.example_env())


@ALL
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in pages.links(page):
        path, _, anchor = link.partition("#")
        if path.startswith(("http://", "https://")):
            continue
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in pages.anchors(target), link


def test_the_metrics_are_the_ones_the_runbook_explains(anonymous: Caller) -> None:
    section = pages.section(pages.ROOT / "docs/operations.md", "Metrics")
    explained = set(re.findall(r"^\| `(oms_\w+)", section, re.MULTILINE))

    def served() -> set[str]:
        names = re.findall(r"^# TYPE (oms_\w+) ", anonymous.get("/metrics").text, re.MULTILINE)
        return {name for name in names if not name.endswith("_created")}

    # What Redis is asked for is left out where it takes its time to answer.
    assert wait_until(lambda: served() == explained, 10), served() ^ explained


OPERATIONS = pages.ROOT / "docs/operations.md"
CODE = "\n".join(path.read_text() for path in [*(pages.ROOT / "oms").rglob("*.py"), pages.ROOT / "worker.py"])
# Names of PostgreSQL and of ours that are columns or tables.
NOT_LOGGED = {"pg_stat_activity", "pg_stat_statements", "pg_stat_replication", "outbox_events", "alembic_version"}


def test_every_metric_the_manual_speaks_of_exists() -> None:
    named = set(re.findall(r"\boms_[a-z_]+[a-z]\b", OPERATIONS.read_text()))
    assert named
    assert [name for name in named if f'"{name}"' not in CODE] == []


def test_every_log_event_and_code_the_runbook_speaks_of_exists() -> None:
    spans = pages.code(pages.section(OPERATIONS, "Runbook"))
    named = {span for span in spans if re.fullmatch(r"[a-z]+(_[a-z]+)+", span)} - NOT_LOGGED
    assert len(named) > 25
    assert [name for name in named if f'"{name}"' not in CODE] == []


def test_every_finding_of_the_doctor_the_runbook_speaks_of_exists() -> None:
    sentences = re.findall(r"doctor('s| \w+ at) (`[^.:]*)", pages.section(OPERATIONS, "Runbook"))
    named = {finding for _, rest in sentences for finding in re.findall(r"`([a-zA-Z ]+)`", rest)}
    examined = "\n".join(path.read_text() for path in (pages.ROOT / "oms/doctor").glob("*.py"))
    assert len(named) > 12
    assert [name for name in named - {"noeviction"} if f'"{name}"' not in examined] == []


def test_every_failure_of_the_runbook_says_what_is_seen_and_what_to_do_and_not_to_do() -> None:
    failures = pages.section(OPERATIONS, "Runbook").split("\n### ")[1:]
    assert len(failures) >= 19
    for failure in failures:
        assert [failure.count(f"- **{part}:**") for part in ("Seen", "Do", "Don't")] == [1, 1, 1], failure[:40]


def test_every_decision_is_in_the_architecture() -> None:
    listed = pages.links(pages.ROOT / "docs/architecture.md")
    decisions = [f"adr/{page.name}" for page in sorted((pages.ROOT / "docs/adr").iterdir())]
    assert decisions
    assert set(decisions) <= set(listed)


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", pages.README.read_text(), re.MULTILINE | re.DOTALL)
    assert [line.split("#")[0].strip() for line in blocks[0].splitlines()] == ["make run", "make test"]
