"""Imports and exports in the console."""

import io
import json
from typing import Any

import pytest
from flask import Flask

from oms.bulk import imports, running, sending
from oms.transactions import read
from tests import factories
from tests.bulk.conftest import nothing_left
from tests.callers import Caller, person
from tests.console.visitors import Visitor, form, forms
from tests.factories import lines_body

__all__ = ["nothing_left"]
pytestmark = pytest.mark.usefixtures("nothing_left")


def ndjson(*bodies: Any) -> bytes:
    return b"".join(json.dumps(body).encode() + b"\n" for body in bodies)


def send(visitor: Visitor, data: bytes, name: str = "orders.ndjson", **changes: Any) -> Any:
    return visitor.send(
        form(visitor.get("/console/imports/new"), "/imports/new"), file=(io.BytesIO(data), name), **changes
    )


def import_id(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def work_off(app: Flask, found: str) -> None:
    with app.app_context():
        while running.next_chunk(found):
            continue


def state(app: Flask, found: str) -> Any:
    with app.app_context():
        return read(lambda session: imports.find(session, found, None))


def test_a_file_is_sent_in_and_its_progress_is_shown(app: Flask, support: Visitor) -> None:
    body = lines_body(customer_id="CUST-1")
    answer = send(support, ndjson(body, {"customer_id": 7}), dry_run=None)
    found = import_id(answer)
    waits = support.part(f"/console/imports/{found}").text
    assert "0 of 2 orders looked at" in waits
    assert 'hx-trigger="every 2s"' in waits
    assert 'hx-trigger="every 5s"' in support.part("/console/imports").text
    work_off(app, found)
    done = support.get(f"/console/imports/{found}").text
    for text in ("2 of 2 orders looked at: 1 placed, 1 refused.", "Completed", "/items", "orders.ndjson"):
        assert text in done
    assert "hx-trigger" not in done
    assert support.get(f"/console/orders/{body['order_id']}").status_code == 200
    assert state(app, found)["created_by"] == support.id
    listed = support.get("/console/imports").text
    assert f"/console/imports/{found}" in listed
    assert support.email in listed


def test_a_dry_run_places_nothing(app: Flask, support: Visitor) -> None:
    body = lines_body(customer_id="CUST-1")
    found = import_id(send(support, ndjson(body)))
    work_off(app, found)
    assert "1 could be placed" in support.get(f"/console/imports/{found}").text
    assert support.get(f"/console/orders/{body['order_id']}").status_code == 404


def test_a_form_that_is_sent_twice_is_one_import(support: Visitor) -> None:
    blank, data = form(support.get("/console/imports/new"), "/imports/new"), ndjson(lines_body())
    answers = [support.send(blank, file=(io.BytesIO(data), "orders.ndjson")) for _ in range(2)]
    assert import_id(answers[0]) == import_id(answers[1])


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"a,b\n1,2\n", "orders.csv", "The first row must name columns"),
        (b"", "orders.ndjson", "There is no order in the file."),
        (b"{}", "orders.xls", "has to end in one of"),
        (b"", "", "Choose a file."),
    ],
)
def test_what_is_no_file_of_orders_is_refused_at_once(support: Visitor, data: bytes, name: str, said: str) -> None:
    answer = send(support, data, name)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_a_file_may_be_larger_than_a_form_and_is_not_read_without_the_token(support: Visitor) -> None:
    data = ndjson(*(lines_body(notes="x" * 500) for _ in range(2500)))
    assert len(data) > 1_100_000
    import_id(send(support, data))
    assert send(support, data, csrf_token="0" * 64).status_code == 403
    big = form(support.get("/console/failed-jobs"), "/sign-out")
    assert support.send(big, more="x" * 1_200_000).status_code == 413


def test_an_import_is_stopped_and_what_was_wrong_is_a_file(app: Flask, support: Visitor) -> None:
    found = import_id(send(support, ndjson({"customer_id": 7})))
    work_off(app, found)
    lines = support.get(f"/console/imports/{found}/errors.csv").text.splitlines()
    assert lines[0] == "row,order_id,code,pointer,detail"
    assert len(lines) > 1
    other = import_id(send(support, ndjson(lines_body())))
    assert support.send(form(support.part(f"/console/imports/{other}/cancel"), "/cancel")).status_code == 303
    assert state(app, other)["status"] == "cancelled"
    page = support.get(f"/console/imports/{other}")
    assert "The import is stopped." in page.text
    assert [each.action for each in forms(page)] == ["/console/sign-out"]
    assert support.get("/console/imports/unknown/errors.csv").status_code == 404


def test_errors_come_in_pages(app: Flask, support: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.console.imports.ERRORS", 1)
    found = import_id(send(support, ndjson({"customer_id": 7}, {"customer_id": 8})))
    work_off(app, found)
    first = support.get(f"/console/imports/{found}").text
    assert "after=1." in first
    second = support.get(f"/console/imports/{found}?after=1.99").text
    assert "<td>2</td>" in second
    assert "<td>1</td>" not in second
    assert 'rel="next"' not in second
    assert support.get(f"/console/imports/{found}?after=x.y").status_code == 200


def test_the_list_is_exported_as_it_is_filtered(app: Flask, support: Visitor) -> None:
    buyer: Caller = person(app, "customer")
    orders = [factories.place(buyer) for _ in range(2)]
    query = f"customer={buyer.id}"
    for part in (support.get(f"/console/orders?{query}"), support.part(f"/console/orders?{query}")):
        assert f"/console/orders.csv?{query}" in part.text
    answer = support.get(f"/console/orders.ndjson?{query}")
    assert [json.loads(each)["order_id"] for each in answer.text.splitlines()] == [
        order["order_id"] for order in reversed(orders)
    ]
    answer.close()
    table = support.get(f"/console/orders.csv?{query}")
    assert 'filename="orders.csv"' in table.headers["Content-Disposition"]
    assert orders[0]["order_id"] in table.text
    table.close()
    assert sending.gate._inside.total() == 0
    assert support.get("/console/orders.parquet").status_code == 422
    assert support.get("/console/orders.csv?since=yesterday").status_code == 422
    assert support.get("/console/orders.csv?status=lost").status_code == 422
    assert sending.gate._inside.total() == 0
