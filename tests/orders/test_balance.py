"""What is owed, held, due and too much, whatever happens to an order's units and payments."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.orders import balance, shares
from oms.orders.order import Line, Order, Payment, Refund
from tests.orders.amounts import NOW, PROPERTY, amounts, order_of, orders, unit

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def payment(captured: Any = 0, status: str = "captured", **more: Any) -> Payment:
    amount = more.pop("amount", captured)
    mode = more.pop("mode", "card")
    return Payment("P-1", mode, Decimal(amount), NOW, status, captured_amount=Decimal(captured), **more)


def of_hundred(*payments: Payment, **more: Any) -> Order:
    """One line of 4 x 25.00."""
    lines = [Line(1, "TEA", Decimal(4), Decimal(25), Decimal(25))]
    return order_of(lines, total_amount=HUNDRED, payments=list(payments), **more)


def given_back(amount: Any, cause: str, status: str = "created") -> Refund:
    return Refund("R-1", "P-1", cause, status, Decimal(amount), NOW)


@st.composite
def undoings(draw: Any) -> tuple[Order, list[tuple[int, str, Decimal]]]:
    """An order and how all of it is undone: lines cancelled and refunded in pieces, in any order."""
    order = draw(orders())
    pieces = []
    for position, line in enumerate(order.lines):
        cuts = {draw(st.integers(0, int(line.quantity * 1000))) for _ in range(draw(st.integers(0, 3)))}
        ends = sorted({0, *cuts, int(line.quantity * 1000)})
        for start, end in pairwise(ends):
            name = draw(st.sampled_from(["cancelled_quantity", "refunded_quantity"]))
            pieces.append((position, name, Decimal(end - start).scaleb(-3)))
    return order, draw(st.permutations(pieces))


@PROPERTY
@given(undoings())
def test_a_paid_order_undone_piece_by_piece_is_given_back_to_the_last_cent(
    case: tuple[Order, list[tuple[int, str, Decimal]]],
) -> None:
    order, pieces = case
    paid = payment(order.total_amount)
    order.payments.append(paid)
    for position, name, units in pieces:
        line = order.lines[position]
        setattr(line, name, getattr(line, name) + units)
        back = balance.excess(order)
        assert back >= 0
        assert back % unit(order.currency) == 0
        paid.reserved_amount += back
        assert balance.held(order) == balance.owed(order)
    assert (paid.reserved_amount, balance.owed(order), balance.held(order)) == (order.total_amount, 0, 0)


@PROPERTY
@given(undoings())
def test_rounding_never_piles_up_a_step_gives_back_the_value_of_its_units_give_or_take_one_unit(
    case: tuple[Order, list[tuple[int, str, Decimal]]],
) -> None:
    order, pieces = case
    values = shares.line_values(order)
    for position, name, units in pieces:
        line, before = order.lines[position], balance.credited_value(order)
        setattr(line, name, getattr(line, name) + units)
        exact = Fraction(values[line.line_no]) * Fraction(units) / Fraction(line.quantity)
        worth = balance.credited_value(order) - before
        assert worth >= 0
        assert abs(Fraction(worth) - exact) <= Fraction(unit(order.currency))


@PROPERTY
@given(orders(), st.data())
def test_an_order_is_owed_money_or_owes_it_but_never_both(order: Order, data: st.DataObject) -> None:
    taken = data.draw(amounts(order.currency, 200_000))
    order.payments.append(payment(taken, refunded_amount=data.draw(st.sampled_from([ZERO, taken]))))
    assert ZERO in (balance.due(order), balance.excess(order))
    assert balance.held(order) - balance.owed(order) == balance.excess(order) - balance.due(order)


def test_nothing_is_owed_for_a_cancelled_free_form_order() -> None:
    order = order_of([], total_amount=HUNDRED, document=b"{}")
    assert balance.owed(order) == HUNDRED
    order.status = "cancelled"
    assert balance.owed(order) == ZERO


def test_units_that_were_cancelled_or_paid_back_are_not_owed() -> None:
    order = of_hundred()
    order.lines[0].cancelled_quantity, order.lines[0].refunded_quantity = Decimal(1), Decimal("0.5")
    assert balance.owed(order) == Decimal("62.50")


def test_units_that_came_back_for_others_are_owed_as_before() -> None:
    order = of_hundred()
    order.lines[0].returned_quantity = Decimal(1)
    assert balance.owed(order) == HUNDRED


@pytest.mark.parametrize(("cause", "owed"), [("amount:R-1", "90"), ("items:R-1", "100"), ("cancel", "100")])
def test_good_will_lowers_what_is_owed_and_no_other_refund_does(cause: str, owed: str) -> None:
    order = of_hundred(payment(100, reserved_amount=Decimal(10), refunds=[given_back(10, cause)]))
    assert balance.owed(order) == Decimal(owed)
    assert balance.held(order) == Decimal(90)


def test_good_will_beyond_the_price_leaves_nothing_owed_and_no_less_than_nothing() -> None:
    refunds = [given_back(100, "amount:R-1"), given_back(20, "amount:R-2")]
    order = of_hundred(payment(120, reserved_amount=Decimal(120), refunds=refunds))
    assert (balance.owed(order), balance.due(order), balance.excess(order)) == (0, 0, 0)


def test_the_owners_word_lowers_what_is_owed_and_holds_nothing_that_could_be_given_back() -> None:
    order = of_hundred(payment(60, attested=True), payment(40))
    assert (balance.owed(order), balance.held(order), balance.due(order)) == (Decimal(40), Decimal(40), 0)
    order.lines[0].cancelled_quantity = Decimal(4)
    assert balance.excess(order) == Decimal(40)


def test_money_that_is_promised_back_is_not_held() -> None:
    order = of_hundred(payment(100, refunded_amount=Decimal(10), reserved_amount=Decimal(5)))
    assert (balance.held(order), balance.due(order)) == (Decimal(85), Decimal(15))


def test_only_open_parts_promise_money() -> None:
    parts = [payment(0, status, amount=10) for status in ("pending", "authorized", "failed", "voided")]
    assert balance.promised(of_hundred(*parts, payment(10))) == Decimal(20)


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ([], "unpaid"),
        ([payment(0, "pending", amount=100)], "unpaid"),
        ([payment(0, "authorized", amount=100)], "unpaid"),
        ([payment(0, "failed", amount=100)], "unpaid"),
        ([payment("99.99")], "partially_paid"),
        ([payment(60), payment(0, "pending", amount=40)], "partially_paid"),
        ([payment(60), payment(40)], "paid"),
        ([payment(100, attested=True)], "paid"),
        ([payment("100.01")], "overpaid"),
        ([payment(100, reserved_amount=HUNDRED)], "partially_paid"),
        ([payment(100, refunded_amount=Decimal("0.01"))], "partially_refunded"),
        ([payment(60, refunded_amount=Decimal(60)), payment(40)], "partially_refunded"),
        ([payment(60, refunded_amount=Decimal(60)), payment(40, refunded_amount=Decimal(40))], "refunded"),
        ([payment(100, refunded_amount=HUNDRED)], "refunded"),
    ],
)
def test_the_state_of_payment_follows_from_what_was_captured_and_what_went_back(
    payments: list[Payment], expected: str
) -> None:
    assert balance.payment_state(of_hundred(*payments)) == expected


@pytest.mark.parametrize(("parts", "expected"), [([], "unpaid"), ([payment(0, "captured")], "paid")])
def test_an_order_that_costs_nothing_is_paid_once_it_has_a_part(parts: list[Payment], expected: str) -> None:
    assert balance.payment_state(order_of([], payments=parts)) == expected


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ([], False),
        ([payment(100)], True),
        ([payment("99.99")], False),
        ([payment(0, "pending", amount=100, mode="cod")], True),
        ([payment(0, "pending", amount="99.99", mode="cod")], False),
        ([payment(0, "pending", amount=100, mode="cash")], False),
        ([payment(0, "voided", amount=100, mode="cod")], False),
        ([payment(60), payment(0, "pending", amount=40, mode="cod")], True),
        ([payment(60), payment(0, "authorized", amount=40)], False),
        ([payment(100, attested=True)], True),
    ],
)
def test_an_order_is_confirmed_once_it_is_captured_in_full_or_the_rest_is_cash_on_delivery(
    payments: list[Payment], *, expected: bool
) -> None:
    assert balance.paid(of_hundred(*payments)) is expected


def test_a_free_order_of_lines_needs_no_payment_and_a_free_form_one_does() -> None:
    assert balance.paid(order_of([])) is True
    assert balance.paid(order_of([], document=b"{}")) is False
