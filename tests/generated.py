"""A database of its own, full of generated orders."""

from collections.abc import Iterator
from contextlib import contextmanager

from click.testing import Result
from flask import Flask

from tests.conftest import Servers
from tests.floor import applications
from tests.floor.databases import own_database


@contextmanager
def shop(shared: Flask, servers: Servers, orders: int, per_day: float) -> Iterator[Flask]:
    """An application over a migrated database with this many orders."""
    with own_database(shared, servers) as url, applications.another(shared, servers, DATABASE_URL=url) as made:
        answer = generate(made, orders, per_day)
        assert answer.exit_code == 0, answer.output
        yield made


def generate(app: Flask, orders: int, per_day: float, *more: str) -> Result:
    """`flask oms generate`."""
    arguments = ["oms", "generate", "--orders", str(orders), "--per-day", str(per_day), *more]
    return app.test_cli_runner().invoke(args=arguments)
