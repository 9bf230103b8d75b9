"""Writing down what a provider says."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from oms.errors import Conflict, NotFound
from oms.gateway.recording import record
from oms.ids import new_id
from oms.providers.provider import ProviderPayment
from tests.paying import Shop


def reported(status: str = "captured", amount: str = "100.00") -> ProviderPayment:
    value = Decimal(amount)
    taken = value if status == "captured" else Decimal(0)
    return ProviderPayment(f"pay_{new_id()}", None, status, value, taken, Decimal(0), "USD", None, None, None)


def say(shop: Shop, order: Any, part: Any, news: ProviderPayment) -> Any:
    with shop.app.app_context():
        return record(order["order_id"], part["payment_id"], news)


def test_it_is_in_the_cache_as_soon_as_it_is_in_the_database(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    outcome, payment = say(shop, order, part, reported())
    assert (outcome.applied, payment.status) == (True, "captured")
    assert shop.now(order)["status"] == "confirmed"


def test_every_order_of_arrival_ends_in_the_same_state(shop: Shop) -> None:
    news = [reported(), reported("authorized"), reported("failed"), reported("pending")]
    news[1:] = [replace(one, provider_payment_id=news[0].provider_payment_id) for one in news[1:]]
    ends = []
    for turn in range(len(news)):
        order = shop.order()
        part = shop.part(order)
        for one in news[turn:] + news[:turn]:
            # Another order's payment has another id.
            say(shop, order, part, replace(one, provider_payment_id=f"{one.provider_payment_id}{turn}"))
        paid = shop.now(order)
        ends.append((paid["status"], [(one["status"], one["captured_amount"]) for one in paid["payments"]]))
    assert ends == [("confirmed", [("captured", 100)])] * len(news)


def test_a_capture_that_grows_is_recorded_once_more(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    less = reported(amount="60.00")
    say(shop, order, part, less)
    say(shop, order, part, replace(less, captured_amount=Decimal("100.00")))
    again, _ = say(shop, order, part, less)
    assert again.applied is False
    paid = shop.now(order)
    assert ([one["captured_amount"] for one in paid["payments"]], paid["payment_state"]) == ([100], "paid")


def test_another_currency_and_what_is_not_there_are_refused(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order)
    with pytest.raises(Conflict) as refusal:
        say(shop, order, part, replace(reported(), currency="EUR"))
    assert refusal.value.code == "other_currency"
    with pytest.raises(NotFound):
        say(shop, order, {"payment_id": new_id()}, reported())
    assert shop.now(order)["payment_state"] == "unpaid"
