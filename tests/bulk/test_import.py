"""POST /orders/import and what becomes of it."""

import csv
import io
import json
import re
import threading
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from oms.bulk import imports, running, uploads, working
from oms.doctor import work
from oms.errors import Unavailable
from oms.ids import new_id
from oms.jobs.import_orders import import_orders
from oms.jobs.sweep import Sweep
from oms.orders import store
from oms.orders.bodies import MAX_LINES
from oms.queues import BULK_QUEUE, IMPORT_ORDERS, queue, silence
from oms.transactions import read, transaction
from tests import factories
from tests.bulk.conftest import sent, worked_off, wrong
from tests.callers import Caller, api_key_caller, exact
from tests.factories import line, lines_body

pytestmark = pytest.mark.usefixtures("nothing_left")


def ndjson(*bodies: Any) -> str:
    return "".join(json.dumps(body) + "\n" for body in bodies)


def orders(count: int) -> list[dict[str, Any]]:
    return [lines_body(customer_id="CUST-1") for _ in range(count)]


def placed(app: Flask, bodies: list[dict[str, Any]]) -> int:
    ids = [body["order_id"] for body in bodies]
    (row,) = factories.rows(app, "SELECT count(*) FROM orders WHERE order_id = ANY(:ids)", ids=ids)
    return int(row[0])


def test_orders_are_placed_as_by_the_api_and_told_of(app: Flask, staff: Caller) -> None:
    body = lines_body(line("TEA", 2, "10.00"), customer_id="CUST-1", delivery_charge=5, address={"phone": "+49 1"})
    made = sent(staff, ndjson(body))
    assert (made["status"], made["total"], made["done"]) == ("queued", 1, 0)
    done = worked_off(app, staff, made)
    assert (done["status"], done["done"], done["succeeded"], done["failed"]) == ("completed", 1, 1, 0)
    order = exact(staff.get(f"/orders/{body['order_id']}"))
    same = exact(staff.post("/orders", {**body, "order_id": new_id()}))
    unlike = ("order_id", "id", "order_datetime", "created_at", "updated_at")
    assert {name: order[name] for name in order if name not in unlike} == {
        name: same[name] for name in same if name not in unlike
    }
    assert [event[2] for event in factories.outbox(app, body)] == ["oms.order.created.v1", "oms.new_order.v1"]
    assert factories.journey(staff, body)[0]["actor"] == staff.id


def test_what_is_wrong_is_told_by_row_and_pointer_and_keeps_no_other_order_out(app: Flask, staff: Caller) -> None:
    good, other = orders(2)
    taken = factories.place(staff, customer_id="CUST-1")
    data = (
        ndjson(
            good,
            {**lines_body(line(price="-1")), "customer_id": "C"},
            lines_body(),
            {**lines_body(customer_id="C"), "total_amount": 1000},
            {**lines_body(customer_id="C"), "order_id": taken["order_id"]},
            good,
        )
        + 'not json\n\n{"items": 5}\n'
        + ndjson(other)
    )
    made = sent(staff, data)
    done = worked_off(app, staff, made)
    assert (done["total"], done["succeeded"], done["failed"]) == (9, 2, 7)
    assert wrong(staff, made) == [
        (2, "invalid", "/items/0/unit_price"),
        (3, "customer_missing", "/customer_id"),
        (4, "total_mismatch", "/total_amount"),
        (5, "order_id_taken", "/order_id"),
        (6, "order_id_taken", "/order_id"),
        (7, "invalid_json", ""),
        (9, "invalid", "/items"),
    ]
    assert placed(app, [good, other]) == 2


CSV = """order_id,customer_id,delivery_charge,sku,quantity,unit_price,line_metadata,document,order_price
{0},CUST-1,5.00,TEA,2,10.00,"{{""a"": 1}}",,
{0},CUST-1,5.00,'=CAKE,1.5,3.00,,,
{1},,,,,,,"{{""coffee"": 1}}",4.50

{2},CUST-1,,TEA,none,10.00,,,
,CUST-1,,TEA,1,1.00,,,
"""


