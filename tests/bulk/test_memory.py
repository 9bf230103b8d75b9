"""Memory of a process that writes all orders into a file: that of a batch, whatever the size of the shop."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import factories, generated
from tests.conftest import Servers
from tests.depth import THOROUGH

FEW, MANY = 2_000, 20_000
pytestmark = pytest.mark.skipif(not THOROUGH, reason="generates many orders")
_PROGRAM = """
import resource, sys
from flask.cli import cli
try:
    cli.main(["--app", "wsgi", "oms", "export", *sys.argv[1:]])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(scope="module")
def shop(app: Flask, servers: Servers) -> Iterator[Flask]:
    with generated.shop(app, servers, MANY, MANY / 60) as made:
        yield made


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_ten_times_the_orders_take_no_more_memory(shop: Flask, servers: Servers, tmp_path: Path, name: str) -> None:
    def peak_of(*options: str) -> int:
        """KiB of an export as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(tmp_path / f"orders.{name}"), *options],
            env={**os.environ, **servers.environ(DATABASE_URL=shop.config["OMS_SETTINGS"].database_url)},
            cwd=Path(__file__).parent.parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout.splitlines()[-1])

    newest_first = "SELECT created_at FROM orders ORDER BY created_at DESC OFFSET :number LIMIT 1"
    (moment,) = factories.rows(shop, newest_first, number=FEW)[0]
    few, many = peak_of("--created-from", moment.isoformat()), peak_of()
    # A group of Parquet's has rows of some 8,000 orders, so a few orders are less than one.
    assert many < few + (120_000 if name == "parquet" else 15_000)
