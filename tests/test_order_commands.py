"""`flask oms order`: what it shows and changes, what it says when it can't, and what the shell completes."""

import json
import os
import pty
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import BashComplete
from click.testing import Result
from flask import Flask
from flask.cli import ScriptInfo

from tests import factories
from tests.callers import Caller
from tests.conftest import Servers

ROOT = Path(__file__).parent.parent


@pytest.fixture
def placed(app: Flask, customer: Caller) -> Any:
    return factories.place(customer, factories.line("TEA", 2), factories.line("CAKE", 1, "6.00"))


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["oms", "order", *arguments])


def now(app: Flask, order: Any) -> Any:
    return json.loads(factories.rendered(app, order), parse_float=Decimal)


class TestShow:
    def test_it_shows_the_order_and_its_lines_as_plain_text(self, app: Flask, placed: Any) -> None:
        result = run(app, "show", placed["order_id"])
        assert result.exit_code == 0
        words = [line.split() for line in result.output.splitlines()]
        assert ["order_id", placed["order_id"]] in words
        assert ["status", "pending"] in words
        assert ["may", "become", "confirmed,", "cancelled"] in words
        assert ["1", "TEA", "-", "2", "10.00", "pending", "0", "0"] in words
        assert "\x1b" not in result.output

    def test_json_is_the_order_as_the_api_shows_it(self, app: Flask, placed: Any, staff: Caller) -> None:
        result = run(app, "show", placed["order_id"], "--json")
        assert json.loads(result.output) == staff.get(factories.url(placed)).json

    def test_a_free_form_order_is_shown_too(self, app: Flask, customer: Caller) -> None:
        order = factories.place_free_form(customer, {"coffee": {"size": "large"}})
        assert '{"coffee":{"size":"large"}}' in run(app, "show", order["id"]).output

    def test_an_id_nobody_has_is_one_line_with_those_that_begin_so(self, app: Flask, placed: Any) -> None:
        cut = placed["order_id"][:-1]
        result = run(app, "show", cut)
        assert result.exit_code == 1
        assert result.output.startswith(f"Error: There is no order {cut}. Did you mean ")
        assert placed["order_id"] in result.output
        assert result.output.count("\n") == 1


def test_the_journey_tells_who_did_what_and_why(app: Flask, placed: Any) -> None:
    run(app, "cancel", placed["order_id"], "--reason", "too_slow", "--remarks", "He phoned")
    result = run(app, "journey", placed["order_id"])
    assert result.exit_code == 0
    first, second = (line.split() for line in result.output.splitlines()[1:])
    assert first[0] == "1"
    assert first[2:5] == ["-", "-", "pending"]
    assert " ".join(second[2:]).startswith("- pending cancelled - system cli too_slow He phoned (on the command line: ")
    documents = json.loads(run(app, "journey", placed["order_id"], "--json").output)["journey"]
    assert [entry["current_status"] for entry in documents] == ["pending", "cancelled"]
    assert run(app, "journey", placed["order_id"] + "0").exit_code == 1


class TestCancel:
    def test_the_whole_order_is_cancelled_with_events_and_cache(self, app: Flask, placed: Any) -> None:
        result = run(app, "cancel", placed["order_id"])
        assert (result.exit_code, result.output.split()) == (0, [placed["order_id"], "cancelled", "version", "2"])
        assert [event.type for event in factories.outbox(app, placed)][-1] == "oms.order.cancelled.v1"
        body = factories.cached_body(app, placed)
        assert body is not None
        assert json.loads(body)["status"] == "cancelled"

    def test_a_line_or_some_of_its_units_can_be_cancelled(self, app: Flask, placed: Any) -> None:
        assert run(app, "cancel", placed["order_id"], "--line", "1=1", "--line", "2").exit_code == 0
        lines = now(app, placed)["items"]
        assert [(line["status"], line["cancelled_quantity"]) for line in lines] == [("pending", 1), ("cancelled", 1)]

    def test_a_second_time_changes_nothing_and_says_so(self, app: Flask, placed: Any) -> None:
        run(app, "cancel", placed["order_id"])
        result = run(app, "cancel", placed["order_id"])
        assert (result.exit_code, result.output) == (
            0,
            f"{placed['order_id']} is cancelled already; nothing was changed\n",
        )
        assert json.loads(run(app, "cancel", placed["order_id"], "--json").output)["applied"] is False

    @pytest.mark.parametrize("line", ["x", "1=", "1=x", "=1", "0"])
    def test_a_line_that_can_not_be_read_is_a_wrong_command_line(self, app: Flask, placed: Any, line: str) -> None:
        result = run(app, "cancel", placed["order_id"], "--line", line)
        assert result.exit_code == 2
        assert "NUMBER=QUANTITY" in result.output
        assert now(app, placed)["version"] == 1

    def test_more_than_there_is_is_refused(self, app: Flask, placed: Any) -> None:
        result = run(app, "cancel", placed["order_id"], "--line", "1=3")
        assert (result.exit_code, result.output.count("\n")) == (1, 1)


