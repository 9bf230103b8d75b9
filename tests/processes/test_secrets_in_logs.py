"""Everything all processes print at LOG_LEVEL=DEBUG, searched for what nobody may read there."""

import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from devstack.server import wait_until
from oms.ids import new_id
from tests.conftest import SECRET, Servers
from tests.processes.conftest import Stack
from tests.processes.programs import Answer, Client
from tests.providers import stripe_server
from tests.providers.stripe_server import StripeServer

PASSWORD, WRONG_PASSWORD = "marked-Password-41", "marked-Wrong-Password-42"
STREET, PHONE, PERSON = "17 Marked Street", "+91 98765 00043", "Marked Person"
ADDRESS = {
    "full_name": PERSON,
    "phone": PHONE,
    "line1": STREET,
    "city": "Pune",
    "postal_code": "411001",
    "country": "IN",
}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def stripe() -> Iterator[StripeServer]:
    with StripeServer() as server:
        yield server


@pytest.fixture
def running(stack: Stack, stripe: StripeServer) -> Stack:
    variables = {"LOG_LEVEL": "DEBUG", "PAYMENT_PROVIDER": "stripe", **stripe.environ()}
    for name in ("worker", "clock", "consumer"):
        stack.start(name, **variables)
    stack.start_web(**variables)
    return stack


def sign_in(client: Client, email: str, password: str) -> Answer:
    form = urllib.parse.urlencode({"username": email, "password": password})
    return client.send("POST", "/auth/token", form.encode(), **FORM)


def admin(stack: Stack) -> tuple[Client, list[str]]:
    """Somebody who registers, mistypes, signs in, and buys the next pair of tokens; and what he was given."""
    nobody, email = Client(stack.client.port, {}), f"{new_id().lower()}@example.com"
    user_id = nobody.call("POST", "/register", {"email": email, "password": PASSWORD}).json["id"]
    stack.scalar("UPDATE users SET role = 'admin' WHERE id = :id RETURNING id", id=user_id)
    assert sign_in(nobody, email, WRONG_PASSWORD).status == 401
    first = sign_in(nobody, email, PASSWORD).json
    pair = nobody.call("POST", "/auth/refresh", {"refresh_token": first["refresh_token"]}).json
    given = [tokens[name] for tokens in (first, pair) for name in ("access_token", "refresh_token")]
    return Client(stack.client.port, {"Authorization": f"Bearer {pair['access_token']}"}), given


def bought(client: Client, stripe: StripeServer) -> tuple[Any, str]:
    """An order with an address, paid at Stripe, which has called; and the secret of its checkout."""
    line = {"sku": "TEA", "quantity": 1, "unit_price": 50}
    body = {"customer_id": "C-1", "total_amount": 50, "items": [line], "address": ADDRESS}
    order = client.call("POST", "/orders", body).json
    part = client.call("POST", f"/orders/{order['order_id']}/payments", {"mode": "card"}).json
    intent = stripe.pay(part["provider_order_id"])
    headers, event = stripe.webhook("payment_intent.succeeded", intent)
    assert client.send("POST", "/payment-events/stripe", event, **headers).status == 200
    return order, part["checkout"]["client_secret"]


def provoke(client: Client, order_id: str) -> None:
    """What is refused, and could be told with the values it was refused for."""
    client.send(
        "POST", "/orders", f'{{"address": {{"phone": "{PHONE}", '.encode(), **{"Content-Type": "application/json"}
    )
    client.call("POST", "/orders", {"items": [], "address": {**ADDRESS, "unknown": [STREET]}})
    client.call("PUT", f"/orders/{order_id}", {"address": {**ADDRESS, "line1": STREET * 200}})
    client.call("POST", "/register", {"email": "no address", "password": PASSWORD})
    client.call("GET", "/auth/me", None, Authorization=f"Bearer {WRONG_PASSWORD}.x.y")
    client.send("POST", "/payment-events/stripe", b"{}", **{"Stripe-Signature": f"t=1,v1={'0' * 64}"})


def test_no_process_prints_a_secret_an_address_or_a_phone_number(
    running: Stack, stripe: StripeServer, servers: Servers
) -> None:
    client, secrets = admin(running)
    key = client.call("POST", "/api-keys", {"name": "marked", "scopes": ["orders:read"]}).json["key"]
    reader = Client(running.client.port, {"X-API-Key": key})
    order, client_secret = bought(client, stripe)
    order_id = order["order_id"]
    assert reader.call("GET", f"/orders/{order_id}").json["payment_state"] == "paid"
    provoke(client, order_id)
    assert client.call("POST", f"/orders/{order_id}/cancel").status == 200
    settled = "SELECT count(*) FROM refunds WHERE order_id = :id AND status IN ('processed', 'pending')"
    assert wait_until(lambda: running.scalar(settled, id=order_id) == 1, 30)
    printed = "\n".join(program.printed for program in running.programs)
    assert "payment_event" in printed
    assert "/orders/{order_id}" in printed or "/orders/<order_id>" in printed
    hidden = [*secrets, key, client_secret, PASSWORD, WRONG_PASSWORD, SECRET, STREET, PHONE, PERSON]
    hidden += [stripe_server.WEBHOOK_SECRET, running.environ["DATABASE_URL"], *stripe.environ().values()]
    public = {stripe.environ()["STRIPE_API_URL"]}
    assert [secret for secret in hidden if secret in printed and secret not in public] == []
