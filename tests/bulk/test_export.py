"""GET /orders/export: what is in the file, and who gets it."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from pyarrow import parquet

from oms.bulk import cells, columns, sending, walk
from oms.bulk import parquet as parquet_format
from oms.orders import store
from tests import factories
from tests.callers import Caller
from tests.factories import line


def exported(caller: Caller, query: str = "", **headers: str) -> bytes:
    answer = caller.get(f"/orders/export?{query}", headers=headers)
    assert answer.status_code == 200, answer.data
    data: bytes = answer.data
    return data


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def documents(data: bytes) -> list[Any]:
    return [json.loads(line, parse_float=Decimal) for line in data.splitlines()]


def test_a_line_of_ndjson_is_the_order_as_it_is_read_by_itself(customer: Caller) -> None:
    orders = [factories.place(customer), factories.place_free_form(customer, {"cake": 1})]
    wanted = [customer.get(factories.url(order)).data for order in reversed(orders)]
    assert exported(customer, "format=ndjson").splitlines() == wanted


def test_csv_has_a_line_for_each_line_and_one_for_a_free_form_order(customer: Caller) -> None:
    lined = factories.place(customer, line("TEA", 2, "10.00"), line("CAKE", "1.5", "3.00"), delivery_charge="5.00")
    free = factories.place_free_form(customer, {"cake": 1}, order_price="4.50")
    rows = table(exported(customer, "format=csv"))
    assert list(rows[0]) == list(columns.NAMES)
    assert [(row["order_id"], row["line_no"], row["sku"], row["quantity"]) for row in rows] == [
        (free["order_id"], "", "", ""),
        (lined["order_id"], "1", "TEA", "2"),
        (lined["order_id"], "2", "CAKE", "1.5"),
    ]
    assert rows[0]["document"] == '{"cake":1}'
    assert {row["total_amount"] for row in rows[1:]} == {"29.50"}
    assert (rows[1]["delivery_charge"], rows[1]["created_at"]) == ("5.00", lined["created_at"])


def test_parquet_has_the_same_columns_with_types(customer: Caller) -> None:
    factories.place(customer, line("TEA", 2, "10.00"), line("CAKE", 1, "3.00"))
    found = parquet.read_table(io.BytesIO(exported(customer, "format=parquet")))
    assert found.column_names == list(columns.NAMES)
    assert found["sku"].to_pylist() == ["TEA", "CAKE"]
    assert found["unit_price"].to_pylist() == [Decimal("10.000"), Decimal("3.000")]
    assert str(found.schema.field("created_at").type) == "timestamp[us, tz=UTC]"


def test_parquet_comes_in_bounded_groups(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_format, "ROWS_OF_A_GROUP", 2)
    monkeypatch.setattr(walk, "BATCH", 1)
    for _ in range(5):
        factories.place(customer)
    file = parquet.ParquetFile(io.BytesIO(exported(customer, "format=parquet")))
    assert [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)] == [2, 2, 1]


def test_an_empty_export_is_a_whole_file(customer: Caller) -> None:
    assert exported(customer, "format=ndjson") == b""
    assert table(exported(customer, "format=csv")) == []
    assert parquet.read_table(io.BytesIO(exported(customer, "format=parquet"))).num_rows == 0


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/x-ndjson"),
        ("text/csv", "text/csv"),
        ("application/vnd.apache.parquet, text/csv;q=0.5", "application/vnd.apache.parquet"),
    ],
)
def test_accept_chooses_the_format(customer: Caller, accept: str, media_type: str) -> None:
    assert customer.get("/orders/export", headers={"Accept": accept}).mimetype == media_type


def test_what_nobody_can_write_is_406(customer: Caller) -> None:
    answer = customer.get("/orders/export", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.get_json()["code"]) == (406, "not_acceptable")


def test_without_its_library_parquet_is_501(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    answer = customer.get("/orders/export?format=parquet")
    assert (answer.status_code, answer.get_json()["code"]) == (501, "parquet_not_installed")
    assert exported(customer, "format=csv")


def test_filters_are_those_of_the_list(customer: Caller, staff: Caller) -> None:
    first, second = factories.place(customer), factories.place(customer, line("RARE-" + customer.id))
    staff.patch(factories.url(first), {"status": "confirmed"})
    for query in ("status=confirmed", f"q=RARE-{customer.id}", f"customer_id={customer.id}", "facility_id=NOWHERE"):
        wanted = [order["order_id"] for order in customer.get(f"/orders?{query}").get_json()["orders"]]
        assert [order["order_id"] for order in documents(exported(customer, query))] == wanted, query
    assert second["order_id"]


def test_a_customer_gets_his_own_and_may_not_name_another(customer: Caller, other_customer: Caller) -> None:
    factories.place(other_customer)
    assert exported(customer) == b""
    answer = customer.get(f"/orders/export?customer_id={other_customer.id}")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "customer_id_not_yours")


def test_a_filter_that_is_wrong_is_refused_before_anything_is_sent(customer: Caller) -> None:
    answer = customer.get("/orders/export?status=nonsense")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_status")
    assert exported(customer) == b""


def test_every_order_comes_once_however_many_pages_there_are(customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 3)
    monkeypatch.setattr(walk, "BATCH", 2)
    placed = [factories.place(customer)["order_id"] for _ in range(7)]
    assert [order["order_id"] for order in documents(exported(customer))] == placed[::-1]


def test_orders_placed_meanwhile_are_left_out_and_changes_are_seen(
    app: Flask, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "PAGE", 1)
    old, new = factories.place(customer), factories.place(customer)
    with app.app_context():
        batches = walk.batches({"owner": customer.id}, store.now())
        assert [order.order_id for order in next(batches).orders] == [new["order_id"]]
        factories.place(customer)
        assert staff.patch(factories.url(old), {"status": "confirmed"}).status_code == 200
        rest = [order for batch in batches for order in batch.orders]
    assert [(order.order_id, order.status) for order in rest] == [(old["order_id"], "confirmed")]


def test_one_that_no_longer_has_the_status_asked_for_is_left_out(
    app: Flask, customer: Caller, staff: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "BATCH", 1)
    old, new = factories.place(customer), factories.place(customer)
    with app.app_context():
        batches = walk.batches({"owner": customer.id, "status": "pending"}, store.now())
        assert [order.order_id for order in next(batches).orders] == [new["order_id"]]
        staff.patch(factories.url(old), {"status": "confirmed"})
        assert [batch.orders for batch in batches] == [[]]


def test_a_caller_has_one_export_at_a_time_and_a_process_only_some(customer: Caller, staff: Caller) -> None:
    callers = [f"token:{customer.id}", "token:somebody"]
    for caller in callers:
        sending.gate.enter(caller, 2, 1)
    again, third = customer.get("/orders/export"), staff.get("/orders/export")
    for caller in callers:
        sending.gate.leave(caller)
    assert (again.status_code, again.get_json()["code"]) == (429, "too_many_of_yours")
    assert (third.status_code, third.get_json()["code"]) == (503, "busy")
    assert int(third.headers["Retry-After"]) > 0
    assert customer.get("/orders/export").status_code == 200
    assert sending.gate._inside.total() == 0


def test_a_client_that_goes_away_ends_the_work(app: Flask, customer: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "PAGE", 1)
    for _ in range(5):
        factories.place(customer)
    read: list[object] = []
    whole = walk._whole
    monkeypatch.setattr(walk, "_whole", lambda *given, **found: (read.append(found), whole(*given, **found))[1])
    answer = customer.get("/orders/export", buffered=False)
    assert next(answer.iter_encoded())
    answer.close()
    assert len(read) < 5
    assert sending.gate._inside.total() == 0


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=1", "''@x", "\uff1d1"])
def test_no_cell_is_taken_for_a_formula_and_the_way_back_gives_the_text(text: str) -> None:
    assert cells.protected(text) == "'" + text
    assert cells.unprotected(cells.protected(text)) == text


@pytest.mark.parametrize("text", ["", "tea", "'tea'", "a=b", "O'Hara"])
def test_an_ordinary_cell_stays_as_it_is(text: str) -> None:
    assert cells.protected(text) == cells.unprotected(text) == text


def test_a_sku_of_somebody_who_tries_is_a_text_and_an_amount_below_zero_a_number(customer: Caller) -> None:
    factories.place(customer, line('=HYPERLINK("http://x")', 1, "10.00"), total_amount="9.95")
    (row,) = table(exported(customer, "format=csv"))
    assert row["sku"] == '\'=HYPERLINK("http://x")'
    assert row["rounding_adjustment"] == "-0.05"


@pytest.mark.parametrize(("path", "methods"), [("export", "GET HEAD OPTIONS"), ("import", "OPTIONS POST")])
def test_the_route_is_no_order_whatever_the_method(staff: Caller, path: str, methods: str) -> None:
    answer = staff.put(f"/orders/{path}", {"metadata": None})
    assert (answer.status_code, sorted(answer.headers["Allow"].split(", "))) == (405, methods.split())
    taken = staff.post("/orders", factories.lines_body(order_id=path, customer_id="C"))
    assert (taken.status_code, taken.get_json()["errors"][0]["detail"]) == (422, "This id is reserved.")
