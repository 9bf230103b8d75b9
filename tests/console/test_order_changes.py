"""Changes of an order: each with the staff's name, once, and never over somebody else's."""

import re
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.callers import Caller, exact
from tests.console.test_order_page import path
from tests.console.visitors import Visitor, form
from tests.factories import execute, journey, line, place, place_at, url


def fill(visitor: Visitor, order: Any, *parts: str, **fields: Any) -> TestResponse:
    """Open a form of the order and send it."""
    page = visitor.get(path(order, *parts))
    assert page.status_code == 200, page.text
    return visitor.send(form(page, parts[-1]), **fields)


def now(caller: Caller, order: Any) -> Any:
    return exact(caller.get(url(order)))


def done(answer: TestResponse, order: Any) -> None:
    assert (answer.status_code, answer.location) == (303, path(order)), answer.text


@pytest.fixture
def paid(staff: Caller, customer: Caller) -> Any:
    """An order of 3 x 10.00 and 1 x 6.00, paid in cash."""
    cash = [{"payment_mode": "cash", "amount": "36.00"}]
    order = place(customer, line("TEA", 3, "10.00"), line("CAKE", 1, "6.00"), payment=cash)
    payment_id = order["payments"][0]["payment_id"]
    return exact(staff.post(url(order, "payments", payment_id, "capture"))) | {"payment_id": payment_id}


def test_a_status_is_changed_by_the_one_who_is_signed_in(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer)
    answer = fill(support, order, "status", "packed", remarks="Shelf 4")
    done(answer, order)
    last = journey(staff, order)[-1]
    assert (last["current_status"], last["actor"], last["actor_type"]) == ("packed", support.id, "staff")
    assert last["remarks"] == "Shelf 4"
    assert "The order is packed." in support.get(path(order)).text


def test_what_the_lifecycle_refuses_is_said_in_the_form(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place_at(customer, staff, "shipped")
    answer = fill(support, order, "status", "packed", remarks="kept as typed")
    assert answer.status_code == 409
    assert "An order that is shipped can&#39;t become packed." in answer.text
    assert form(answer, "/packed").fields["remarks"] == "kept as typed"
    assert support.get(path(order, "status", "lost")).status_code == 404


def test_a_form_made_for_an_older_version_changes_nothing_and_tells_what_happened(
    support: Visitor, staff: Caller, customer: Caller
) -> None:
    order = place(customer)
    page = support.get(path(order, "cancel"))
    staff.patch(url(order), {"status": "packed", "remarks": "went quickly"})
    answer = support.send(form(page, "/cancel"), reason="other")
    assert answer.status_code == 412
    news = answer.text[answer.text.index('class="news"') : answer.text.index('action="/console/orders')]
    assert "Packed" in news
    assert "went quickly" in news
    assert "Pending" not in news
    assert now(staff, order)["status"] == "packed"
    done(support.send(form(answer, "/cancel"), reason="other"), order)
    assert now(staff, order)["status"] == "cancelled"


def test_a_form_that_is_sent_twice_has_one_effect(support: Visitor, staff: Caller, paid: Any) -> None:
    found = form(support.get(path(paid, "refund")), "/refund")
    for _ in range(2):
        done(support.send(found, amount="5.00", reason="good_will"), paid)
    assert [refund["amount"] for refund in exact(staff.get(url(paid, "refunds")))["refunds"]] == [Decimal("5.00")]
    other = support.send(found, amount="6.00", reason="good_will")
    assert other.status_code == 409
    assert "This form has been sent before" in other.text
    done(support.send(form(other, "/refund")), paid)


def test_an_order_is_cancelled_whole(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer)
    done(fill(support, order, "cancel", reason="changed_mind", remarks="by phone"), order)
    last = journey(staff, order)[-1]
    assert (last["current_status"], last["reason"], last["remarks"]) == ("cancelled", "changed_mind", "by phone")
    assert last["actor"] == support.id


def test_some_units_are_cancelled_and_what_was_paid_for_them_goes_back(
    support: Visitor, staff: Caller, paid: Any
) -> None:
    done(fill(support, paid, "cancel", what="some", reason="out_of_stock", **{"units-1": "2"}), paid)
    after = now(staff, paid)
    assert [item["cancelled_quantity"] for item in after["items"]] == [2, 0]
    assert [refund["amount"] for refund in after["payments"][0]["refunds"]] == [Decimal("20.00")]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": ""}, "Say why."),
        ({"reason": "other", "what": "some"}, "Say how many units"),
        ({"reason": "other", "what": "some", "units-1": "9"}, "9"),
        ({"reason": "other", "what": "some", "units-1": "one"}, "quantity such as 2"),
        ({"reason": "other", "what": "some", "units-7": "1"}, "no such line"),
    ],
)
def test_a_cancellation_that_makes_no_sense_is_refused(
    support: Visitor, staff: Caller, paid: Any, fields: dict[str, str], said: str
) -> None:
    answer = fill(support, paid, "cancel", **fields)
    assert answer.status_code in (404, 409, 422)
    assert said in answer.text
    assert now(staff, paid)["status"] == "confirmed"


