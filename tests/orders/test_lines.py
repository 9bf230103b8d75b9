"""How quantities fill as lines move, and where an order stands given its lines."""

from decimal import Decimal

import pytest

from oms.errors import Conflict
from oms.orders import lines
from oms.orders.order import Line


def made(status: str = "confirmed", quantity: str = "2", **moved: str) -> Line:
    amounts = {f"{name}_quantity": Decimal(value) for name, value in moved.items()}
    return Line(1, "TEA", Decimal(quantity), Decimal(10), Decimal(10), status=status, **amounts)


def quantities(line: Line) -> dict[str, str]:
    names = ("cancelled", "shipped", "delivered", "returned")
    return {name: str(value) for name in names if (value := getattr(line, f"{name}_quantity"))}


@pytest.mark.parametrize(
    ("target", "filled"),
    [
        ("confirmed", {}),
        ("packed", {}),
        ("shipped", {"shipped": "2"}),
        ("delivered", {"shipped": "2", "delivered": "2"}),
        ("cancelled", {"cancelled": "2"}),
    ],
)
def test_a_line_that_moves_whole_fills_its_quantities(target: str, filled: dict[str, str]) -> None:
    line = made("pending")
    lines.move(line, target)
    assert (line.status, quantities(line)) == (target, filled)


def test_a_line_is_shipped_only_when_its_last_unit_is() -> None:
    line = made("packed")
    lines.move(line, "shipped", Decimal("0.5"))
    assert (line.status, line.shipped_quantity) == ("packed", Decimal("0.5"))
    lines.move(line, "shipped", Decimal("1.5"))
    assert (line.status, line.shipped_quantity) == ("shipped", Decimal(2))


def test_a_line_is_partly_delivered_until_all_of_it_has_arrived() -> None:
    line = made("shipped", shipped="2")
    lines.move(line, "delivered", Decimal(1))
    assert (line.status, line.delivered_quantity) == ("partially_delivered", Decimal(1))
    lines.move(line, "delivered", Decimal(1))
    assert (line.status, line.delivered_quantity) == ("delivered", Decimal(2))


def test_a_line_is_returned_when_all_that_arrived_has_come_back() -> None:
    line = made("return_requested", shipped="2", delivered="2")
    lines.move(line, "returned", Decimal(1))
    assert (line.status, line.returned_quantity) == ("return_requested", Decimal(1))
    lines.move(line, "returned", Decimal(1))
    assert line.status == "returned"


def test_a_partly_cancelled_line_goes_on_with_the_rest() -> None:
    line = made("packed")
    lines.move(line, "cancelled", Decimal("0.750"))
    lines.move(line, "delivered")
    assert line.status == "delivered"
    assert quantities(line) == {"cancelled": "0.750", "shipped": "1.250", "delivered": "1.250"}


def test_cancelling_the_rest_of_a_partly_shipped_line_leaves_the_shipped_units_on_their_way() -> None:
    line = made("packed", shipped="1")
    lines.move(line, "cancelled")
    assert (line.status, quantities(line)) == ("shipped", {"cancelled": "1", "shipped": "1"})


def test_cancelling_the_rest_of_a_line_whose_shipped_units_have_arrived_makes_it_delivered() -> None:
    line = made("partially_delivered", shipped="1", delivered="1")
    lines.move(line, "cancelled", Decimal(1))
    assert line.status == "delivered"


def test_a_line_that_failed_to_arrive_is_cancelled_whole() -> None:
    line = made("delivery_failed", shipped="2")
    lines.move(line, "cancelled")
    assert (line.status, quantities(line)) == ("cancelled", {"shipped": "2"})


@pytest.mark.parametrize(
    ("line", "target", "available"),
    [
        (made("packed", shipped="1.5"), "shipped", "0.5"),
        (made("packed", cancelled="1", shipped="0.5"), "cancelled", "0.5"),
        (made("shipped", shipped="2", delivered="0.5"), "delivered", "1.5"),
        (made("delivered", shipped="2", delivered="2", returned="1"), "returned", "1"),
    ],
)
def test_more_units_than_are_left_are_refused_and_nothing_moves(line: Line, target: str, available: str) -> None:
    before = (line.status, quantities(line))
    with pytest.raises(Conflict) as refusal:
        lines.move(line, target, Decimal("1.501"))
    assert refusal.value.code == "quantity_exceeded"
    assert Decimal(refusal.value.extra["available"]) == Decimal(available)
    assert (line.status, quantities(line)) == before


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("pending", "packed"), "pending"),
        (("processing", "confirmed"), "confirmed"),
        (("packed", "shipped"), "packed"),
        (("shipped", "delivery_failed"), "shipped"),
        (("delivery_failed", "delivery_failed"), "delivery_failed"),
        (("shipped", "delivered"), "partially_delivered"),
        (("confirmed", "delivered"), "partially_delivered"),
        (("delivery_failed", "delivered"), "partially_delivered"),
        (("partially_delivered",), "partially_delivered"),
        (("delivered", "delivered"), "delivered"),
        (("delivered", "return_requested"), "return_requested"),
        (("delivered", "returned"), "delivered"),
        (("returned", "return_requested"), "return_requested"),
        (("returned", "returned"), "returned"),
        (("cancelled", "cancelled"), "cancelled"),
        (("cancelled", "packed"), "packed"),
        (("cancelled", "delivered"), "delivered"),
    ],
)
def test_an_order_stands_where_its_lines_say(statuses: tuple[str, ...], expected: str) -> None:
    assert lines.order_status([made(status) for status in statuses], "pending") == expected


def test_an_order_without_lines_stays_where_it_is() -> None:
    assert lines.order_status([], "packed") == "packed"


def test_lines_follow_their_order_unless_they_are_ahead_or_cancelled() -> None:
    behind, ahead, gone = made("pending"), made("packed"), made("cancelled", cancelled="2")
    moved = lines.follow([behind, ahead, gone], "confirmed")
    assert [line.status for line in (behind, ahead, gone)] == ["confirmed", "packed", "cancelled"]
    assert moved == [behind]


def test_a_returned_line_stays_returned_when_the_rest_is_delivered() -> None:
    returned = made("returned", shipped="2", delivered="2", returned="2")
    on_its_way = made("shipped", shipped="2")
    lines.follow([returned, on_its_way], "delivered")
    assert [returned.status, on_its_way.status] == ["returned", "delivered"]


def test_only_lines_that_arrived_can_be_wanted_back() -> None:
    arrived, on_its_way = made("delivered", shipped="2", delivered="2"), made("shipped", shipped="2")
    lines.follow([arrived, on_its_way], "return_requested")
    assert [arrived.status, on_its_way.status] == ["return_requested", "shipped"]


def test_a_partly_delivered_order_says_nothing_about_its_lines() -> None:
    line = made("shipped", shipped="2")
    assert lines.follow([line], "partially_delivered") == []
    assert line.status == "shipped"
