"""Paying in tests: an application whose providers are played on sockets, the people who use it, and what it says of
an order's money in every place at once. A file of tests takes it in with two lines:

    installation = pytest.fixture(scope="module")(paying.installation)
    shop = pytest.fixture(paying.shop)
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from oms.config import Settings
from oms.jobs.send_refunds import send_refunds
from oms.orders import events
from oms.providers import registry
from tests import factories
from tests.callers import Caller, api_key_caller, exact, person
from tests.conftest import Servers
from tests.factories import line, url
from tests.floor import applications
from tests.providers.razorpay_server import RazorpayServer
from tests.providers.stripe_server import StripeServer

CAPTURED = {"razorpay": "payment.captured", "stripe": "payment_intent.succeeded"}
NOTHING_DUE = "UPDATE refunds SET next_attempt_at = NULL WHERE status IN ('created', 'pending')"


@dataclass
class Shop:
    """Razorpay is the default provider unless `use` says otherwise; Stripe is configured beside it."""

    app: Flask
    settings: Settings
    customer: Caller
    other_customer: Caller
    staff: Caller
    cashier: Caller
    warehouse: Caller
    anonymous: Caller
    razorpay: RazorpayServer
    stripe: StripeServer
    # How many of an order's events have been held to their schemas.
    checked: dict[str, int] = field(default_factory=dict)

    def use(self, provider: str) -> None:
        """New parts go to this provider from now on."""
        self.app.config["OMS_SETTINGS"] = replace(self.settings, payment_provider=provider)

    def server(self, provider: str) -> Any:
        return {"razorpay": self.razorpay, "stripe": self.stripe}[provider]

    # --- orders and their parts

    def order(self, *lines: dict[str, Any], **more: Any) -> Any:
        """The customer's new order: 2 x 50.00 unless told."""
        return factories.place(self.customer, *(lines or [line(quantity=2, price="50.00")]), **more)

    def part(self, order: Any, mode: str = "card", **body: Any) -> Any:
        """One more part, for all that is due unless an amount is given."""
        answer = self.customer.post(url(order, "payments"), {"mode": mode, **body})
        assert answer.status_code == 201, answer.data
        return exact(answer)

    def capture(self, order: Any, part: Any, **body: Any) -> Any:
        """Staff say that the money of a part is there."""
        answer = self.staff.post(url(order, "payments", part["payment_id"], "capture"), body or None)
        assert answer.status_code == 200, answer.data
        return exact(answer)

    def paid_by_hand(self, *amounts: str, **more: Any) -> Any:
        """An order paid in cash, in parts of these amounts or at once."""
        order = self.order(**more)
        for body in [{"amount": amount} for amount in amounts] or [{}]:
            self.capture(order, self.part(order, "cash", **body))
        return self.now(order)

    def paid_at(self, provider: str = "razorpay", **more: Any) -> Any:
        """An order paid in one part at a provider, that has told us so."""
        self.use(provider)
        order = self.order(**more)
        part = self.part(order)
        attempt = self.server(provider).pay(part["provider_order_id"])
        assert self.told(provider, CAPTURED[provider], attempt) == "applied"
        return self.now(order)

    # --- providers

    def callback(self, provider: str, event: str, entity_id: str, **options: Any) -> TestResponse:
        """The provider calls about a payment or refund of its ledger."""
        headers, body = self.server(provider).webhook(event, entity_id, **options)
        return self.anonymous.post(f"/payment-events/{provider}", body, headers=headers)

    def told(self, provider: str, event: str, entity_id: str, **options: Any) -> str:
        """The same, and what came of it."""
        answer = self.callback(provider, event, entity_id, **options)
        assert answer.status_code == 200, answer.data
        return str(exact(answer)["outcome"])

    # --- refunds

    def refund(self, order: Any, **body: Any) -> Any:
        answer = self.staff.post(url(order, "refunds"), body)
        assert answer.status_code == 201, answer.data
        return exact(answer)

    def send_refunds(self) -> int:
        with self.app.app_context():
            return send_refunds()

    def make_due(self, order: Any) -> None:
        """The time of the next attempt at the order's refunds has come."""
        statement = "UPDATE refunds SET next_attempt_at = now() WHERE order_id = :id AND next_attempt_at IS NOT NULL"
        factories.execute(self.app, statement, id=order["order_id"])

    def shares(self, order: Any) -> list[Any]:
        """The rows of the order's refunds, in the order of the payments."""
        statement = "SELECT * FROM refunds WHERE order_id = :id ORDER BY refund_id, payment_id"
        return factories.rows(self.app, statement, id=order["order_id"])

    # --- what is known of an order

    def now(self, order: Any) -> Any:
        """The order, which is the same in the cache, in the database and in the answer; its events keep to their
        schemas."""
        cached, rendered = factories.cached_body(self.app, order), factories.rendered(self.app, order)
        assert cached == rendered
        answer = self.staff.get(url(order))
        assert answer.data == rendered
        told = self.events(order)
        for kind, payload in told[self.checked.get(order["order_id"], 0) :]:
            _validator(kind).validate(payload)
        self.checked[order["order_id"]] = len(told)
        return exact(answer)

    def events(self, order: Any) -> list[tuple[str, Any]]:
        """(type, payload) of its events; numbers exact."""
        found = factories.rows(
            self.app,
            "SELECT type, CAST(payload AS text) AS body FROM outbox_events WHERE order_id = :id"
            " ORDER BY version, position",
            id=order["order_id"],
        )
        return [(row.type, json.loads(row.body, parse_float=Decimal)) for row in found]

    def kinds(self, order: Any) -> list[str]:
        """The types of its events after those of its creation, without what all of them share."""
        return [kind.removeprefix("oms.").removesuffix(".v1") for kind, _ in self.events(order)[2:]]

    def steps(self, order: Any) -> list[str]:
        """The names of its journey's steps after its creation."""
        return [entry["event"] or entry["current_status"] for entry in factories.journey(self.staff, order)[1:]]


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(events.schemas()[kind])


def installation(app: Flask, servers: Servers) -> Iterator[Shop]:
    """Made once for a file of tests: patient with Redis, for these tests look into the cache."""
    with RazorpayServer() as razorpay, StripeServer() as stripe:
        variables = {
            "PAYMENT_PROVIDER": "razorpay",
            "PAYMENT_TIMEOUT_MS": "2000",
            "REDIS_TIMEOUT_MS": "5000",
            **razorpay.environ(),
            **stripe.environ(),
        }
        with applications.another(app, servers, **variables) as made:
            yield Shop(
                made,
                made.config["OMS_SETTINGS"],
                person(made, "customer"),
                person(made, "customer"),
                person(made, "staff"),
                api_key_caller(made, "payments", "orders:read"),
                api_key_caller(made, "fulfilment", "orders:read"),
                Caller(made, {}, ""),
                razorpay,
                stripe,
            )


def shop(installation: Shop) -> Iterator[Shop]:
    """The installation as if nothing had happened to it: providers that answer, and nothing waiting to be sent."""
    installation.use("razorpay")
    registry.bind_providers(installation.app, installation.settings)
    for server in (installation.razorpay, installation.stripe):
        server.refuse_refunds, server.refund_later = None, False
        server.requests.clear()
        server.calm()
    installation.razorpay.copies_notes = True
    factories.execute(installation.app, NOTHING_DUE)
    yield installation
    factories.execute(installation.app, NOTHING_DUE)


def refused(answer: TestResponse) -> tuple[int, str]:
    """Status and code of an answer that says no."""
    return answer.status_code, exact(answer)["code"]
