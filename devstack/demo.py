"""`make demo`: the examples of both systems this one replaces, sent to the running API one by one."""

import os
import secrets
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from devstack.curl import Answer, Api, UnreachableError
from devstack.environment import read_settings
from devstack.private_files import read_variables
from devstack.server import StartError

ORDER = {
    "customer_id": "CUST-001",
    "facility_id": "FAC-001",
    "status": "pending",
    "total_amount": Decimal("99.99"),
    "order_datetime": "2024-01-01T10:00:00",
    "eta": "2024-01-01T15:00:00",
    "items": [{"sku": "ITEM-001", "quantity": 2, "unit_price": Decimal("45.00"), "sale_price": Decimal("49.99")}],
}


class Demo:
    """Sends requests, prints them, and notes every answer that is not the expected one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.requests = 0
        self.surprises: list[str] = []

    def expect(self, status: int, answer: Answer, /, **fields: object) -> Any:
        """Check the status of the answer and some fields of its body, which is returned ({} if it has no fields)."""
        self.requests += 1
        body = answer.body if isinstance(answer.body, dict) else {}
        wrong = [
            f"{name} is {body.get(name)!r}, not {want!r}" for name, want in fields.items() if body.get(name) != want
        ]
        if answer.status != status:
            wrong.insert(0, f"status is {answer.status}, not {status}")
        if wrong:
            print(f"!! not as expected: {'; '.join(wrong)}\n")
            self.surprises += wrong
        return body

    def sign_in(self, email: str, password: str, token_name: str) -> Api:
        """A caller with a token got by the password form. Raises StartError when there is none."""
        answer = self.api.call("POST", "/auth/token", form={"username": email, "password": password}, quiet=True)
        token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
        line = f'{token_name}=$(curl -s "$API/auth/token" -d username={email} -d password=... | jq -r .access_token)'
        print(f"$ {line}\nHTTP {answer.status}\n")
        if not token:
            raise StartError(f"{email} gets no token: {answer.body}")
        self.expect(200, answer, token_type="bearer")  # noqa: S106 - a kind of token, no password
        return self.api.as_caller(token, token_name)


def main() -> int:
    """Run all examples; 0 when every answer was as expected."""
    try:
        settings = read_settings(Path.cwd(), os.environ)
        admin = {**read_variables(settings.data_dir / "admin.env"), **settings.variables}
        demo = Demo(Api(f"http://localhost:{settings.port}"))
        demo.expect(200, demo.api.call("GET", "/health"), status="healthy")
        if not admin.get("ADMIN_EMAIL") or not admin.get("ADMIN_PASSWORD"):
            raise StartError("set ADMIN_EMAIL and ADMIN_PASSWORD to an admin's: the examples need a staff token")
        staff = demo.sign_in(admin["ADMIN_EMAIL"], admin["ADMIN_PASSWORD"], "STAFF_TOKEN")
        _orders_of_lines(demo, staff)
        _older_endpoints(demo, staff)
        _free_form_orders(demo)
    except (StartError, UnreachableError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"{demo.requests} requests, {len(demo.surprises)} answers not as expected")
    return 1 if demo.surprises else 0


def _orders_of_lines(demo: Demo, staff: Api) -> None:
    """The curl lines of the first document."""
    order_id = _free_order_id(staff)
    path = f"/orders/{order_id}"
    order = {"order_id": order_id, **ORDER}
    placed = staff.call("POST", "/orders", order)
    demo.expect(201, placed, order_id=order_id, status="pending", total_amount=ORDER["total_amount"])
    listing = demo.expect(200, staff.call("GET", "/orders?limit=10"))
    if order_id not in [entry["order_id"] for entry in listing.get("orders", [])]:
        demo.surprises.append(f"{order_id} is missing in the list")
    demo.expect(200, staff.call("GET", path), order_id=order_id, payments=[], returns=[])
    demo.expect(200, staff.call("GET", f"{path}/journey"))
    demo.expect(200, staff.call("PUT", f"{path}/cancel"), status="cancelled")
    demo.expect(200, staff.call("GET", path), status="cancelled", can_cancel=False)


def _older_endpoints(demo: Demo, staff: Api) -> None:
    """The main endpoints of the first document."""
    placed = demo.expect(201, staff.call("POST", "/create_order", ORDER), success=True)
    order_id = str(placed.get("order_id"))
    details = f"/get_order_details?order_id={order_id}"
    demo.expect(200, staff.call("GET", details), order_id=order_id, status="pending")
    for method, status in (("PUT", "confirmed"), ("PATCH", "processing")):
        change = {"order_id": order_id, "status": status}
        demo.expect(200, staff.call(method, "/update_order_status", change), status=status)
    for method, status in (("PUT", "packed"), ("PATCH", "shipped")):
        change = {"order_id": order_id, "sku": "ITEM-001", "status": status}
        demo.expect(200, staff.call(method, "/update_item_status", change))
    demo.expect(200, staff.call("GET", details), status="shipped")


def _free_form_orders(demo: Demo) -> None:
    """The second document's reference: a new customer, a free-form order, and the customer's own listing."""
    email, password = f"user-{secrets.token_hex(4)}@example.com", secrets.token_urlsafe(16)
    body = {"email": email, "password": password}
    user = demo.expect(201, demo.api.call("POST", "/register", body), email=email)
    customer = demo.sign_in(email, password, "TOKEN")
    items = {"book": {"title": "Dune", "copies": 1}, "gift_wrap": True}
    placed = demo.expect(201, customer.call("POST", "/orders", {"items": items}), items=items)
    order_id = str(placed.get("id"))
    demo.expect(200, customer.call("GET", f"/orders/{order_id}"), id=order_id, items=items)
    demo.expect(200, customer.call("PATCH", f"/orders/{order_id}", {"status": "PAID"}), status="confirmed")
    listing = customer.call("GET", f"/orders/user/{user.get('id')}?page=1&page_size=10")
    demo.expect(200, listing, page=1, page_size=10, total_items=1, total_pages=1)


def _free_order_id(staff: Api) -> str:
    """ORD-001 as in the document, or on later runs ORD-001 with the time behind it."""
    if staff.call("GET", "/orders/ORD-001", quiet=True).status == 404:
        return "ORD-001"
    return f"ORD-001-{int(time.time()):x}"


if __name__ == "__main__":
    sys.exit(main())