def test_rows_of_a_csv_with_one_id_are_the_lines_of_one_order(app: Flask, staff: Caller) -> None:
    first, second, third = new_id(), new_id(), new_id()
    made = sent(staff, CSV.format(first, second, third), media_type="text/csv")
    done = worked_off(app, staff, made)
    assert (done["total"], done["succeeded"], done["failed"]) == (4, 3, 1)
    lined, free = exact(staff.get(f"/orders/{first}")), exact(staff.get(f"/orders/{second}"))
    assert [(item["sku"], str(item["quantity"]), item["metadata"]) for item in lined["items"]] == [
        ("TEA", "2", {"a": 1}),
        ("=CAKE", "1.5", None),
    ]
    assert (str(lined["total_amount"]), free["items"], str(free["order_price"])) == ("29.50", {"coffee": 1}, "4.50")
    assert wrong(staff, made) == [(6, "invalid", "/items/0/quantity")]


def test_an_error_in_a_later_line_names_its_own_row(app: Flask, staff: Caller) -> None:
    one = new_id()
    rows = f"order_id,customer_id,sku,quantity,unit_price\n{one},C,TEA,1,1\n{one},C,TEA,1,x\n"
    made = sent(staff, rows, media_type="text/csv")
    worked_off(app, staff, made)
    assert wrong(staff, made) == [(3, "invalid", "/items/1/unit_price")]


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("C,TEA,1,1,,,1", (2, "invalid_csv", "/items/0")),
        ("C,TEA,1,1,{no,", (2, "invalid_json", "/address")),
        ("C,TEA,1,1,,soon", (2, "invalid", "/items/0/return_window_days")),
        ("C,TEA,1,1,,9", None),
        ("C,TEA,1", (2, "invalid", "/items/0/unit_price")),
    ],
)
def test_a_cell_is_read_as_what_its_column_is(app: Flask, staff: Caller, row: str, error: Any) -> None:
    data = f"customer_id,sku,quantity,unit_price,address,return_window_days\n{row}\n"
    made = sent(staff, data, media_type="text/csv")
    worked_off(app, staff, made)
    assert wrong(staff, made) == ([error] if error else [])


def test_an_order_of_too_many_rows_is_one_error(app: Flask, staff: Caller) -> None:
    one = new_id()
    rows = "order_id,customer_id,sku,quantity,unit_price\n" + f"{one},C,TEA,1,1\n" * (MAX_LINES + 5)
    made = sent(staff, rows, media_type="text/csv")
    assert made["total"] == 1
    worked_off(app, staff, made)
    assert wrong(staff, made) == [(2, "too_large", "/items")]


def test_rows_of_one_order_that_disagree_about_it_are_refused(app: Flask, staff: Caller) -> None:
    one = new_id()
    rows = f"order_id;customer_id;sku;quantity;unit_price\r\n{one};C;TEA;1;1\r\n{one};D;CAKE;1;1\r\n"
    made = sent(staff, b"\xef\xbb\xbf" + rows.encode(), media_type="text/csv")
    worked_off(app, staff, made)
    assert wrong(staff, made) == [(3, "rows_differ", "/items/1")]


def test_what_was_exported_can_be_imported_again(app: Flask, staff: Caller, customer: Caller) -> None:
    old = [factories.place(customer, line("'=A", 1, "1.00"), line("B", "1.5", "2.00")), factories.place(customer)]
    data = customer.get("/orders/export?format=csv").get_data(as_text=True)
    fresh = {order["order_id"]: new_id() for order in old}
    for before, after in fresh.items():
        data = data.replace(before, after)
    done = worked_off(app, staff, sent(staff, data, media_type="text/csv"))
    assert (done["succeeded"], done["failed"]) == (2, 0)
    for order in old:
        again = exact(staff.get(f"/orders/{fresh[order['order_id']]}"))
        assert (again["items"], again["total_amount"]) == (order["items"], order["total_amount"])


