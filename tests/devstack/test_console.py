"""The console: nothing that a process writes is lost, whatever becomes of the process."""

import os
from pathlib import Path

import pytest

from devstack.console import LONGEST_LINE, Console


def test_lines_of_successive_processes_arrive_complete_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    console = Console(tmp_path)
    fifo = console.channel("web")
    console.connect("web")
    for process in range(2):
        with fifo.open("w") as output:
            output.writelines(f"{process}-{line}\n" for line in range(20_000))
            output.write("last words")
    console.close(timeout=20)
    lines = capsys.readouterr().out.splitlines()
    expected = [f"{process}-{line}" for process in range(2) for line in range(20_000)]
    # The first process died in the middle of a line, so the second one's first words complete it.
    expected[20_000] = "last words1-0"
    assert lines == [f"web      | {line}" for line in [*expected, "last words"]]


def test_a_line_without_end_is_broken_not_hoarded(tmp_path: Path) -> None:
    console = Console(tmp_path)
    lines: list[str] = []
    reader, writer = os.pipe()
    console.watch(reader, lines.append)
    with os.fdopen(writer, "w") as output:
        output.write("x" * (3 * LONGEST_LINE))
    console.close(timeout=20)
    assert len(lines) > 1
    assert sum(map(len, lines)) == 3 * LONGEST_LINE
