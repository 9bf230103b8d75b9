"""Requests that meet at an order's row: who comes first is served first."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import text

from devstack.server import wait_until
from oms.extensions import db
from tests import factories

Request = Callable[[], Any]
_WAITING = """
    SELECT count(*) AS waiting FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def in_turn(app: Flask, order: Any, *requests: Request) -> list[Any]:
    """Answers to requests that all wait for the order's row, in this order, before the first of them gets it."""
    futures: list[Future[Any]] = []
    with ThreadPoolExecutor(len(requests)) as pool:
        with locked(app, order, len(requests)):
            for request in requests:
                futures.append(pool.submit(request))
                assert wait_for_waiters(app, len(futures)), "it does not wait"
        return [future.result() for future in futures]


@contextmanager
def locked(app: Flask, order: Any, waiters: int) -> Iterator[None]:
    """Hold the order's row until so many sessions wait for a lock."""
    with app.app_context(), db.engine.connect() as connection:
        row = text("SELECT 1 FROM orders WHERE order_id = :order_id FOR UPDATE")
        connection.execute(row, {"order_id": order["order_id"]})
        yield
        assert wait_for_waiters(app, waiters), "they are not all waiting"
        connection.rollback()


def wait_for_waiters(app: Flask, count: int) -> bool:
    """Whether so many sessions of this database wait for a lock, now or soon."""
    return wait_until(lambda: factories.rows(app, _WAITING)[0].waiting >= count, 6)
