"""Which providers an installation has, and which of them a way to pay goes to."""

import pytest
from flask import Flask

from oms.config import Settings
from oms.errors import NotFound
from oms.providers import registry
from tests.providers.conftest import payment_request, settings_with
from tests.providers.razorpay_server import RazorpayServer
from tests.providers.stripe_server import StripeServer


def application(settings: Settings) -> Flask:
    app = Flask("providers")
    app.config["OMS_SETTINGS"] = settings
    registry.bind_providers(app, settings)
    return app


def test_without_keys_payments_are_made_by_hand_only() -> None:
    assert set(registry.configured(settings_with())) == {"manual"}


def test_a_provider_that_is_not_configured_is_unknown() -> None:
    with application(settings_with()).app_context():
        assert registry.provider("manual").name == "manual"
        for name in ("razorpay", "stripe", "paypal", ""):
            with pytest.raises(NotFound) as caught:
                registry.provider(name)
            assert caught.value.code == "unknown_provider"


def test_every_provider_with_keys_is_there_whatever_the_default_is(
    razorpay_server: RazorpayServer, stripe_server: StripeServer
) -> None:
    environ = {**razorpay_server.environ(), **stripe_server.environ()}
    with application(settings_with(PAYMENT_PROVIDER="stripe", **environ)).app_context():
        razorpay = registry.provider("razorpay").create(payment_request("5.00"))
        stripe = registry.provider("stripe").create(payment_request("5.00"))
    assert list(razorpay_server.orders) == [razorpay.provider_order_id]
    assert list(stripe_server.intents) == [stripe.provider_order_id]


@pytest.mark.parametrize("mode", ["cash", "cod", "card", "wallet", "online"])
def test_by_default_every_way_to_pay_is_by_hand(mode: str) -> None:
    with application(settings_with()).app_context():
        assert registry.for_mode(mode) == "manual"


@pytest.mark.parametrize(
    ("mode", "provider"),
    [("cash", "manual"), ("cod", "manual"), ("card", "razorpay"), ("wallet", "razorpay"), ("online", "razorpay")],
)
def test_cash_stays_by_hand_where_there_is_a_provider(
    razorpay_server: RazorpayServer, mode: str, provider: str
) -> None:
    settings = settings_with(PAYMENT_PROVIDER="razorpay", **razorpay_server.environ())
    with application(settings).app_context():
        assert registry.for_mode(mode) == provider
