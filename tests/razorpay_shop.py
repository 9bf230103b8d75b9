"""A shop that is paid through Razorpay: the application with a provider behind it, and people in front of it."""

from decimal import Decimal
from typing import Any

from flask import Flask

from oms.app import create_app
from oms.config import Settings
from oms.jobs.send_refunds import send_refunds
from tests import factories, paying
from tests.callers import Caller, exact, person
from tests.conftest import Servers
from tests.factories import url
from tests.providers.razorpay_server import RazorpayServer

# Many wait for one lock here, on a machine with little to spare.
PATIENT = {"DB_POOL_SIZE": "30", "DB_LOCK_TIMEOUT_MS": "8000", "REDIS_TIMEOUT_MS": "5000", "PAYMENT_TIMEOUT_MS": "5000"}


class RazorpayShop:
    """`customer` buys, `staff` sell. Paths are those of one order unless they begin with a slash."""

    def __init__(self, app: Flask, servers: Servers, razorpay: RazorpayServer) -> None:
        assert app  # which migrates the database
        environ = servers.environ(PAYMENT_PROVIDER="razorpay", **PATIENT, **razorpay.environ())
        self.app = create_app(Settings.from_env(environ))
        self.razorpay = razorpay
        self.customer, self.staff = person(self.app, "customer"), person(self.app, "staff")
        self.outsider = Caller(self.app, {}, "")

    def place(self, *lines: dict[str, Any], **more: Any) -> Any:
        return factories.place(self.customer, *lines, **more)

    def ask_payment(self, order: Any, amount: Any, mode: str = "card") -> Any:
        """A new part; one that goes to Razorpay is opened there."""
        body = {"mode": mode, "amount": amount}
        return done(self.staff.post(url(order, "payments"), body), 201)

    def pay(self, order: Any, amount: Any, mode: str = "card") -> Any:
        """A new part with its money: as the order has it afterwards."""
        part = self.ask_payment(order, amount, mode)
        if part["provider"] == "razorpay":
            self.razorpay.pay(part["provider_order_id"])
        return done(self.staff.post(url(order, "payments", part["payment_id"], "capture")))

    def tell(self, event: str, entity_id: str, **more: Any) -> Any:
        """A webhook of Razorpay's about something in its ledger: the answer to it."""
        return self.send(*self.razorpay.webhook(event, entity_id, **more))

    def send(self, headers: dict[str, str], body: bytes) -> Any:
        return self.outsider.post("/payment-events/razorpay", body, headers=headers)

    def nothing_due(self) -> None:
        """Refunds of other tests are not carried out any more: the next one is this test's."""
        factories.execute(self.app, paying.NOTHING_DUE)

    def send_refunds(self) -> None:
        """The worker's job, once, in a context of its own."""
        with self.app.app_context():
            send_refunds()

    def read(self, order: Any) -> Any:
        """The order as it is now."""
        return done(self.staff.get(url(order)))

    def move(self, order: Any, *statuses: str) -> Any:
        for status in statuses:
            order = done(self.staff.patch(url(order), {"status": status}))
        return order

    def refunds(self, order: Any) -> Any:
        return done(self.staff.get(url(order, "refunds")))["refunds"]

    def steps(self, order: Any) -> list[str]:
        """What happened to the order: names of events, and the statuses it moved to."""
        return [entry.get("event") or entry["current_status"] for entry in factories.journey(self.staff, order)]

    def events(self, order: Any) -> list[str]:
        return [event.type for event in factories.outbox(self.app, order)]


def done(answer: Any, status: int = 200) -> Any:
    """The document of an answer that is expected to be a success."""
    assert answer.status_code == status, answer.data
    return exact(answer)


def total_of(refunds: Any) -> Decimal:
    return sum((refund["amount"] for refund in refunds), Decimal(0))
