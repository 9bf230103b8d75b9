from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from oms.bulk import running
from tests import factories
from tests.callers import Caller


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


@pytest.fixture
def nothing_left(app: Flask) -> Iterator[None]:
    """No test meets what another has left to do."""
    cancel_all = "UPDATE order_imports SET status = 'cancelled' WHERE status IN ('queued', 'running')"
    factories.execute(app, cancel_all)
    yield
    factories.execute(app, cancel_all)


def sent(
    caller: Caller, data: str | bytes, query: str = "", media_type: str = "application/x-ndjson", **more: Any
) -> Any:
    """The import of a file that was taken in."""
    answer = caller.post(
        f"/orders/import?{query}", data if isinstance(data, bytes) else data.encode(), content_type=media_type, **more
    )
    assert answer.status_code == 202, answer.data
    return answer.get_json()


def worked_off(app: Flask, caller: Caller, made: Any) -> Any:
    """The import when nothing of it is left to do."""
    with app.app_context():
        while running.next_chunk(made["import_id"]):
            continue
    return caller.get(f"/orders/imports/{made['import_id']}").get_json()


def wrong(caller: Caller, made: Any) -> list[tuple[int, str, str]]:
    """(row, code, pointer) of everything that was wrong."""
    found = caller.get(f"/orders/imports/{made['import_id']}/errors?limit=1000").get_json()["errors"]
    return [(error["row"], error["code"], error["pointer"]) for error in found]
