"""Money that a payment provider holds: the staff asks, the provider says."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.conftest import Servers
from tests.console.test_order_changes import done, fill
from tests.console.test_order_page import path
from tests.console.visitors import Visitor, signed_in
from tests.factories import journey, line
from tests.floor.applications import limiter
from tests.providers.razorpay_server import RazorpayServer
from tests.razorpay_shop import RazorpayShop


@pytest.fixture
def shop(app: Flask, servers: Servers) -> Iterator[RazorpayShop]:
    with RazorpayServer() as razorpay:
        yield RazorpayShop(app, servers, razorpay)
    limiter.init_app(app)


@pytest.fixture
def cashier(shop: RazorpayShop) -> Visitor:
    return signed_in(shop.app, "staff")


def test_the_provider_is_asked_and_who_asked_is_in_the_journey(shop: RazorpayShop, cashier: Visitor) -> None:
    order = shop.place(line("TEA", 1, "20.00"))
    part = shop.ask_payment(order, "20.00")
    shop.razorpay.pay(part["provider_order_id"], "authorized")
    done(fill(cashier, order, "payments", part["payment_id"], "capture"), order)
    assert shop.read(order)["payment_state"] == "paid"
    steps = journey(shop.staff, order)
    (asked,) = [step for step in steps if step["event"] == "note"]
    assert (asked["actor"], asked["remarks"]) == (cashier.id, f"Asked razorpay to capture {part['payment_id']}.")
    assert "The provider has captured the payment." in cashier.get(path(order)).text


def test_what_the_provider_knows_nothing_of_is_not_captured_and_may_be_asked_again(
    shop: RazorpayShop, cashier: Visitor
) -> None:
    order = shop.place(line("TEA", 1, "20.00"))
    part = shop.ask_payment(order, "20.00")
    refused = fill(cashier, order, "payments", part["payment_id"], "capture")
    assert refused.status_code == 409
    assert "The provider knows of no money for this payment yet." in refused.text
    assert shop.read(order)["payment_state"] == "unpaid"
    shop.razorpay.pay(part["provider_order_id"], "authorized")
    done(fill(cashier, order, "payments", part["payment_id"], "capture"), order)
    assert shop.read(order)["payment_state"] == "paid"
