"""Settings, clocks and requests for the tests of the providers; none of them needs the product's own servers."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from prometheus_client import REGISTRY

from oms.config import Settings
from oms.providers.provider import PaymentRequest, RefundRequest
from oms.providers.razorpay import Razorpay
from oms.providers.stripe import Stripe
from tests.providers.razorpay_server import RazorpayServer
from tests.providers.stripe_server import StripeServer

LEAST = {
    "DATABASE_URL": "postgresql://user:word@db:5432/oms",
    "REDIS_URL": "redis://redis:6379/0",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "JWT_SECRET_KEY": "a-secret-that-is-long-enough-0123456789",
    "PAYMENT_TIMEOUT_MS": "2000",
}
SHORT = {"PAYMENT_TIMEOUT_MS": "100"}
_numbers = count(1)


def settings_with(**variables: str) -> Settings:
    return Settings.from_env({**LEAST, **variables})


class Clock:
    """A monotonic clock that stands still until it is moved, and the pauses that were asked for."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def razorpay_server() -> Iterator[RazorpayServer]:
    with RazorpayServer() as server:
        yield server


@pytest.fixture
def razorpay(razorpay_server: RazorpayServer, clock: Clock) -> Razorpay:
    return Razorpay.of(settings_with(**razorpay_server.environ()), clock=clock, pause=clock.pause)


@pytest.fixture
def hasty_razorpay(razorpay_server: RazorpayServer, clock: Clock) -> Razorpay:
    """One that waits for an answer a tenth of a second only."""
    return Razorpay.of(settings_with(**razorpay_server.environ(), **SHORT), clock=clock, pause=clock.pause)


@pytest.fixture
def stripe_server() -> Iterator[StripeServer]:
    with StripeServer() as server:
        yield server


@pytest.fixture
def stripe(stripe_server: StripeServer, clock: Clock) -> Stripe:
    return Stripe.of(settings_with(**stripe_server.environ()), clock=clock, pause=clock.pause)


def payment_request(amount: str = "49.90", currency: str = "INR", **changes: Any) -> PaymentRequest:
    number = next(_numbers)
    return PaymentRequest(
        **{"order_id": f"o-{number}", "payment_id": f"{number:026d}", "amount": Decimal(amount), "currency": currency}
        | changes
    )


def refund_request(provider_payment_id: str | None, amount: str = "10.00", **changes: Any) -> RefundRequest:
    number = next(_numbers)
    return RefundRequest(
        **{
            "order_id": f"o-{number}",
            "payment_id": f"{number:026d}",
            "refund_id": f"R{number:025d}",
            "provider_payment_id": provider_payment_id,
            "amount": Decimal(amount),
            "currency": "INR",
            "key": f"refund-{number:06d}",
            "attempt": 1,
        }
        | changes
    )


@pytest.fixture
def counted() -> Callable[[str, str, str], float]:
    """How often the metric has counted (provider, operation, outcome) since the test began."""

    def value(*labels: str) -> float:
        names = dict(zip(("provider", "operation", "outcome"), labels, strict=True))
        return REGISTRY.get_sample_value("oms_provider_requests_total", names) or 0.0

    before: dict[tuple[str, ...], float] = {
        tuple(sample.labels.values()): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "oms_provider_requests_total"
    }
    return lambda *labels: value(*labels) - before.get(labels, 0.0)
