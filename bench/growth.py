"""What happens to the times of requests as orders pile up: `make growth`.

Each size has a database of its own on one server with fsync on, and they are asked in turns, a request each, so that
whatever else the machine does meets all sizes alike. Requests go through the whole application without a socket. The
result is a table of medians with their ratios to the smallest size; exit status 1 when one is over its target.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from devstack.postgres import Postgres
from devstack.valkey import Valkey
from oms import idempotency, outbox, schema_version
from oms.accounts import sign_in, tokens, users
from oms.accounts.sign_in import ProvenUser
from oms.app import create_app
from oms.config import Settings
from oms.generation.copying import Warehouse
from oms.generation.story import ARTICLES, CUSTOMERS, order_id
from oms.ids import new_id
from oms.orders import cache, queries
from oms.transactions import read, transaction

# So few that the smallest size has orders of all ages, too.
PER_DAY = 1000
FLAT, SEARCH = 1.3, 3.0
_WARMED = text("""
    SELECT sum(pg_prewarm(oid)) FROM pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace
""")
_EXPIRED = text("""
    INSERT INTO idempotency_keys (caller, key, fingerprint, status, body, created_at)
    SELECT 'growth', 'K' || n, '', 200, '', now() - interval '30 hours' FROM generate_series(1, 1000) AS n
