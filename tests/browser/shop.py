"""A small shop with orders in the states support has to do with."""

from dataclasses import dataclass
from typing import Any

from flask import Flask

from tests.callers import Caller, exact, person
from tests.factories import execute, line, place, url

TEA, CUP, WHISK = "TEA-SENCHA-250", "CUP-RAKU", "WHISK-80"
PHONE = "+4930901820"
LONG = "ORDER-" + "9" * 44
ADDRESS = {
    "name": "Maria Keller",
    "line1": "Torstraße 129",
    "postal_code": "10119",
    "city": "Berlin",
    "country": "DE",
}


@dataclass(frozen=True)
class Shop:
    """Where the console is, who works there, and some of its orders by what they are for."""

    base: str
    staff: str
    admin: str
    manager: Caller
    customer: Caller
    late: str
    delivered: str
    returned: str
    unpaid: str

    def order(self, **more: Any) -> str:
        """One more order, paid in cash; its id."""
        return str(_paid(self.manager, self.customer, **more)["order_id"])


def fill_shop(app: Flask, base: str, staff: str, admin: str) -> Shop:
    manager, customer = person(app, "staff"), person(app, "customer")
    for number in range(12):
        place(customer, line(TEA, 1 + number % 3, "24.50", name="Sencha, first flush"), facility_id=f"BER-{number % 3}")
    late = _paid(manager, customer, order_id="SHOP-2041", address={**ADDRESS, "phone": PHONE}, facility_id="BER-2")
    _move(manager, late, "packed", "Packed at station 4")
    execute(app, "UPDATE orders SET eta = now() - interval '5 hours' WHERE order_id = :id", id=late["order_id"])
    delivered = _paid(manager, customer, order_id="SHOP-2042", address=ADDRESS)
    _move(manager, delivered, "delivered", None)
    returned = _paid(manager, customer, order_id="SHOP-2043", address=ADDRESS)
    _move(manager, returned, "delivered", None)
    asked = {"reason": "damaged", "remarks": "Chipped on arrival", "items": [{"line_no": 2, "quantity": 1}]}
    assert manager.post(url(returned, "returns"), asked).status_code == 201
    unpaid = place(customer, line(CUP, 1, "18.00"), order_id="SHOP-2044", payment=[_cash("18.00")])
    _long(manager, customer)
    ids = [order["order_id"] for order in (late, delivered, returned, unpaid)]
    return Shop(base, staff, admin, manager, customer, *ids)


def _long(manager: Caller, customer: Caller) -> None:
    """Everything as long as it may be, and without a place to break it."""
    goods = [line("S" * 100, "1234567.125", "99999.99", name="N" * 200), line("W" * 40, 1, "0.01", name="Tea " * 40)]
    address = {"name": "Nomen " * 30, "line1": "L" * 200, "phone": "1" * 40, "directions": "d" * 500}
    order = place(
        customer, *goods, order_id=LONG, facility_id="F" * 50, address=address, metadata={"m" * 60: "m" * 300}
    )
    body = {"status": "packed", "reason": "r" * 100, "remarks": "R" * 500 + " word" * 100}
    assert manager.patch(url(order), body).status_code == 200


def _cash(amount: str) -> dict[str, str]:
    return {"payment_mode": "cash", "amount": amount}


def _paid(manager: Caller, customer: Caller, **more: Any) -> Any:
    lines = (
        line(TEA, 2, "24.50", name="Sencha, first flush, 250 g"),
        line(CUP, 4, "18.00", name="Raku cup, handmade"),
        line(WHISK, 1, "9.90", name="Bamboo whisk"),
    )
    order = place(customer, *lines, payment=[_cash("130.90")], **more)
    payment_id = order["payments"][0]["payment_id"]
    assert manager.post(url(order, "payments", payment_id, "capture")).status_code == 200
    return order


def _move(manager: Caller, order: Any, status: str, remarks: str | None) -> None:
    body = {"status": status, **({"remarks": remarks} if remarks else {})}
    assert exact(manager.patch(url(order), body))["status"] == status
