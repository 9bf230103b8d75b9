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

from oms import commands
from tests.callers import Caller
from tests.deployment import files
from tests.docs import pages

ALL = pytest.mark.parametrize("page", pages.PAGES, ids=pages.name_of)
OF_THE_CONSUMER = {"/internal/alive"}
NO_ROUTES = {"/tmp", "/oms"}  # noqa: S108 - a path in a container, and the source of our events
NO_VARIABLES = {"MSG_SIZE_TOO_LARGE", "TOPIC_AUTHORIZATION_FAILED", "LOGGING_FMT", "DB_DRIVER", "DB_SYNC_DRIVER"}
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
    assert spans - NO_VARIABLES <= set(files.example_env())


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
    served = set(re.findall(r"^# TYPE (oms_\w+) ", anonymous.get("/metrics").text, re.MULTILINE))
    section = pages.section(pages.ROOT / "docs/operations.md", "Metrics")
    explained = set(re.findall(r"^\| `(oms_\w+)", section, re.MULTILINE))
    assert {name for name in served if not name.endswith("_created")} == explained


def test_every_decision_is_in_the_architecture() -> None:
    listed = pages.links(pages.ROOT / "docs/architecture.md")
    decisions = [f"adr/{page.name}" for page in sorted((pages.ROOT / "docs/adr").iterdir())]
    assert decisions
    assert set(decisions) <= set(listed)


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", pages.README.read_text(), re.MULTILINE | re.DOTALL)
    assert [line.split("#")[0].strip() for line in blocks[0].splitlines()] == ["make run", "make test"]
