"""What the page of an order shows."""

import re

from flask import Flask

from tests.callers import Caller
from tests.console.visitors import Visitor
from tests.factories import execute, line, place, place_at, place_free_form


def path(order: object, *parts: str) -> str:
    return "/".join(["/console/orders", order["order_id"], *parts])  # type: ignore[index]


def actions(text: str, order: object) -> set[str]:
    """What the page's buttons lead to."""
    return set(re.findall(rf'data-dialog href="{path(order)}/([^"]+)"', text))


def test_it_shows_lines_money_customer_and_address(support: Visitor, customer: Caller) -> None:
    order = place(
        customer,
        line("TEA", "2", "10.00", name="Green <tea>"),
        line("CAKE", "1", "5.50"),
        discount="1.00",
        delivery_charge="4.00",
        facility_id="FAC-7",
        address={"name": "Ada Lovelace", "city": "London", "phone": "+44 1", "floor": 3},
        payment=[{"payment_mode": "cash", "amount": "28.50"}],
    )
    page = support.get(path(order)).text
    for amount in ("25.50", "-1.00", "28.50"):
        assert f"{amount}\u00a0USD" in page
    for shown in (
        "Green &lt;tea&gt;",
        "CAKE",
        customer.id,
        "FAC-7",
        "Ada Lovelace",
        "London",
        "Phone: +44 1",
        "Floor: 3",
    ):
        assert shown in page


def test_a_free_form_order_is_shown_as_it_was_sent(support: Visitor, customer: Caller) -> None:
    page = support.get(path(place_free_form(customer, {"coffee": {"size": "<large>"}}))).text
    assert "&#34;size&#34;: &#34;&lt;large&gt;&#34;" in page


def test_its_buttons_are_what_may_come_next(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer)
    assert actions(support.get(path(order)).text, order) == {"status/confirmed", "cancel", "note"}
    packed = place_at(customer, staff, "packed")
    assert actions(support.get(path(packed)).text, packed) == {"status/shipped", "cancel", "note"}
    delivered = place_at(customer, staff, "delivered")
    assert actions(support.get(path(delivered)).text, delivered) == {"return", "note"}


def test_the_journey_says_who_did_what_and_why_the_newest_first(
    support: Visitor, staff: Caller, customer: Caller
) -> None:
    order = place(customer)
    staff.patch(f"/orders/{order['order_id']}", {"status": "packed", "reason": "vip", "remarks": "by <Bob>"})
    page = support.get(path(order)).text
    journey = page[page.index('id="timeline"') :]
    assert re.findall(r"<p><strong>([^<]+)", journey) == ["Packed", "Pending"]
    assert "skipping confirmed, processing" in journey
    assert "Vip: by &lt;Bob&gt;" in journey
    assert re.findall(r"</time>, (\S+)@example.com", journey)


def test_events_are_shown_with_what_became_of_them(app: Flask, support: Visitor, customer: Caller) -> None:
    order = place(customer)
    published = "UPDATE outbox_events SET published_at = now() WHERE order_id = :order_id AND position = 0"
    failed = "last_error = 'too large', attempts = 3"
    refused = f"UPDATE outbox_events SET {failed} WHERE order_id = :order_id AND position = 1"
    for statement in (published, refused):
        execute(app, statement, order_id=order["order_id"])
    page = support.get(path(order)).text
    events = page[page.index('id="events-title"') :]
    assert re.findall(r"<p>(oms\.[a-z_.0-9]+)</p>", events) == ["oms.new_order.v1", "oms.order.created.v1"]
    assert re.findall(r'class="badge [a-z]*">(\w+)', events)[:2] == ["Refused", "Published"]
    assert "3 attempts: too large" in events


def test_why_it_is_late_is_said_above_everything(app: Flask, support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place_at(customer, staff, "packed")
    late = "UPDATE orders SET eta = now() - interval '26 hours' WHERE order_id = :order_id"
    execute(app, late, order_id=order["order_id"])
    page = support.get(path(order)).text
    assert "<strong>1\u00a0d late.</strong>" in page
    assert "has been packed for" in page
    assert "next it becomes shipped" in page


def test_documents_are_pdfs_and_only_of_this_order(support: Visitor, staff: Caller, customer: Caller) -> None:
    order, other = place_at(customer, staff, "shipped"), place(customer)
    (address,) = re.findall(r'href="([^"]+/documents/[^"]+)"', support.get(path(order)).text)
    answer = support.get(address)
    assert (answer.content_type, answer.data[:5]) == ("application/pdf", b"%PDF-")
    assert support.get(address.replace(order["order_id"], other["order_id"])).status_code == 404


def test_an_order_nobody_has_is_a_page_that_says_so(support: Visitor) -> None:
    for order_id in ("NO-SUCH", "not valid!"):
        answer = support.get(f"/console/orders/{order_id}")
        assert answer.status_code == 404
        assert "There is no such order." in answer.text