def test_in_a_terminal_a_change_asks_first(servers: Servers, app: Flask, placed: Any) -> None:
    ours, its = pty.openpty()
    os.write(ours, b"n\n")
    flask = Path(sys.executable).parent / "flask"
    command = [flask, "--app", "wsgi", "oms", "order", "cancel", placed["order_id"], "--line", "2"]
    environ = servers.process_environ()
    done = subprocess.run(command, env=environ, cwd=ROOT, stdin=its, capture_output=True, text=True, check=False)
    os.close(ours)
    os.close(its)
    assert f"{placed['order_id']} is pending, 26.00 USD: cancel 1 of its lines? [y/N]" in done.stdout
    assert done.returncode == 1
    assert now(app, placed)["version"] == 1


class TestStatus:
    def test_it_moves_the_order_and_says_where_it_is(self, app: Flask, placed: Any) -> None:
        result = run(app, "status", placed["order_id"], "PAID", "--json")
        assert result.exit_code == 0
        found = json.loads(result.output)
        assert (found["applied"], found["order"]["status"]) == (True, "confirmed")

    def test_what_the_lifecycle_forbids_is_refused_with_what_it_allows(self, app: Flask, placed: Any) -> None:
        run(app, "cancel", placed["order_id"])
        result = run(app, "status", placed["order_id"], "delivered")
        assert result.exit_code == 1
        assert result.output == "Error: An order that is cancelled can't become delivered. Allowed: nothing.\n"

    def test_a_stage_that_lies_behind_is_refused(self, app: Flask, placed: Any) -> None:
        run(app, "status", placed["order_id"], "shipped")
        result = run(app, "status", placed["order_id"], "packed")
        assert result.exit_code == 1
        assert "that stage lies behind it" in result.output
        assert now(app, placed)["status"] == "shipped"

    def test_a_word_that_is_no_status_is_told_the_nearest(self, app: Flask, placed: Any) -> None:
        result = run(app, "status", placed["order_id"], "deliverd")
        assert result.exit_code == 2
        assert "Did you mean delivered" in result.output

    def test_too_long_a_reason_is_a_wrong_command_line(self, app: Flask, placed: Any) -> None:
        assert run(app, "status", placed["order_id"], "shipped", "--reason", "x" * 101).exit_code == 2


def test_a_command_that_is_misspelt_is_told_the_nearest(app: Flask) -> None:
    result = run(app, "shwo", "X")
    assert result.exit_code == 2
    assert "Did you mean 'show'?" in result.output


class TestCompletion:
    def complete(self, app: Flask, *words: str) -> list[str]:
        info = ScriptInfo(create_app=lambda: app)
        completion = BashComplete(app.cli, {"obj": info}, "flask", "_FLASK_COMPLETE")
        return [item.value for item in completion.get_completions(["oms", *words[:-1]], words[-1])]

    def test_commands_and_status_names_complete(self, app: Flask) -> None:
        assert self.complete(app, "order", "") == ["cancel", "journey", "show", "status"]
        assert self.complete(app, "order", "status", "X", "deliver") == ["delivered", "delivery_failed"]
        assert self.complete(app, "tail", "--type", "refund.re") == ["oms.refund.retried.v1"]

    def test_ids_complete_from_the_database(self, app: Flask, placed: Any) -> None:
        assert placed["order_id"] in self.complete(app, "order", "show", placed["order_id"][:-1])
        assert self.complete(app, "order", "show", "") == []

    def test_the_shell_gets_them_from_flask_itself(self, servers: Servers) -> None:
        environ = servers.process_environ(
            _FLASK_COMPLETE="bash_complete",
            COMP_WORDS="flask oms order status X pack",
            COMP_CWORD="5",
            FLASK_APP="wsgi",
        )
        flask = Path(sys.executable).parent / "flask"
        done = subprocess.run([flask], env=environ, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.split(os.linesep)[0] == "plain,packed"
