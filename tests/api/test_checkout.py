"""Parts of a new order that are opened at their providers at once: `create_payment_order`."""

from typing import Any

import pytest

from oms.ids import new_id
from tests import paying
from tests.callers import exact
from tests.factories import line, lines_body
from tests.paying import Shop, refused
from tests.providers.provider_server import RESET_AFTERWARDS

installation = pytest.fixture(scope="module")(paying.installation)
shop = pytest.fixture(paying.shop)


def body(*payment: dict[str, Any]) -> dict[str, Any]:
    return lines_body(line(quantity=2, price="50.00"), payment=list(payment))


def part(mode: str = "card", amount: Any = 100, *, flagged: bool = True) -> dict[str, Any]:
    return {"payment_mode": mode, "amount": amount, "create_payment_order": flagged}


def test_the_answer_has_what_the_checkout_page_needs(shop: Shop) -> None:
    answer = shop.customer.post("/orders", body(part()))
    order = exact(answer)
    (opened,) = order["payments"]
    assert opened["checkout"] == {"key_id": "rzp_test_1DP5mmOlF5G5ag", "order_id": opened["provider_order_id"]}
    assert shop.razorpay.orders[opened["provider_order_id"]]["receipt"] == opened["payment_id"]
    assert shop.steps(order) == shop.kinds(order) == ["payment.opened"]
    del opened["checkout"]
    assert shop.now(order) == order
    assert answer.headers["ETag"] == f'"{order["version"]}"' == '"2"'


def test_stripes_page_gets_its_secret(shop: Shop) -> None:
    shop.use("stripe")
    (opened,) = exact(shop.customer.post("/orders", body(part())))["payments"]
    intent = shop.stripe.intents[opened["provider_order_id"]]
    assert opened["checkout"] == {"client_secret": intent["client_secret"]}
    assert (intent["amount"], intent["metadata"]["payment_id"]) == (10000, opened["payment_id"])


def test_the_other_systems_route_opens_them_too(shop: Shop) -> None:
    answer = shop.staff.post("/create_order", {**body(part()), "customer_id": shop.customer.id})
    placed = exact(answer)
    (opened,) = placed["payments"]
    assert placed["success"] is True
    assert opened["checkout"]["order_id"] == opened["provider_order_id"]
    assert answer.headers["ETag"] == f'"{shop.now(placed)["version"]}"'


def test_only_parts_that_ask_for_it_are_opened(shop: Shop) -> None:
    wanted = (part("card", 50, flagged=False), part("cash", 20), part("wallet", 30))
    order = exact(shop.customer.post("/orders", body(*wanted)))
    assert ["checkout" in payment for payment in order["payments"]] == [False, False, True]
    assert [bool(payment["provider_order_id"]) for payment in shop.now(order)["payments"]] == [False, False, True]


def test_nobody_is_asked_where_no_part_wants_it(shop: Shop) -> None:
    order = exact(shop.customer.post("/orders", body(part(flagged=False))))
    assert shop.razorpay.requests == []
    assert shop.now(order) == order


@pytest.mark.parametrize("fault", [500, 400, RESET_AFTERWARDS])
def test_an_order_does_not_wait_for_a_provider_to_exist(shop: Shop, fault: Any) -> None:
    shop.razorpay.fail(fault, only="POST")
    answer = shop.customer.post("/orders", body(part()))
    (unopened,) = exact(answer)["payments"]
    assert (answer.status_code, unopened["provider_order_id"], "checkout" in unopened) == (201, None, False)
    refused = fault == 400  # a definite no: another part can be added
    assert unopened["status"] == ("failed" if refused else "pending")
    assert shop.steps(exact(answer)) == (["payment.failed"] if refused else [])


@pytest.mark.parametrize("fault", [500, RESET_AFTERWARDS])
def test_the_same_request_opens_what_was_not_answered_for(shop: Shop, fault: Any) -> None:
    wanted, key = body(part()), {"Idempotency-Key": new_id()}
    shop.razorpay.fail(fault, only="POST")
    shop.customer.post("/orders", wanted, headers=key)
    again = shop.customer.post("/orders", wanted, headers=key)
    (opened,) = exact(again)["payments"]
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert opened["checkout"]["order_id"] == opened["provider_order_id"]
    ours = [there for there in shop.razorpay.orders.values() if there["receipt"] == opened["payment_id"]]
    assert len(ours) == 1
    assert shop.steps(exact(again)) == ["payment.opened"]


def test_the_same_request_after_it_was_paid_has_no_checkout(shop: Shop) -> None:
    wanted, key = body(part()), {"Idempotency-Key": new_id()}
    (opened,) = exact(shop.customer.post("/orders", wanted, headers=key))["payments"]
    shop.told("razorpay", "payment.captured", shop.razorpay.pay(opened["provider_order_id"]))
    order = exact(shop.customer.post("/orders", wanted, headers=key))
    assert order["payments"][0]["status"] == "captured"
    assert "checkout" not in order["payments"][0]
    assert order == shop.now(order)


def test_parts_of_more_than_the_order_are_refused_and_nothing_is_placed(shop: Shop) -> None:
    wanted = body(part(amount=60), part(amount="40.01"))
    answer = shop.customer.post("/orders", wanted)
    assert refused(answer) == (422, "amount_exceeds_due")
    assert (exact(answer)["due"], exact(answer)["errors"][0]["pointer"]) == ("100.00", "/payment")
    assert shop.customer.get(f"/orders/{wanted['order_id']}").status_code == 404
    assert shop.razorpay.requests == []


def test_a_part_with_more_decimals_than_the_currency_is_refused(shop: Shop) -> None:
    answer = shop.customer.post("/orders", body(part(amount=1), part(amount="1.001")))
    assert (refused(answer), exact(answer)["errors"][0]["pointer"]) == (
        (422, "too_many_decimals"),
        "/payment/1/amount",
    )


def test_the_parts_of_a_large_order_are_opened_too(shop: Shop) -> None:
    """Its answer holds more values than anybody may send us."""
    lines = [{"sku": f"SKU-{number}", "quantity": 1, "unit_price": 1} for number in range(1000)]
    answer = shop.customer.post("/orders", {**body(part(amount=1000)), "items": lines})
    assert answer.status_code == 201, answer.data[:300]
    assert exact(answer)["payments"][0]["checkout"]
