"""Amounts and quantities over HTTP: exact text in, exact text out."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests import factories
from tests.callers import Caller, exact
from tests.factories import line, lines_body


def texts(answer: Any) -> Any:
    """The answer with every number as the text it has on the wire."""
    return json.loads(answer.data, parse_float=str, parse_int=str)


@pytest.mark.parametrize(
    ("currency", "price", "total"),
    [("USD", "10.5", "21.00"), ("JPY", "150", "300"), ("KWD", "1.234", "2.468"), ("USD", "0", "0.00")],
)
def test_amounts_come_out_with_exactly_the_currencys_decimals(
    customer: Caller, currency: str, price: str, total: str
) -> None:
    answer = customer.post("/orders", lines_body(line(price=price), currency=currency))
    assert texts(answer)["total_amount"] == total
    assert texts(customer.get(answer.headers["Location"]))["total_amount"] == total


@pytest.mark.parametrize(("currency", "price"), [("USD", "1.005"), ("JPY", "1.5"), ("KWD", "1.0005")])
@pytest.mark.parametrize("field", ["unit_price", "sale_price"])
def test_more_decimals_than_the_currency_has_are_refused(
    customer: Caller, field: str, currency: str, price: str
) -> None:
    answer = customer.post("/orders", lines_body(line(**{"price": "1", field: price}), currency=currency))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "too_many_decimals")
    assert answer.get_json()["errors"][0]["pointer"] == f"/items/0/{field}"


@pytest.mark.parametrize("raw", [b"49.99", b'"49.99"', b"4999e-2", b"49.9900"])
def test_an_amount_may_be_a_number_or_a_string_and_means_the_same(customer: Caller, raw: bytes) -> None:
    body = b'{"items": [{"sku": "A", "quantity": 2, "unit_price": 45, "sale_price": %b}]}' % raw
    assert texts(customer.post("/orders", body))["total_amount"] == "99.98"


def test_ten_cents_of_difference_are_kept_and_eleven_refused(customer: Caller) -> None:
    order = factories.place(customer, total_amount="20.10")
    assert (order["total_amount"], order["rounding_adjustment"]) == (Decimal("20.10"), Decimal("0.10"))
    refused = customer.post("/orders", lines_body(total_amount="20.11")).get_json()
    assert (refused["code"], refused["computed"], refused["claimed"]) == ("total_mismatch", "20.00", "20.11")


def test_a_quantity_of_three_decimals_is_exact(customer: Caller) -> None:
    answer = customer.post("/orders", lines_body(line(quantity="1.250", price="3.99")))
    assert texts(answer)["items"][0]["quantity"] == "1.25"
    assert texts(answer)["total_amount"] == "4.99"


def test_the_largest_order_there_can_be_is_placed_and_a_larger_one_refused(customer: Caller) -> None:
    largest = customer.post("/orders", lines_body(line(quantity=1, price=999_999_999_999)))
    assert texts(largest)["total_amount"] == "999999999999.00"
    larger = customer.post("/orders", lines_body(line(quantity="1.001", price=999_999_999_999)))
    assert (larger.status_code, larger.get_json()["code"]) == (422, "out_of_range")


def test_zero_is_never_written_with_a_sign(customer: Caller) -> None:
    answer = customer.post("/orders", b'{"items": [{"sku": "A", "quantity": 1, "unit_price": -0.0}]}')
    assert answer.status_code == 201
    assert b"-0" not in answer.data.split(b'"items"')[1].split(b'"order_datetime"')[0]


def test_without_a_sale_price_the_unit_price_is_charged(customer: Caller) -> None:
    assert factories.place(customer, line(price="7.00"))["items"][0]["sale_price"] == Decimal("7.00")


def test_without_a_currency_it_is_the_default_one(customer: Caller) -> None:
    assert factories.place(customer)["currency"] == "USD"


def test_the_same_sku_on_several_lines_is_cancelled_in_parts_to_the_cent(customer: Caller) -> None:
    order = factories.place(customer, line(quantity="1.250", price="3.99"), line(quantity="1.250", price="3.99"))
    for quantity in ("0.5", "0.25", "0.5"):
        answer = customer.post(factories.url(order, "cancel"), {"items": [{"line_no": 1, "quantity": quantity}]})
        assert answer.status_code == 200
    items = exact(answer)["items"]
    assert (items[0]["status"], items[0]["cancelled_quantity"]) == ("cancelled", Decimal("1.25"))
    assert (items[1]["status"], items[1]["cancelled_quantity"]) == ("pending", 0)