def test_money_that_has_arrived_is_recorded(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer, payment=[{"payment_mode": "cash", "amount": "20.00"}])
    payment_id = order["payments"][0]["payment_id"]
    page = support.get(path(order, "payments", payment_id, "capture"))
    assert Decimal(form(page, "/capture").fields["amount"]) == 20
    done(support.send(form(page, "/capture"), amount="12.50"), order)
    after = now(staff, order)
    assert (after["payments"][0]["captured_amount"], after["amount_due"]) == (Decimal("12.50"), Decimal("7.50"))
    captured = next(entry for entry in journey(staff, order) if entry["event"] == "payment.captured")
    assert (captured["actor"], captured["actor_type"]) == (support.id, "staff")


def test_money_is_given_back_by_amount_or_by_units(support: Visitor, staff: Caller, paid: Any) -> None:
    done(fill(support, paid, "refund", amount="4.00", reason="too_slow", remarks="sorry"), paid)
    done(fill(support, paid, "refund", what="units", reason="damaged", **{"units-2": "1"}), paid)
    found = exact(staff.get(url(paid, "refunds")))["refunds"]
    assert [(refund["amount"], refund["reason"]) for refund in found] == [
        (Decimal("4.00"), "too_slow"),
        (Decimal("6.00"), "damaged"),
    ]
    page = support.get(path(paid)).text
    assert "Too slow: sorry" in page
    assert "26.00\u00a0USD can be refunded" in support.get(path(paid, "refund")).text


def test_no_more_is_given_back_than_there_is(support: Visitor, paid: Any) -> None:
    answer = fill(support, paid, "refund", amount="36.01", reason="price")
    assert answer.status_code == 422
    assert "36.00 can be refunded, not 36.01." in answer.text
    assert form(answer, "/refund").fields["amount"] == "36.01"


def test_goods_come_back_step_by_step(support: Visitor, staff: Caller, paid: Any) -> None:
    staff.patch(url(paid), {"status": "delivered"})
    done(fill(support, paid, "return", reason="damaged", **{"units-1": "2"}), paid)
    (found,) = now(staff, paid)["returns"]
    done(fill(support, paid, "returns", found["return_id"], "accept"), paid)
    page = support.get(path(paid, "returns", found["return_id"], "receive"))
    done(support.send(form(page, "/receive"), **{"accepted-1": "1", "condition-1": "scratched"}), paid)
    (after,) = now(staff, paid)["returns"]
    assert (after["items"][0]["accepted_quantity"], after["items"][0]["condition"]) == (1, "scratched")
    assert [refund["amount"] for refund in exact(staff.get(url(paid, "refunds")))["refunds"]] == [Decimal("10.00")]
    assert {entry["actor"] for entry in journey(staff, paid) if (entry["event"] or "").startswith("return.")} == {
        support.id
    }


