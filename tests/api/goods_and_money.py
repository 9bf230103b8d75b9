"""Orders that are paid and delivered, what is given back of them, and the papers about it: steps the tests share."""

from decimal import Decimal
from typing import Any

from flask import Flask

from oms.jobs.send_refunds import send_refunds
from tests import factories
from tests.callers import Caller, exact
from tests.factories import url


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def pay(staff: Caller, order: Any, *amounts: str) -> list[str]:
    """Money for the order, one captured part for each amount; returns the ids of the parts."""
    made = []
    for amount in amounts:
        part = exact(staff.post(url(order, "payments"), {"mode": "card", "amount": amount}))
        assert staff.post(url(order, "payments", part["payment_id"], "capture")).status_code == 200
        made.append(part["payment_id"])
    return made


def paid(customer: Caller, staff: Caller, *lines: dict[str, Any], **more: Any) -> Any:
    """An order whose price has been received in one part."""
    order = factories.place(customer, *lines, **more)
    pay(staff, order, f"{order['total_amount']:f}")
    return shown(customer, order)


def delivered(customer: Caller, staff: Caller, *lines: dict[str, Any], **more: Any) -> Any:
    """An order that is paid for in one part and has arrived."""
    return move(staff, paid(customer, staff, *lines, **more), "delivered")


def move(staff: Caller, order: Any, *statuses: str) -> Any:
    for status in statuses:
        answer = staff.patch(url(order), {"status": status})
        assert answer.status_code == 200, answer.data
    return exact(answer)


def move_line(staff: Caller, order: Any, line_no: int, status: str, quantity: Any = None) -> Any:
    body = {"status": status} if quantity is None else {"status": status, "quantity": quantity}
    answer = staff.patch(url(order, "items", line_no), body)
    assert answer.status_code == 200, answer.data
    return exact(answer)


def shown(caller: Caller, order: Any) -> Any:
    answer = caller.get(url(order))
    assert answer.status_code == 200, answer.data
    return exact(answer)


def cancel(caller: Caller, order: Any, *lines: tuple[int, Any], **more: Any) -> Any:
    """Cancel it whole, or a quantity (None: all) of each of these lines; the answer is 200."""
    items = [{"line_no": number, **({"quantity": quantity} if quantity else {})} for number, quantity in lines]
    answer = caller.post(url(order, "cancel"), {**({"items": items} if items else {}), **more})
    assert answer.status_code == 200, answer.data
    return exact(answer)


def refunds(caller: Caller, order: Any) -> list[Any]:
    answer = caller.get(url(order, "refunds"))
    assert answer.status_code == 200, answer.data
    found: list[Any] = exact(answer)["refunds"]
    return found


def amounts(caller: Caller, order: Any) -> list[Decimal]:
    """What each refund of the order gives back, oldest first."""
    return [refund["amount"] for refund in refunds(caller, order)]


def carry_out_refunds(app: Flask) -> None:
    """What the worker does, until nothing is due: other tests have left theirs, and a round makes way after a while."""
    with app.app_context():
        while send_refunds():
            continue


def ask(caller: Caller, order: Any, *items: tuple[int, Any], reason: str = "damaged", **more: Any) -> Any:
    """The answer to a return request for quantities of lines."""
    wanted = [{"line_no": line_no, "quantity": quantity} for line_no, quantity in items]
    headers = more.pop("headers", {})
    return caller.post(url(order, "returns"), {"items": wanted, "reason": reason, **more}, headers=headers)


def asked(caller: Caller, order: Any, *items: tuple[int, Any], **more: Any) -> str:
    """The id of a new return request."""
    answer = ask(caller, order, *items, **more)
    assert answer.status_code == 201, answer.data
    made: str = answer.get_json()["return_id"]
    return made


def take(caller: Caller, order: Any, return_id: str, step: str, body: Any = None, **options: Any) -> Any:
    """The answer to a step of a return request."""
    return caller.post(url(order, "returns", return_id, step), body, **options)


def returned(staff: Caller, order: Any, return_id: str, *accepted: tuple[int, Any]) -> Any:
    """The request accepted, and the goods received: these quantities of lines, or what was announced."""
    assert take(staff, order, return_id, "accept").status_code == 200
    items = [{"line_no": line_no, "accepted_quantity": quantity} for line_no, quantity in accepted]
    answer = take(staff, order, return_id, "receive", {"items": items} if items else None)
    assert answer.status_code == 200, answer.data
    return exact(answer)


def invoices(caller: Caller, order: Any) -> list[Any]:
    """The documents of the order, oldest first."""
    answer = caller.get(url(order, "invoices"))
    assert answer.status_code == 200, answer.data
    found: list[Any] = exact(answer)["invoices"]
    return found
