"""docs/cli.md: as new as the commands."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

from oms import commands
from tests.docs import pages

PAGE = pages.ROOT / "docs/cli.md"


def test_it_is_what_the_commands_say_of_themselves() -> None:
    spec = spec_from_file_location("build_cli", pages.ROOT / "docs/build_cli.py")
    assert spec
    assert spec.loader
    builder = module_from_spec(spec)
    sys.modules[spec.name] = builder
    spec.loader.exec_module(builder)
    assert PAGE.read_text() == builder.page(), "run: make docs"


def test_it_has_a_section_for_every_command() -> None:
    commands.add_all()
    headings = {line.removeprefix("### ") for line in PAGE.read_text().splitlines() if line.startswith("### ")}
    assert set(commands.oms.commands) == headings
