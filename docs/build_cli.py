"""Writes docs/cli.md from the commands themselves: `python docs/build_cli.py`.

The prose is in cli.template.md. A test fails when the page is older than the commands.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

from oms import commands  # noqa: E402 - the package lies beside docs

PAGE = DOCS / "cli.md"
COLUMNS = 110


def page() -> str:
    """The whole page as it should be."""
    commands.add_all()
    sections = "\n".join(_section(context) for context in _contexts(click.Context(commands.oms, info_name="oms")))
    return (DOCS / "cli.template.md").read_text().replace("{{ commands }}\n", sections)


def _contexts(parent: click.Context) -> Iterator[click.Context]:
    """Every command below, in the order of `--help`; a group before what is in it."""
    group = parent.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(parent):
        command = group.commands[name]
        context = click.Context(command, info_name=name, parent=parent, terminal_width=COLUMNS)
        yield context
        yield from _contexts(context)


def _section(context: click.Context) -> str:
    depth = "###" if context.parent and context.parent.parent is None else "####"
    return f"{depth} {context.command_path.removeprefix('oms ')}\n\n```\n{context.get_help()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page())