""")


@dataclass(slots=True)
class Shop:
    """A database of one size, and somebody who may see all of it."""

    orders: int
    app: Flask
    client: FlaskClient
    headers: dict[str, str]
    rng: Random = field(default_factory=lambda: Random(1))  # noqa: S311 - the same questions to every size
    deep: str = ""
    typical: str = ""
    largest: str = ""
    pages: int = 1

    def get(self, path: str) -> Any:
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == 200, (path, answer.data)
        return answer

    def send(self, method: str, path: str, body: Any) -> Any:
        answer = self.client.open(path, method=method, json=body, headers=self.headers)
        assert answer.status_code in (200, 201), (path, answer.data)
        return answer

    def some_order(self) -> str:
        return order_id(self.rng.randrange(self.orders))

    def forget(self, key: str) -> None:
        self.app.extensions["oms_redis"].delete(cache.key(key))


def _body() -> dict[str, Any]:
    lines = [{"sku": f"S{number}", "quantity": 2, "unit_price": "9.99"} for number in range(5)]
    return {"order_id": new_id(), "customer_id": f"C{new_id()}", "facility_id": "GEN-F07", "items": lines}


def _create(shop: Shop) -> Callable[[], object]:
    body = _body()
    return lambda: shop.send("POST", "/orders", body)


def _change(shop: Shop) -> Callable[[], object]:
    placed = shop.send("POST", "/orders", _body()).json["order_id"]
    return lambda: shop.send("PATCH", f"/orders/{placed}", {"status": "confirmed"})


def _cold(shop: Shop) -> Callable[[], object]:
    wanted = shop.some_order()
    shop.forget(wanted)
    return lambda: shop.get(f"/orders/{wanted}")


def _purge(shop: Shop) -> Callable[[], object]:
    """A thousand answers that have expired go."""
    with shop.app.app_context():
        transaction(lambda session: session.execute(_EXPIRED))

    def work() -> None:
        with shop.app.app_context():
            assert transaction(lambda session: idempotency.purge(session, 24)) == 1000

    return work


def _lag(shop: Shop) -> Callable[[], object]:
    def work() -> None:
        with shop.app.app_context():
            read(lambda session: (outbox.lag(session), outbox.pending_shards(session)))

    return work


def _asked(path: Callable[[Shop], str]) -> Callable[[Shop], Callable[[], object]]:
    def prepared(shop: Shop) -> Callable[[], object]:
        wanted = path(shop)
        return lambda: shop.get(wanted)

    return prepared


# Name: (what prepares one request, the ratio to the smallest size that it may reach).
SCENARIOS: dict[str, tuple[Callable[[Shop], Callable[[], object]], float]] = {
    "create, 5 lines": (_create, FLAT),
    "PATCH status": (_change, FLAT),
    "GET, cold": (_cold, FLAT),
    "journey": (_asked(lambda shop: f"/orders/{shop.some_order()}/journey"), FLAT),
    "list, first page": (_asked(lambda _: "/orders?limit=20"), FLAT),
    "list, deep page": (_asked(lambda shop: f"/orders?limit=20&cursor={shop.deep}"), FLAT),
    "B's listing, a customer of 40 orders": (_asked(lambda shop: f"/orders/user/{shop.typical}?page_size=20"), FLAT),
    "B's listing, the largest customer": (_asked(lambda shop: f"/orders/user/{shop.largest}?page_size=20"), FLAT),
    "B's listing, his last page": (
        _asked(lambda shop: f"/orders/user/{shop.largest}?page_size=20&page={shop.pages}"),
        FLAT,
    ),
    "by frequent status": (_asked(lambda _: "/orders?limit=20&status=delivered"), FLAT),
    "by rare status": (_asked(lambda _: "/orders?limit=20&status=delivery_failed"), FLAT),
    "by facility": (_asked(lambda _: "/orders?limit=20&facility_id=GEN-F03"), FLAT),
    "by facility and status": (_asked(lambda _: "/orders?limit=20&facility_id=GEN-F03&status=delivery_failed"), FLAT),
    "by customer and status": (
        _asked(lambda shop: f"/orders?limit=20&customer_id={shop.typical}&status=delivered"),
        FLAT,
    ),
    "search, id": (_asked(lambda shop: f"/orders?q={shop.some_order()}"), SEARCH),
    "search, customer": (_asked(lambda shop: f"/orders?q={shop.largest}"), SEARCH),
    "search, article in few orders": (
        _asked(lambda shop: f"/orders?q=GEN-SKU-{shop.rng.randrange(ARTICLES // 2, ARTICLES):05d}"),
        SEARCH,
    ),
    "search, the most frequent article": (_asked(lambda _: "/orders?q=GEN-SKU-00001"), SEARCH),
    "search, phone": (
        _asked(lambda shop: "/orders?q=" + quote(f"+49{shop.rng.randrange(CUSTOMERS) * 7919:010d}")),
        SEARCH,
    ),
    "purge of 1,000 answers": (_purge, FLAT),
    "outbox: what waits": (_lag, FLAT),
}


def _shop(stack: ExitStack, postgres: Postgres, valkey: Valkey, orders: int, place: int) -> Shop:
    name = f"growth_{orders}"
    admin = create_engine(postgres.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        if not connection.execute(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).scalar():
            connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    environ = {
        "DATABASE_URL": urlunsplit(urlsplit(postgres.url)._replace(path=f"/{name}")),
        "REDIS_URL": urlunsplit(urlsplit(valkey.url)._replace(path=f"/{place}")),
        "REDIS_TIMEOUT_MS": "5000",
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "JWT_SECRET_KEY": "only-to-measure-with-and-long-enough-0123456789",
        "RATELIMIT_DEFAULT": "1000000/minute",
        "LOG_LEVEL": "ERROR",
    }
    app = create_app(Settings.from_env(environ))
    with app.app_context():
        upgrade(str(schema_version.MIGRATIONS))
        _fill(Warehouse(app.config["OMS_SETTINGS"]), orders)
        made = transaction(lambda session: users.register(session, f"{new_id().lower()}@example.com", None, "staff"))
        pair = tokens.issue(transaction(lambda session: sign_in.open_family(session, ProvenUser(made.id, None))))
    app.extensions["oms_redis"].flushdb()  # another run may have had another size at this place
    stack.callback(app.extensions["oms_redis"].close)
    shop = Shop(orders, app, app.test_client(), {"Authorization": f"Bearer {pair.access_token}"})
    _look_around(shop)
    return shop


def _fill(database: Warehouse, orders: int) -> None:
    began, written = time.monotonic(), 0
    for count in database.fill(orders, PER_DAY):
        written += count
    seconds = time.monotonic() - began
    database.analyze()
    print(f"{orders} orders: {written} written, {written / max(seconds, 0.001):.0f}/s", file=sys.stderr, flush=True)


def _look_around(shop: Shop) -> None:
    """Who is large here, who is not, and where the middle of all orders is."""
    by_size = text("""
        SELECT customer_id FROM orders GROUP BY customer_id ORDER BY abs(count(*) - :wanted), customer_id LIMIT 1
    """)
    middle = text("SELECT created_at FROM orders WHERE order_id = :order_id")
    engine = create_engine(shop.app.config["OMS_SETTINGS"].database_url)
    with engine.connect() as connection:
        shop.typical = connection.execute(by_size, {"wanted": 40}).scalar_one()
        shop.largest = connection.execute(by_size, {"wanted": 10**9}).scalar_one()
        moment = connection.execute(middle, {"order_id": order_id(shop.orders // 2)}).scalar_one()
    engine.dispose()
    shop.deep = queries.cursor_at(moment, order_id(shop.orders // 2))
    shop.pages = shop.get(f"/orders/user/{shop.largest}?page_size=20").json["total_pages"]


def _read_into_memory(shop: Shop) -> None:
    engine = create_engine(shop.app.config["OMS_SETTINGS"].database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS pg_prewarm"))
        connection.execute(_WARMED)
    engine.dispose()


def measure(shops: list[Shop], requests: int) -> Iterator[tuple[str, list[float]]]:
    """(scenario, milliseconds at the median for each size)."""
    for name, (prepare, _) in SCENARIOS.items():
        took: list[list[float]] = [[] for _ in shops]
        for number in range(requests + 10):
            for shop, times in zip(shops, took, strict=True):
                work = prepare(shop)
                began = time.perf_counter()
                work()
                if number >= 10:  # the first ones warm up
                    times.append((time.perf_counter() - began) * 1000)
        yield name, [statistics.median(times) for times in took]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", default="10000,100000", help="sizes, the smallest first")
    parser.add_argument("--requests", type=int, default=200, help="of each kind and size")
    parser.add_argument(
        "--shared-buffers",
        help="of PostgreSQL, such as 17GB: all databases are read into them before (128MB, and none)",
    )
    parser.add_argument("--data", type=Path, default=Path(".data/growth"), help="kept for the next time")
    given = parser.parse_args()
    sizes = [int(size) for size in given.orders.split(",")]
    given.data.mkdir(parents=True, exist_ok=True)
    too_slow = []
    with ExitStack() as stack:
        server = Postgres(given.data / "postgres", shared_buffers=given.shared_buffers or "128MB")
        postgres = stack.enter_context(server)
        valkey = stack.enter_context(Valkey(given.data / "valkey"))
        shops = [_shop(stack, postgres, valkey, size, place) for place, size in enumerate(sizes)]
        if given.shared_buffers:
            for shop in shops:
                _read_into_memory(shop)
        print("| median, ms | " + " | ".join(f"{size:,}" for size in sizes) + " | ratio | at most |")
        print("|---|" + "---:|" * (len(sizes) + 2))
        for name, medians in measure(shops, given.requests):
            ratio, most = medians[-1] / medians[0], SCENARIOS[name][1]
            shown = " | ".join(f"{value:.2f}" for value in medians)
            print(f"| {name} | {shown} | {ratio:.2f} | {most} |", flush=True)
            if ratio > most:
                too_slow.append(name)
    if too_slow:
        print(f"over their targets: {'; '.join(too_slow)}", file=sys.stderr)
    return bool(too_slow)


if __name__ == "__main__":
    sys.exit(main())
