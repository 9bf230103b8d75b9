"""Orders for tests: bodies, orders placed through the API, and what the database and the cache hold of them."""

from typing import Any

from flask import Flask
from sqlalchemy import text

from oms.app import create_app
from oms.config import Settings
from oms.extensions import db
from oms.ids import new_id
from oms.orders import cache, representation, store
from oms.orders.order import Order
from oms.transactions import read, transaction
from tests.callers import Caller, exact
from tests.conftest import Servers


def line(sku: str = "TEA", quantity: Any = 2, price: Any = "10.00", **more: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity, "unit_price": price, **more}


def lines_body(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A's shape with an id of its own; one line of 2 x 10.00 unless told."""
    return {"order_id": new_id(), "items": list(lines) or [line()], **more}


def place(caller: Caller, *lines: dict[str, Any], **more: Any) -> Any:
    """A new order of lines as its creator sees it; staff and keys say whose it is."""
    return _placed(caller, lines_body(*lines, **more))


def place_free_form(caller: Caller, items: Any = None, **more: Any) -> Any:
    """A new order in B's shape."""
    return _placed(caller, {"items": items or {"coffee": 1}, **more})


def place_at(caller: Caller, staff: Caller, status: str, *lines: dict[str, Any]) -> Any:
    """An order of `caller`'s that staff have brought to `status`."""
    order = place(caller, *lines)
    for step in PATHS[status]:
        answer = staff.patch(f"/orders/{order['order_id']}", {"status": step})
        assert answer.status_code == 200, answer.data
        order = exact(answer)
    assert order["status"] == status
    return order


# How staff bring a new order to each status.
PATHS = {
    "pending": (),
    "confirmed": ("confirmed",),
    "processing": ("processing",),
    "packed": ("packed",),
    "shipped": ("shipped",),
    "partially_delivered": ("shipped", "partially_delivered"),
    "delivered": ("delivered",),
    "delivery_failed": ("shipped", "delivery_failed"),
    "cancelled": ("cancelled",),
    "return_requested": ("delivered", "return_requested"),
    "returned": ("delivered", "return_requested", "returned"),
}


def patient(app: Flask, servers: Servers) -> Flask:
    """Another application on the same migrated servers, that gives up on Redis after seconds and not at once."""
    assert app
    return create_app(Settings.from_env(servers.environ(REDIS_TIMEOUT_MS="5000")))


def url(order: Any, *parts: Any) -> str:
    return "/".join(["/orders", order["order_id"], *map(str, parts)])


def journey(caller: Caller, order: Any) -> Any:
    answer = caller.get(url(order, "journey"))
    assert answer.status_code == 200
    return exact(answer)["journey"]


def rows(app: Flask, statement: str, **parameters: Any) -> list[Any]:
    """Rows straight from PostgreSQL."""
    with app.app_context():
        return list(read(lambda session: session.execute(text(statement), parameters).all()))


def capture(app: Flask, order: Any, amount: str) -> None:
    """Money arrives for the order's first payment part, as a later round's routes will record it."""
    execute(
        app,
        "UPDATE payments SET status = 'captured', captured_amount = :amount WHERE (order_id, payment_id) ="
        " (SELECT order_id, min(payment_id) FROM payments WHERE order_id = :order_id GROUP BY order_id)",
        order_id=order["order_id"],
        amount=amount,
    )
    forget_cached(app, order)


def execute(app: Flask, statement: str, **parameters: Any) -> None:
    """A change behind the product's back."""
    with app.app_context():
        transaction(lambda session: session.execute(text(statement), parameters))


def vacuum(app: Flask) -> None:
    """Statistics for the planner, and pages marked as visible to all."""
    with app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))


def outbox(app: Flask, order: Any) -> list[Any]:
    """(version, position, type, status in the payload) of an order's events, in their order."""
    return rows(
        app,
        "SELECT version, position, type, payload ->> 'status' AS status FROM outbox_events"
        " WHERE order_id = :order_id ORDER BY version, position",
        order_id=order["order_id"],
    )


def stored(app: Flask, order: Any) -> Order:
    """The order as the database holds it."""
    with app.app_context():
        found = read(lambda session: store.get(session, order["order_id"], None))
    assert found is not None
    return found


def rendered(app: Flask, order: Any) -> bytes:
    """A fresh rendering from the database."""
    return representation.render(stored(app, order))


def cached_body(app: Flask, order: Any) -> bytes | None:
    """The bytes Redis holds for the order, None for a miss."""
    with app.app_context():
        entry = cache.parse(app.extensions["oms_redis"].get(cache.key(order["order_id"])))
    return entry.body if entry else None


def forget_cached(app: Flask, order: Any) -> None:
    app.extensions["oms_redis"].delete(cache.key(order["order_id"]))


def _placed(caller: Caller, body: Any) -> Any:
    answer = caller.post("/orders", body)
    assert answer.status_code == 201, answer.data
    return exact(answer)
