"""`flask oms export` and `flask oms import`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from oms.bulk import uploads, walk, working
from oms.errors import Unavailable
from tests import factories
from tests.callers import Caller
from tests.factories import line, lines_body

pytestmark = pytest.mark.usefixtures("nothing_left")


def run(app: Flask, *arguments: Any) -> Result:
    return app.test_cli_runner().invoke(args=["oms", *map(str, arguments)])


def orders_file(folder: Path, *bodies: Any) -> Path:
    path = folder / "orders.ndjson"
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies))
    return path


def bodies(count: int) -> list[dict[str, Any]]:
    return [lines_body(customer_id="C") for _ in range(count)]


def placed(app: Flask, wanted: list[dict[str, Any]]) -> int:
    ids = [body["order_id"] for body in wanted]
    return len(factories.rows(app, "SELECT 1 FROM orders WHERE order_id = ANY(:ids)", ids=ids))


class TestExport:
    def test_the_file_has_what_the_api_gives(self, app: Flask, customer: Caller, tmp_path: Path) -> None:
        for _ in range(3):
            factories.place(customer)
        for name in ("ndjson", "csv", "parquet"):
            path = tmp_path / f"orders.{name}"
            answer = run(app, "export", path, "--customer-id", customer.id)
            assert (answer.exit_code, answer.stdout) == (0, f"3 orders in {path}\n"), answer.output
            assert path.read_bytes() == customer.get(f"/orders/export?format={name}").data
        assert sorted(found.name for found in tmp_path.iterdir()) == ["orders.csv", "orders.ndjson", "orders.parquet"]

    @pytest.mark.parametrize("name", ["csv", "ndjson"])
    def test_one_that_was_interrupted_is_continued(
        self, app: Flask, customer: Caller, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(walk, "BATCH", 2)
        for _ in range(5):
            factories.place(customer)
        path, whole = tmp_path / f"orders.{name}", walk._whole
        read: list[object] = []

        def breaking(*given: Any, **found: Any) -> Any:
            read.append(given)
            if len(read) == 3:
                raise Unavailable("The database is away.")
            return whole(*given, **found)

        monkeypatch.setattr(walk, "_whole", breaking)
        arguments = ("export", path, "--customer-id", customer.id)
        assert run(app, *arguments).exit_code == 1
        assert not path.exists()
        factories.place(customer)  # not there when it began
        with (tmp_path / f"orders.{name}.part").open("ab") as part:
            part.write(b"half a line")
        again = run(app, *arguments)
        assert (again.exit_code, len(read)) == (0, 4), again.output
        whole_export = customer.get(f"/orders/export?format={name}").data.splitlines()
        newest = 1 if name == "csv" else 0
        assert path.read_bytes().splitlines() == whole_export[:newest] + whole_export[newest + 1 :]

    def test_another_question_begins_anew(self, app: Flask, customer: Caller, tmp_path: Path) -> None:
        factories.place(customer)
        path = tmp_path / "orders.csv"
        (tmp_path / "orders.csv.part").write_text("x" * 100)
        state = {"asked": {"format": "csv", "status": "delivered"}, "size": 50, "began": "", "cursor": "", "orders": 9}
        (tmp_path / "orders.csv.part.json").write_text(json.dumps(state))
        assert run(app, "export", path, "--customer-id", customer.id).exit_code == 0
        assert path.read_bytes() == customer.get("/orders/export?format=csv").data

    def test_filters_are_those_of_the_list(self, app: Flask, customer: Caller, tmp_path: Path) -> None:
        old = factories.place(customer)
        factories.place(customer)
        path = tmp_path / "orders.ndjson"
        arguments = ("--customer-id", customer.id, "--status", "pending", "--created-to")
        assert run(app, "export", path, *arguments, old["created_at"]).stdout.startswith("0 orders")
        assert run(app, "export", path, *arguments, "2999-01-01T00:00:00Z").stdout.startswith("2 orders")
        assert run(app, "export", path, *arguments, "yesterday").exit_code == 2

    def test_a_format_that_nothing_shows_is_asked_for(self, app: Flask, tmp_path: Path) -> None:
        assert run(app, "export", tmp_path / "orders.xlsx").exit_code == 2


class TestImport:
    def test_all_of_it_is_0(self, app: Flask, tmp_path: Path) -> None:
        wanted = bodies(3)
        answer = run(app, "import", orders_file(tmp_path, *wanted))
        assert (answer.exit_code, answer.stdout) == (0, "3 of 3 orders placed, 0 refused: completed\n")
        assert placed(app, wanted) == 3

    def test_some_refused_is_1_and_tells_which(self, app: Flask, tmp_path: Path) -> None:
        path, errors = (
            orders_file(tmp_path, *bodies(1), lines_body(line(price="-1"), customer_id="C")),
            tmp_path / "e.csv",
        )
        answer = run(app, "import", path, "--dry-run")
        assert (answer.exit_code, answer.stdout) == (1, "1 of 2 orders would be placed, 1 refused: completed\n")
        assert "row 2 /items/0/unit_price" in answer.stderr
        answer = run(app, "import", path, "--json", "--errors", errors)
        assert (answer.exit_code, json.loads(answer.stdout)["failed"]) == (1, 1)
        assert errors.read_text().splitlines()[1].startswith("2,")

    def test_a_file_that_can_not_be_read_is_2(self, app: Flask, tmp_path: Path) -> None:
        (tmp_path / "bad.csv").write_text("colour\nred\n")
        answer = run(app, "import", tmp_path / "bad.csv")
        assert (answer.exit_code, "colour" in answer.stderr) == (2, True)
        assert run(app, "import", tmp_path / "none.csv").exit_code == 2
        (tmp_path / "orders.txt").write_text("{}")
        assert run(app, "import", tmp_path / "orders.txt").exit_code == 2

    def test_one_that_was_interrupted_goes_on_where_it_was(
        self, app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "CHUNK_RECORDS", 2)
        wanted, work = bodies(5), working.work
        path, worked = orders_file(tmp_path, *wanted), []

        def interrupted(*given: Any) -> Any:
            worked.append(given)
            if len(worked) == 2:
                raise KeyboardInterrupt
            return work(*given)

        with monkeypatch.context() as patched:
            patched.setattr(working, "work", interrupted)
            assert run(app, "import", path).exit_code != 0
        assert placed(app, wanted) == 2
        answer = run(app, "import", path)
        assert "after 2 orders" in answer.stderr
        assert answer.stdout == "5 of 5 orders placed, 0 refused: completed\n"
        assert placed(app, wanted) == 5