def test_a_return_is_rejected_with_a_reason(support: Visitor, staff: Caller, paid: Any) -> None:
    staff.patch(url(paid), {"status": "delivered"})
    fill(support, paid, "return", reason="changed_mind", **{"units-1": "1"})
    return_id = now(staff, paid)["returns"][0]["return_id"]
    assert fill(support, paid, "returns", return_id, "reject").status_code == 422
    done(fill(support, paid, "returns", return_id, "reject", remarks="worn"), paid)
    assert now(staff, paid)["returns"][0]["status"] == "rejected"


def test_a_note_is_for_the_shop_alone(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer)
    done(fill(support, order, "note", remarks="Calls every day <b>"), order)
    noted = journey(staff, order)[-1]
    assert (noted["event"], noted["remarks"], noted["actor"]) == ("note", "Calls every day <b>", support.id)
    assert "Calls every day &lt;b&gt;" in support.get(path(order)).text
    assert [entry["event"] for entry in journey(customer, order)] == [None]
    assert fill(support, order, "note", remarks="  ").status_code == 422


def test_a_note_may_be_added_although_the_order_has_moved_on(support: Visitor, staff: Caller, customer: Caller) -> None:
    order = place(customer)
    page = support.get(path(order, "note"))
    staff.patch(url(order), {"status": "packed"})
    done(support.send(form(page, "/note"), remarks="still true"), order)


def test_what_was_changed_is_what_the_api_answers_at_once(app: Flask, support: Visitor, customer: Caller) -> None:
    order = place(customer)
    now(customer, order)
    fill(support, order, "status", "confirmed")
    assert now(customer, order)["status"] == "confirmed"


def test_a_form_in_the_dialog_leads_back_by_script(support: Visitor, customer: Caller) -> None:
    order = place(customer)
    part = support.part(path(order, "status", "confirmed"))
    assert re.match(r"\s*<section", part.text)
    answer = support.send(form(part, "/confirmed"), {"HX-Request": "true", "HX-Target": "form"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, path(order))


def test_a_form_without_a_version_is_refused(support: Visitor, customer: Caller) -> None:
    order = place(customer)
    found = form(support.get(path(order, "status", "confirmed")), "/confirmed")
    for version in (None, "x", ""):
        assert support.send(found, version=version).status_code == 422


def failed_refund(app: Flask, staff: Caller, paid: Any) -> str:
    """A refund of 4.00 that its provider has refused."""
    refund = exact(staff.post(url(paid, "refunds"), {"amount": "4.00"}))
    refused = (
        "UPDATE refunds SET status = 'failed', error = 'card expired', next_attempt_at = NULL WHERE order_id = :id"
    )
    execute(app, refused, id=paid["order_id"])
    return str(refund["refund_id"])


@pytest.mark.parametrize(("how", "status"), [("retry", "created"), ("by-hand", "processed")])
def test_a_refund_that_failed_is_tried_again_or_was_given_by_hand(
    app: Flask, support: Visitor, staff: Caller, paid: Any, how: str, status: str
) -> None:
    refund_id = failed_refund(app, staff, paid)
    page = support.get(path(paid)).text
    assert "card expired" in page
    assert path(paid, "refunds", refund_id, how) in page
    done(fill(support, paid, "refunds", refund_id, how), paid)
    (found,) = exact(staff.get(url(paid, "refunds")))["refunds"]
    assert found["status"] == status
    assert journey(staff, paid)[-1]["actor"] == support.id


def test_only_a_refund_that_failed_is_tried_again(app: Flask, support: Visitor, staff: Caller, paid: Any) -> None:
    refund_id = failed_refund(app, staff, paid)
    page = support.get(path(paid, "refunds", refund_id, "retry"))
    fill(support, paid, "refunds", refund_id, "retry")
    again = support.send(form(page, "/retry"))
    assert again.status_code == 412
    assert support.send(form(again, "/retry")).status_code == 409
    assert support.get(path(paid, "refunds", refund_id, "other")).status_code == 404
