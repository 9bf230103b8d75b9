"""Which providers an installation has, and which of them a way to pay goes to."""

import pytest
from flask import Flask

from oms.config import Settings
from oms.errors import NotFound
from oms.providers import registry

LEAST = {
    "DATABASE_URL": "postgresql://user:word@db:5432/oms",
    "REDIS_URL": "redis://redis:6379/0",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "JWT_SECRET_KEY": "a-secret-that-is-long-enough-0123456789",
}


def settings_with(**variables: str) -> Settings:
    return Settings.from_env({**LEAST, **variables})


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


@pytest.mark.parametrize("mode", ["cash", "cod", "card", "wallet", "online"])
def test_by_default_every_way_to_pay_is_by_hand(mode: str) -> None:
    with application(settings_with()).app_context():
        assert registry.for_mode(mode) == "manual"
