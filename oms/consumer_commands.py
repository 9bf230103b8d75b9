"""The consumer from the command line: the process itself, and what it has set aside."""

import click

COMMANDS: tuple[click.Command, ...] = ()
