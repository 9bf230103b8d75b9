"""The programs of docs/integrate.md and the Python client, against web, worker and consumer as they run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests.callers import api_key_caller
from tests.conftest import Servers
from tests.docs import pages
from tests.floor import applications
from tests.processes.conftest import Stack

CLIENT = pages.ROOT / "clients/python"
sys.path.insert(0, str(CLIENT))

import oms_client  # noqa: E402 - it is not installed
from oms_client.api.accounts import get_me, sign_in  # noqa: E402
from oms_client.api.orders import cancel_order, create_order, get_order, list_orders, update_order  # noqa: E402
from oms_client.models import (  # noqa: E402
    CancelBody,
    CancelLineBody,
    LineBody,
    OrderBody,
    OrderView,
    Problem,
    TokenForm,
    UpdateBody,
)

PAGE = pages.ROOT / "docs/integrate.md"
SCOPES = {
    "Checkout": ("orders:read", "orders:write"),
    "Payments": ("orders:read", "payments"),
    "Warehouse": ("orders:read", "fulfilment"),
    "Carrier": (),
}
PROGRAM = re.compile(r"^```python\n(.*?)^```\n\n```\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS = 60


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Stack]:
    programs = [stack.start_web(), stack.start("worker"), stack.start("consumer")]
    yield stack
    for program in programs:
        program.end()


def own_key(app: Flask, servers: Servers, stack: Stack, *scopes: str) -> str:
    own = {name: stack.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with applications.another(app, servers, **own) as made:
        return str(api_key_caller(made, *scopes).headers["X-API-Key"])


def test_the_programs_of_the_manual_do_what_it_says(
    app: Flask, servers: Servers, running: Stack, tmp_path: Path
) -> None:
    order_id = new_id()
    environ = {**running.environ, "OMS_URL": f"http://127.0.0.1:{running.client.port}", "ORDER_ID": order_id}
    path = {"PYTHONPATH": f"{CLIENT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    for heading, scopes in SCOPES.items():
        ((program, expected),) = PROGRAM.findall(pages.section(PAGE, heading))
        key = {"OMS_API_KEY": own_key(app, servers, running, *scopes)} if scopes else {}
        script = tmp_path / f"{heading}.py"
        script.write_text(program)
        done = subprocess.run(
            [sys.executable, script],
            env={**environ, **path, **key},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout == expected.replace("ORD-4711", order_id), heading


def test_every_program_of_the_manual_is_run() -> None:
    assert PAGE.read_text().count("```python\n") == len(SCOPES)


@pytest.fixture
def api(running: Stack) -> Any:
    """The client with the token of a user of the stack."""
    token = running.client.headers["Authorization"].split()[1]
    return oms_client.AuthenticatedClient(f"http://127.0.0.1:{running.client.port}", token=token)


def body(**more: Any) -> OrderBody:
    return OrderBody(items=[LineBody(sku="TEA", quantity=2, unit_price="10.05")], **more)


class TestPythonClient:
    def test_a_token_is_known_and_a_wrong_password_is_a_problem(self, running: Stack, api: Any) -> None:
        assert get_me.sync(client=api).kind == "customer"
        stranger = oms_client.Client(f"http://127.0.0.1:{running.client.port}")
        answer = sign_in.sync_detailed(client=stranger, body=TokenForm(username="nobody@example.com", password="wrong"))
        assert answer.status_code == 401
        nameless = oms_client.AuthenticatedClient(f"http://127.0.0.1:{running.client.port}", token="none")
        refused = get_me.sync(client=nameless)
        assert isinstance(refused, Problem)
        assert refused.status == 401

    def test_an_order_is_placed_once_for_a_key_and_read_back(self, api: Any) -> None:
        key = new_id()
        first = create_order.sync_detailed(client=api, body=body(), idempotency_key=key)
        second = create_order.sync_detailed(client=api, body=body(), idempotency_key=key)
        assert (first.status_code, second.status_code) == (201, 201)
        assert second.headers["Idempotency-Replayed"] == "true"
        assert isinstance(first.parsed, OrderView)
        read = get_order.sync(first.parsed.order_id, client=api)
        assert read == second.parsed
        assert (read.total_amount, read.items[0].sku, str(read.status)) == (20.1, "TEA", "pending")

    def test_it_pages_through_a_list(self, api: Any) -> None:
        placed = {create_order.sync(client=api, body=body()).order_id for _ in range(5)}
        found, cursor, pages_read = set(), oms_client.types.UNSET, 0
        while True:
            page = list_orders.sync(client=api, limit=2, cursor=cursor)
            found |= {order.order_id for order in page.orders}
            pages_read += 1
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
        assert placed <= found
        assert pages_read >= 3

    def test_a_change_is_refused_with_a_code_when_somebody_was_quicker(self, api: Any) -> None:
        order = create_order.sync(client=api, body=body())
        lines = UpdateBody(items=[LineBody(sku="TEA", quantity=1, unit_price="10.05")])
        changed = update_order.sync_detailed(order.order_id, client=api, body=lines, if_match='"1"')
        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        refused = cancel_order.sync(order.order_id, client=api, body=CancelBody(), if_match='"1"')
        assert isinstance(refused, Problem)
        assert (refused.status, refused.code) == (412, "precondition_failed")
        part = CancelBody(items=[CancelLineBody(line_no=9)])
        assert cancel_order.sync(order.order_id, client=api, body=part).status in (404, 422)

    def test_what_breaks_a_rule_comes_with_its_place(self, api: Any) -> None:
        wrong = OrderBody(items=[LineBody(sku="TEA", quantity=0, unit_price="-1")])
        refused = create_order.sync(client=api, body=wrong)
        assert isinstance(refused, Problem)
        assert {error["pointer"] for error in refused.errors} == {"/items/0/quantity", "/items/0/unit_price"}
