"""Opening a part at its provider."""

from typing import Any

import pytest

from oms.errors import NotFound
from oms.gateway import opening
from oms.ids import new_id
from tests.paying import Shop


def open_part(shop: Shop, order: Any, part: Any) -> Any:
    with shop.app.app_context():
        return opening.open_part(order["order_id"], part["payment_id"])


def unopened(shop: Shop, provider: str = "razorpay") -> tuple[Any, Any]:
    shop.use(provider)
    order = shop.order(payment=[{"payment_mode": "card", "amount": 100}])
    return order, order["payments"][0]


@pytest.mark.parametrize("provider", ["razorpay", "stripe"])
def test_the_providers_id_is_noted_and_the_page_gets_what_it_needs(shop: Shop, provider: str) -> None:
    order, part = unopened(shop, provider)
    _, opened, checkout = open_part(shop, order, part)
    assert checkout
    assert shop.now(order)["payments"][0]["provider_order_id"] == opened.provider_order_id
    assert shop.steps(order) == shop.kinds(order) == ["payment.opened"]


def test_doing_it_again_gives_the_same_and_changes_nothing(shop: Shop) -> None:
    order, part = unopened(shop)
    first = open_part(shop, order, part)
    shown = shop.now(order)
    again = open_part(shop, order, part)
    assert first[2] == again[2]
    assert shop.now(order) == shown


def test_cash_is_opened_nowhere(shop: Shop) -> None:
    order = shop.order()
    part = shop.part(order, "cash")
    assert open_part(shop, order, part)[2] is None
    assert shop.razorpay.requests == []


@pytest.mark.parametrize("end", ["fail", "void"])
def test_what_has_come_to_nothing_is_not_opened(shop: Shop, end: str) -> None:
    order, part = unopened(shop)
    shop.customer.post(f"/orders/{order['order_id']}/payments/{part['payment_id']}/{end}")
    assert open_part(shop, order, part)[2] is None
    assert shop.razorpay.requests == []


def test_a_part_that_is_refused_there_has_failed(shop: Shop) -> None:
    order, part = unopened(shop)
    shop.razorpay.fail(400, only="POST")
    _, refused, checkout = open_part(shop, order, part)
    assert (refused.status, refused.provider_order_id, checkout) == ("failed", None, None)
    assert refused.error


@pytest.mark.parametrize("fault", [500, 401])
def test_a_provider_that_does_not_do_it_leaves_the_part_as_it_is(shop: Shop, fault: int) -> None:
    order, part = unopened(shop)
    shop.razorpay.fail(fault, only="POST")
    _, unchanged, checkout = open_part(shop, order, part)
    assert (unchanged.provider_order_id, checkout) == (None, None)
    assert shop.now(order) == order


def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    order = shop.order()
    with pytest.raises(NotFound, match="no such order"):
        open_part(shop, {"order_id": new_id()}, {"payment_id": new_id()})
    with pytest.raises(NotFound, match="no such payment"):
        open_part(shop, order, {"payment_id": new_id()})
