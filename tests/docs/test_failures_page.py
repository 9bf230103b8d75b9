"""docs/failures.md: every promise is held by tests that are there."""

import ast
import re
from pathlib import Path

from tests.docs import pages
from tests.faults.faults import FAULTS

PAGE = pages.ROOT / "docs/failures.md"
ROWS = [row.split(" | ") for row in re.findall(r"^\| ([A-Z0-9].*) \|", PAGE.read_text(), re.MULTILINE)]
TEST = re.compile(r"(?<!torture )`(tests/[^`]+)`")
FAULT = re.compile(r"torture `([^`]+)`")


def known_in(path: Path) -> set[str]:
    """`test` or `Class::test`, as pytest calls them."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{it.name}" for it in node.body if isinstance(it, ast.FunctionDef)}
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def test_every_promise_names_what_holds_it() -> None:
    assert len(ROWS) > 50
    assert [promise for promise, held_by, *_ in ROWS if not TEST.search(held_by) and not FAULT.search(held_by)] == []


def test_every_test_it_names_is_there() -> None:
    missing = []
    for named in set(TEST.findall(PAGE.read_text())):
        path, _, test = named.partition("::")
        if not (pages.ROOT / path).exists() or test not in known_in(pages.ROOT / path):
            missing.append(named)
    assert missing == []


def test_it_names_every_fault_of_make_torture_and_no_other() -> None:
    assert set(FAULT.findall(PAGE.read_text())) == {fault.name for fault in FAULTS}


def test_every_failure_of_the_runbook_is_behind_a_promise_or_needs_a_person() -> None:
    """The links themselves are looked at with those of all pages."""
    headings = re.findall(r"^### (.+)$", pages.section(pages.ROOT / "docs/operations.md", "Runbook"), re.MULTILINE)
    behind = {link.partition("#")[2] for link in pages.links(PAGE)}
    needs_a_person = {"callbacks-match-nothing", "clocks-differ"}
    assert {heading.lower().replace(" ", "-") for heading in headings} - behind == needs_a_person