@pytest.mark.parametrize(
    ("data", "media_type", "status", "code"),
    [
        (b"", "application/x-ndjson", 422, "no_rows"),
        (b"\n\n", "application/x-ndjson", 422, "no_rows"),
        (b"", "text/csv", 422, "no_rows"),
        (b"order_id,sku\n", "text/csv", 422, "no_rows"),
        (b"order_id,colour\n1,2\n", "text/csv", 422, "unknown_columns"),
        (b"sku,sku\n1,2\n", "text/csv", 422, "unknown_columns"),
        (b"\xff\n", "application/x-ndjson", 400, "not_utf8"),
        (b"sku\n\xff\n", "text/csv", 400, "not_utf8"),
        (b"sku\n" + b"x" * 200_000, "text/csv", 400, "invalid_csv"),
        (b"{}", "application/pdf", 415, "unsupported_media_type"),
    ],
)
def test_a_file_that_can_not_be_cut_into_orders_is_refused_whole(
    staff: Caller, data: bytes, media_type: str, status: int, code: str
) -> None:
    answer = staff.post("/orders/import", data, content_type=media_type)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_form_may_bring_a_large_file(staff: Caller) -> None:
    content = ndjson(*(lines_body(customer_id="C", notes="x" * 500) for _ in range(2500))).encode()
    file = FileStorage(io.BytesIO(content), filename="new.ndjson")
    answer = staff.call("POST", "/orders/import?dry_run=1", data={"file": file}, content_type="multipart/form-data")
    assert (answer.status_code, answer.get_json()["total"]) == (202, 2500)


def test_a_form_brings_the_file_with_its_name(app: Flask, staff: Caller) -> None:
    (body,) = orders(1)
    file = FileStorage(io.BytesIO(ndjson(body).encode()), filename="C:/x/new.ndjson")
    answer = staff.call("POST", "/orders/import", data={"file": file}, content_type="multipart/form-data")
    assert (answer.status_code, answer.get_json()["file_name"]) == (202, "new.ndjson")
    nothing = staff.call("POST", "/orders/import", data={"fil": "x"}, content_type="multipart/form-data")
    assert (nothing.status_code, nothing.get_json()["code"]) == (422, "file_missing")


def test_a_file_may_be_larger_than_a_body_and_not_larger_than_the_limit(app: Flask, staff: Caller) -> None:
    (body,) = orders(1)
    padding = b" " * (2 * 1024 * 1024) + b"\n"
    assert sent(staff, padding + ndjson(body).encode())["total"] == 2
    long = worked_off(app, staff, sent(staff, padding + ndjson(body).encode()))
    assert (long["succeeded"] + long["failed"], long["failed"] >= 1) == (2, True)
    too_large = staff.post("/orders/import", b"\n" * (33 * 1024 * 1024), content_type="application/x-ndjson")
    assert too_large.status_code == 413
    assert staff.post("/orders", b" " * (2 * 1024 * 1024)).status_code == 413


def test_a_dry_run_finds_the_same_and_places_nothing(app: Flask, staff: Caller) -> None:
    good = orders(1)
    done = worked_off(app, staff, made := sent(staff, ndjson(*good, {"items": []}, *good), "dry_run=true"))
    assert (done["dry_run"], done["succeeded"], done["failed"]) == (True, 1, 2)
    assert [code for _, code, _ in wrong(staff, made)] == ["invalid", "order_id_taken"]
    assert placed(app, good) == 0


def test_payments_are_taken_over_and_never_opened(app: Flask, staff: Caller) -> None:
    part = {"payment_mode": "cod", "amount": 20}
    good = lines_body(customer_id="C", payment=[part])
    asking = lines_body(customer_id="C", payment=[{**part, "create_payment_order": True}])
    made = sent(staff, ndjson(good, asking))
    worked_off(app, staff, made)
    assert wrong(staff, made) == [(2, "not_in_imports", "/payment/0/create_payment_order")]
    assert staff.get(f"/orders/{good['order_id']}").get_json()["status"] == "confirmed"


