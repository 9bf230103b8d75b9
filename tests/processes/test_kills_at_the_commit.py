"""A web process killed at the one moment that matters: when the statement that places an order
is on its way, or done and not yet told."""

import http.client

import pytest

from oms.ids import new_id
from tests.floor.postgres_proxy import CuttingWire
from tests.processes.conftest import Stack
from tests.processes.programs import kill

TRACES = (
    "SELECT count(*) FROM orders WHERE order_id = :id",
    "SELECT count(*) FROM order_journey WHERE order_id = :id",
    "SELECT count(DISTINCT version) FROM outbox_events WHERE order_id = :id",
    "SELECT count(*) FROM idempotency_keys WHERE key = :key",
)


def traces(stack: Stack, **of: str) -> set[object]:
    """How often each was found; one number when they agree."""
    return {stack.scalar(query, **of) for query in TRACES}


@pytest.mark.parametrize(("moment", "left"), [("before", 0), ("after", 1)])
def test_the_order_is_there_as_a_whole_or_not_at_all_and_the_retry_has_it(stack: Stack, moment: str, left: int) -> None:
    order_id, key = new_id(), new_id()
    body = {"order_id": order_id, "items": [{"sku": "TEA", "quantity": 1, "unit_price": "2.50"}]}
    with CuttingWire(stack.environ["DATABASE_URL"], b"INSERT INTO orders ") as wire:
        web = stack.start_web(DATABASE_URL=wire.url, WEB_CONCURRENCY="1")
        (worker,) = web.children
        wire.before_the_cut = lambda: kill(worker)
        wire.cut = moment
        with pytest.raises((OSError, http.client.HTTPException)):
            stack.client.call("POST", "/orders", body, **{"Idempotency-Key": key})
        assert traces(stack, id=order_id, key=key) == {left}
        answer = stack.client.insist("POST", "/orders", body, key)
        assert (answer.status, answer.headers.get("Idempotency-Replayed")) == (201, "true" if left else None)
        assert traces(stack, id=order_id, key=key) == {1}
        web.end()
