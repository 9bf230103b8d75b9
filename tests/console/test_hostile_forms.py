"""Whatever is typed, or sent by a program, is answered; nothing of it is a mistake of ours."""

import pytest

from tests.callers import Caller
from tests.console.visitors import Visitor, form
from tests.factories import place

HOSTILE = ("\x00", "😀²", "9" * 40, "NaN", "<b>'\"--", "x" * 70_000)
FORMS = {
    "status/packed": ("remarks", "key", "version"),
    "cancel": ("what", "units-1", "units-²", "reason"),
    "note": ("remarks",),
    "refund": ("amount", "units-1", "units-99999999999999999", "what"),
    "return": ("units-1", "resolution", "reason"),
    "payments/NONE/capture": ("amount",),
    "returns/NONE/receive": ("accepted-1", "condition-1"),
}


@pytest.mark.parametrize("name", ["q", "status", "facility", "customer", "since", "until", "cursor"])
def test_the_list_takes_anything(support: Visitor, name: str) -> None:
    for value in HOSTILE[:-1]:
        assert support.get("/console/orders", query_string={name: value}).status_code in (200, 422)


@pytest.mark.parametrize("path", FORMS)
def test_forms_take_anything(support: Visitor, customer: Caller, path: str) -> None:
    order = place(customer)
    address = f"/console/orders/{order['order_id']}"
    token = form(support.get(address), "/sign-out").fields["csrf_token"]
    sent = {"csrf_token": token, "version": "1", "key": "K", "what": "some", "reason": "other"}
    for name in FORMS[path]:
        for value in HOSTILE:
            answer = support.client.post(f"{address}/{path}", data={**sent, name: value})
            assert answer.status_code < 500, (name, value[:20])


def test_so_do_names_of_filters_and_the_form_for_many(support: Visitor, customer: Caller) -> None:
    order_id = place(customer)["order_id"]
    token = form(support.get("/console/orders"), "/sign-out").fields["csrf_token"]
    many = {"csrf_token": token, "status": "packed", "order": order_id, f"version-{order_id}": "1"}
    for value in HOSTILE:
        assert support.client.post("/console/filters", data={**many, "name": value}).status_code < 500
        for name in ("status", "key", "order", f"version-{order_id}", "remarks"):
            assert support.client.post("/console/bulk", data={**many, name: value}).status_code < 500
