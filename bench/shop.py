"""Who calls, and the orders they call for. Copies of an order are made in the database, by the ten thousand."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Flask

from bench.load import NUMBER, Template
from bench.stack import Stack
from devstack.server import StartError
from oms.accounts import passwords, sign_in, tokens, users
from oms.accounts.sign_in import ProvenUser
from oms.extensions import db
from oms.ids import new_id
from oms.orders import cache
from oms.transactions import transaction

PASSWORD = "a-long-enough-password"  # noqa: S105 - of accounts that live as long as the run
PEOPLE = 50
PAGE = 20
DEEP = 50
JSON = {"Content-Type": "application/json"}
LISTED_LINES = PAGE * (DEEP + 2)
LISTED_FREE_FORM = 200
_COPIED = ("orders", "order_items", "order_journey")
# Copies that lists are to show come after everything else the run places.
_LATER = "1 day"
_AT_ONCE = 5000


@dataclass
class Shop:
    """`staff`, `buyer` and `owner` are their headers; the owner has LISTED_FREE_FORM orders and buys nothing more."""

    stack: Stack
    app: Flask
    staff: Mapping[str, str]
    buyer: Mapping[str, str]
    owner: Mapping[str, str]
    owner_id: str
    lines_order: str = ""
    deep_page: str = ""
    _confirmed: str = ""
    _labels: int = 0
    _pools: dict[tuple[str, int], str] = field(default_factory=dict)

    def label(self) -> str:
        """Begins the ids of one run; nothing else does."""
        self._labels += 1
        return f"bench-{self._labels:04d}-"

    def copies(self, count: int, *, of: str = "", later: str = "0") -> str:
        """Copies of a pending order of 5 lines, without events; returns what their ids begin with, numbers follow."""
        label = self.label()
        made = {
            "order_id": f"'{label}' || lpad(number::text, 8, '0')",
            "created_at": f"created_at + interval '{later}' + number * interval '1 ms'",
        }
        for table in _COPIED:
            self.stack.query(self._copying(table, made, count, f"order_id = '{of or self.lines_order}'"))
        return label

    def copy_events(self, count: int, topic: str, shards: int) -> None:
        """Unsent events of so many orders that nobody has, two each: as of an order that was placed and confirmed."""
        if not self._confirmed:
            self._confirmed = self.call("POST", "/orders", self.staff, example("bench-confirmed"))["order_id"]
            self.call("PATCH", f"/orders/{self._confirmed}", self.staff, {"status": "confirmed"})
        now = {"shard": f"number % {shards}", "created_at": "now()", "retry_at": "now()", "published_at": "NULL"}
        made = {"order_id": f"'{self.label()}' || lpad(number::text, 8, '0')", **now}
        chosen = f"order_id = '{self._confirmed}' AND topic = '{topic}'"
        self.stack.query(self._copying("outbox_events", made, count, chosen))

    def pool(self, name: str, count: int) -> str:
        """The same, made once."""
        if (name, count) not in self._pools:
            self._pools[name, count] = self.copies(count)
        return self._pools[name, count]

    def forget(self, label: str, count: int) -> None:
        """Have none of these orders in the cache."""
        client = self.stack.redis()
        for first in range(0, count, _AT_ONCE):
            client.delete(*(cache.key(f"{label}{number:08d}") for number in range(first, min(first + _AT_ONCE, count))))
        client.close()

    def send_all(self, template: Template) -> None:
        """Every request of a template, one after the other."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.ports["web"], timeout=30)
        for sent in range(template.capacity):
            template.send(connection, sent)
        connection.close()

    def call(self, method: str, path: str, who: Mapping[str, str], body: Any = None) -> Any:
        """One request, answered as it should be."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.ports["web"], timeout=30)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {**who, **JSON})
            answer = connection.getresponse()
            told = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise StartError(f"{method} {path} was answered {answer.status}: {told[:300]!r}")
        return json.loads(told)

    def _copying(self, table: str, made: Mapping[str, str], count: int, where: str) -> str:
        """One INSERT ... SELECT over all columns of the table, whatever they are, but for those that are `made`."""
        names = [
            name
            for (name,) in self.stack.query(
                "SELECT column_name FROM information_schema.columns"
                f" WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER'"
            )
        ]
        chosen = ", ".join(made.get(name, name) for name in names)
        return (
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen}"
            f" FROM {table}, generate_series(0, {count - 1}) AS number WHERE {where}"
        )


def open_shop(stack: Stack) -> Shop:
    """People who are signed in, and orders to list."""
    app = stack.app()
    with app.app_context():
        _, staff = _person("staff")
        _, buyer = _person("customer")
        owner_id, owner = _person("customer")
        _password_holders()
        db.engine.dispose()
    shop = Shop(stack, app, staff, buyer, owner, owner_id)
    shop.lines_order = shop.call("POST", "/orders", staff, example())["order_id"]
    free_form = shop.call("POST", "/orders", owner, json.loads(FREE_FORM_BODY))["order_id"]
    shop.copies(LISTED_FREE_FORM, of=free_form)
    shop.copies(LISTED_LINES, later=_LATER)
    stack.query("ANALYZE")
    shop.deep_page = _deep_page(shop)
    return shop


def lines_body(label: str) -> str:
    """An order of 5 lines in the shape of the first system."""
    lines = [
        {"sku": f"ITEM-{number:03d}", "quantity": number, "unit_price": 45.00, "sale_price": 49.99}
        for number in range(1, 6)
    ]
    return json.dumps(
        {
            "order_id": f"{label}{NUMBER}",
            "customer_id": f"CUST-{NUMBER}",
            "facility_id": "FAC-001",
            "status": "pending",
            "total_amount": 749.85,
            "order_datetime": "2024-01-01T10:00:00",
            "eta": "2024-01-01T15:00:00",
            "items": lines,
        }
    )


def example(order_id: str = "bench-template") -> Any:
    """One such order."""
    return {**json.loads(lines_body("").replace(NUMBER, "EXAMPLE")), "order_id": order_id}


FREE_FORM_BODY = json.dumps({"items": {"coffee": {"size": "large", "shots": 2}, "cake": 1}, "order_price": 11.50})


def sign_in_form() -> str:
    """The password form of one of the PEOPLE."""
    return f"username={_address(NUMBER)}&password={PASSWORD}"


def _address(number: str) -> str:
    return f"person-{number}@example.com"


def _person(role: str) -> tuple[str, dict[str, str]]:
    account = transaction(lambda session: users.register(session, f"{new_id().lower()}@example.com", None, role))
    pair = tokens.issue(transaction(lambda session: sign_in.open_family(session, ProvenUser(account.id, None))))
    return account.id, {"Authorization": f"Bearer {pair.access_token}"}


def _password_holders() -> None:
    kept = passwords.hash_password(PASSWORD)
    for number in range(PEOPLE):
        address = _address(f"{number:08d}")
        transaction(partial(users.register, email=address, password_hash=kept))


def _deep_page(shop: Shop) -> str:
    """The path of the DEEPth page, found by turning the pages."""
    path = f"/orders?limit={PAGE}"
    for _ in range(DEEP - 1):
        path = f"/orders?limit={PAGE}&cursor={shop.call('GET', path, shop.staff)['next_cursor']}"
    return path
