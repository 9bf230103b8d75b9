"""Which providers this installation can use, and which of them a way to pay goes to."""

from collections.abc import Mapping

from flask import Flask, current_app

from oms.config import Settings
from oms.errors import NotFound
from oms.extensions import settings as running_settings
from oms.providers.manual import Manual
from oms.providers.provider import Provider
from oms.providers.razorpay import Razorpay
from oms.providers.stripe import Stripe

BY_HAND = frozenset({"cash", "cod"})


def configured(settings: Settings) -> Mapping[str, Provider]:
    """Every provider whose keys are set, by name: one that is no longer the default still pays its refunds."""
    found: list[Provider] = [Manual()]
    if settings.razorpay_key_id:
        found.append(Razorpay.of(settings))
    if settings.stripe_secret_key:
        found.append(Stripe.of(settings))
    return {provider.name: provider for provider in found}


def bind_providers(app: Flask, settings: Settings) -> None:
    app.extensions["oms_providers"] = configured(settings)


def provider(name: str) -> Provider:
    """Raises `NotFound` (unknown_provider) for one that is not configured here."""
    found: Mapping[str, Provider] = current_app.extensions["oms_providers"]
    if name not in found:
        raise NotFound("There is no such payment provider here.", code="unknown_provider")
    return found[name]


def for_mode(mode: str) -> str:
    """The name of the provider that a way to pay goes to: cash and cash on delivery are nobody's but ours."""
    return Manual.name if mode in BY_HAND else running_settings().payment_provider
