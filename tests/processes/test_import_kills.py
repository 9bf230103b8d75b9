"""kill -9 while a file of orders is worked off: each is placed once."""

import json

import pytest
from flask import Flask

from devstack.server import wait_until
from oms.ids import new_id
from tests.callers import api_key_caller
from tests.conftest import Servers
from tests.depth import THOROUGH
from tests.floor import applications
from tests.processes.conftest import Stack
from tests.processes.programs import Client

ORDERS = 3000
pytestmark = pytest.mark.skipif(not THOROUGH, reason="takes half a minute")


def test_every_order_of_a_file_is_placed_once_however_often_its_worker_is_killed(
    app: Flask, servers: Servers, stack: Stack
) -> None:
    own = {name: stack.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    with applications.another(app, servers, **own) as made:
        key = api_key_caller(made, "orders:write")
    stack.start_web()
    client = Client(stack.client.port, key.headers)
    line = {"sku": "TEA", "quantity": 1, "unit_price": 1}
    file = "".join(
        json.dumps({"order_id": new_id(), "customer_id": "C", "items": [line]}) + "\n" for _ in range(ORDERS)
    )
    media_type = {"Content-Type": "application/x-ndjson"}
    taken = client.send("POST", "/orders/import", file.encode(), **media_type)
    assert taken.status == 202, taken.body
    path = taken.headers["Location"]
    stack.start("clock")
    for share in (0.1, 0.4, 0.7):
        worker = stack.start("bulk")
        assert wait_until(lambda share=share: client.call("GET", path).json["done"] >= share * ORDERS, 60)  # type: ignore[misc]
        worker.kill()
    stack.start("bulk")
    assert wait_until(lambda: client.call("GET", path).json["status"] == "completed", 90)
    assert client.call("GET", path).json["succeeded"] == ORDERS
    assert stack.scalar("SELECT count(*) FROM orders WHERE creator_id = :key", key=key.id) == ORDERS
    assert stack.scalar("SELECT count(*) FROM outbox_events WHERE version = 1") == 2 * ORDERS