def test_the_same_key_makes_one_import(staff: Caller) -> None:
    data, key = ndjson(*orders(1)), {"Idempotency-Key": new_id()}
    first, again = sent(staff, data, headers=key), sent(staff, data, headers=key)
    other = staff.post("/orders/import", ndjson(*orders(1)).encode(), content_type="text/csv", headers=key)
    assert first == again
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")


class TestProgress:
    @pytest.fixture(autouse=True)
    def small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "CHUNK_RECORDS", 2)

    def test_it_is_seen_chunk_by_chunk(self, context: Flask, staff: Caller) -> None:
        made = sent(staff, ndjson(*orders(3)))
        running.next_chunk(made["import_id"])
        half = staff.get(f"/orders/imports/{made['import_id']}").get_json()
        assert (half["status"], half["done"], half["finished_at"]) == ("running", 2, None)
        running.next_chunk(made["import_id"])
        whole = staff.get(f"/orders/imports/{made['import_id']}").get_json()
        assert (whole["status"], whole["done"]) == ("completed", 3)
        assert whole["finished_at"]
        assert running.next_chunk(made["import_id"]) is None

    def test_a_worker_that_dies_in_a_chunk_has_done_nothing_of_it(
        self, context: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bodies = orders(4)
        made = sent(staff, ndjson(*bodies))
        create, created = store.create, []

        def dying(*given: Any) -> None:
            if len(created) == 3:
                raise SystemExit
            created.append(given)
            create(*given)

        monkeypatch.setattr(store, "create", dying)
        with pytest.raises(SystemExit):
            while running.next_chunk(made["import_id"]):
                continue
        monkeypatch.undo()
        assert placed(context, bodies) == 2
        assert worked_off(context, staff, made)["succeeded"] == 4
        assert placed(context, bodies) == 4

    def test_two_workers_at_one_import_place_each_order_once(self, app: Flask, staff: Caller) -> None:
        bodies = orders(20)
        made = sent(staff, ndjson(*bodies))

        def work() -> None:
            with app.app_context():
                while read(lambda session: imports.find(session, made["import_id"], None))["done"] < 20:
                    running.next_chunk(made["import_id"])

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        done = worked_off(app, staff, made)
        assert (done["status"], done["succeeded"], done["failed"]) == ("completed", 20, 0)
        assert placed(app, bodies) == 20

    def test_an_id_that_is_taken_at_that_very_moment_is_found_the_next_time(
        self, context: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = orders(2)
        made = sent(staff, ndjson(first, second))
        with monkeypatch.context() as patched:
            patched.setattr(working, "_refuse_taken", lambda session, chunk: staff.post("/orders", first))
            assert running.next_chunk(made["import_id"]) is None
        assert placed(context, [first, second]) == 1
        done = worked_off(context, staff, made)
        assert (done["succeeded"], done["failed"]) == (1, 1)

    def test_imports_take_turns(self, context: Flask, staff: Caller) -> None:
        made = [sent(staff, ndjson(*orders(4)))["import_id"] for _ in range(2)]
        turns = [progress.import_id for _ in range(4) if (progress := running.any_chunk())]
        assert turns == made * 2
        assert running.any_chunk() is None

    def test_a_cancelled_import_stops_and_keeps_what_it_has_placed(self, context: Flask, staff: Caller) -> None:
        bodies = orders(4)
        made = sent(staff, ndjson(*bodies))
        running.next_chunk(made["import_id"])
        answers = [staff.call("DELETE", f"/orders/imports/{made['import_id']}") for _ in range(2)]
        assert [(answer.status_code, answer.get_json()["status"]) for answer in answers] == [(200, "cancelled")] * 2
        assert running.next_chunk(made["import_id"]) is None
        assert placed(context, bodies) == 2
        left = "SELECT 1 FROM order_import_chunks WHERE import_id = :id"
        assert factories.rows(context, left, id=made["import_id"]) == []

    def test_a_cancel_in_the_middle_of_a_chunk_takes_it_back(
        self, context: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bodies = orders(2)
        made = sent(staff, ndjson(*bodies))
        note = working._note

        def late(*given: Any) -> None:
            note(*given)
            thread = threading.Thread(target=lambda: staff.call("DELETE", f"/orders/imports/{made['import_id']}"))
            thread.start()
            thread.join()

        monkeypatch.setattr(working, "_note", late)
        assert running.next_chunk(made["import_id"]) is None
        assert placed(context, bodies) == 0

    def test_what_has_ended_can_not_be_cancelled(self, context: Flask, staff: Caller) -> None:
        made = sent(staff, ndjson(*orders(1)))
        worked_off(context, staff, made)
        answer = staff.call("DELETE", f"/orders/imports/{made['import_id']}")
        assert (answer.status_code, answer.get_json()["code"]) == (409, "import_ended")

    def test_one_that_stumbles_each_time_fails_where_people_see_it(
        self, context: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = sent(staff, ndjson(*orders(1)))
        monkeypatch.setattr(store, "create", lambda *_: 1 // 0)
        for _ in range(imports.MAX_ATTEMPTS):
            assert running.next_chunk(made["import_id"]) is None
        found = staff.get(f"/orders/imports/{made['import_id']}").get_json()
        assert (found["status"], "ZeroDivisionError" in found["error"]) == ("failed", True)

    def test_a_database_that_is_away_is_no_stumble(
        self, context: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = sent(staff, ndjson(*orders(1)))

        def away(*_: Any) -> None:
            raise Unavailable("away")

        with monkeypatch.context() as patched, pytest.raises(Unavailable):
            patched.setattr(store, "create", away)
            running.next_chunk(made["import_id"])
        assert worked_off(context, staff, made)["status"] == "completed"


class TestTheQueue:
    def test_an_upload_rings_for_the_worker_of_its_own_queue(self, context: Flask, staff: Caller) -> None:
        queue(BULK_QUEUE).empty()
        silence(IMPORT_ORDERS)
        made = sent(staff, ndjson(*orders(1)))
        assert [job.func_name for job in queue(BULK_QUEUE).get_jobs()] == [IMPORT_ORDERS]
        import_orders()
        assert staff.get(f"/orders/imports/{made['import_id']}").get_json()["status"] == "completed"

    def test_the_clock_finds_an_import_that_redis_has_lost(self, context: Flask, staff: Caller) -> None:
        made = sent(staff, ndjson(*orders(1)))
        late = "UPDATE order_imports SET worked_at = now() - interval '1 minute' WHERE import_id = :id"
        factories.execute(context, late, id=made["import_id"])
        queue(BULK_QUEUE).empty()
        silence(IMPORT_ORDERS)
        Sweep.wake_imports()
        assert [job.func_name for job in queue(BULK_QUEUE).get_jobs()] == [IMPORT_ORDERS]
        import_orders()
        queue(BULK_QUEUE).empty()
        Sweep.wake_imports()
        assert queue(BULK_QUEUE).get_jobs() == []

    def test_one_that_nobody_works_on_is_seen_by_monitors_and_by_the_doctor(
        self, context: Flask, staff: Caller
    ) -> None:
        def told() -> tuple[float, bool]:
            metrics = staff.get("/metrics").text
            (finding,) = [found for found in work.examine() if found.what == "imports"]
            return float(re.findall(r"^oms_import_idle_seconds (\S+)", metrics, re.MULTILINE)[0]), finding.grade == "ok"

        assert told() == (0, True)
        made = sent(staff, ndjson(*orders(1)))
        late = "UPDATE order_imports SET worked_at = now() - interval '2 minutes' WHERE import_id = :id"
        factories.execute(context, late, id=made["import_id"])
        seconds, well = told()
        assert (120 <= seconds < 240, well) == (True, False)
        import_orders()
        assert told() == (0, True)

    def test_a_job_makes_way_in_time(self, context: Flask, staff: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploads, "CHUNK_RECORDS", 1)
        monkeypatch.setattr("oms.jobs.import_orders.SECONDS", 0)
        sent(staff, ndjson(*orders(2)))
        queue(BULK_QUEUE).empty()
        assert import_orders() == 1
        assert [job.func_name for job in queue(BULK_QUEUE).get_jobs()] == [IMPORT_ORDERS]


class TestErrors:
    def test_pages_lead_through_all_of_them_and_csv_has_them_in_one_piece(self, app: Flask, staff: Caller) -> None:
        made = sent(staff, ndjson(*[{"items": [], "order_id": f"=bad {number}"} for number in range(5)]))
        worked_off(app, staff, made)
        path, found, cursor = f"/orders/imports/{made['import_id']}/errors", [], ""
        while cursor is not None:
            page = staff.get(f"{path}?limit=3{cursor and '&cursor=' + cursor}").get_json()
            found += page["errors"]
            cursor = page["next_cursor"]
        assert sorted({error["row"] for error in found}) == [1, 2, 3, 4, 5]
        for answer in (staff.get(f"{path}?format=csv"), staff.get(path, headers={"Accept": "text/csv"})):
            rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True), newline="")))
            assert [(row["row"], row["pointer"]) for row in rows] == [(str(e["row"]), e["pointer"]) for e in found]
            assert rows[0]["order_id"] == "'=bad 0"

    def test_of_one_order_only_so_many_are_told(self, app: Flask, staff: Caller) -> None:
        made = sent(staff, ndjson({"customer_id": "C", "items": [{}] * 30}))
        worked_off(app, staff, made)
        assert len(wrong(staff, made)) == working.MAX_ERRORS


class TestWhoSeesIt:
    def test_customers_may_not(self, customer: Caller) -> None:
        answer = customer.post("/orders/import", b"{}", content_type="text/csv")
        assert (answer.status_code, answer.get_json()["code"]) == (403, "role_missing")

    def test_a_key_sees_its_own_and_staff_see_all(self, app: Flask, staff: Caller) -> None:
        key, other = api_key_caller(app, "orders:write"), api_key_caller(app, "orders:write")
        made = sent(key, ndjson(*orders(1)))
        path = f"/orders/imports/{made['import_id']}"
        assert [who.get(path).status_code for who in (key, other, staff)] == [200, 404, 200]
        assert other.call("DELETE", path).status_code == other.get(f"{path}/errors").status_code == 404
        assert [one["import_id"] for one in key.get("/orders/imports").get_json()["imports"]] == [made["import_id"]]
        assert other.get("/orders/imports").get_json()["imports"] == []
        newest = staff.get("/orders/imports?limit=1").get_json()
        assert newest["imports"][0]["import_id"] == newest["next_cursor"] == made["import_id"]


def test_what_ended_long_ago_is_forgotten_batch_by_batch(context: Flask, staff: Caller) -> None:
    made = sent(staff, ndjson(*[{"items": []}] * 5))
    worked_off(context, staff, made)
    old = "UPDATE order_imports SET finished_at = now() - interval '31 days' WHERE import_id = :id"
    factories.execute(context, old, id=made["import_id"])
    left = []
    while transaction(lambda session: imports.purge(session, 30, batch=2)):
        count = "SELECT count(*) FROM order_import_errors WHERE import_id = :id"
        left.append(factories.rows(context, count, id=made["import_id"])[0][0])
    assert left[-1] == 0
    assert len(left) > 2
    assert staff.get(f"/orders/imports/{made['import_id']}").status_code == 404
