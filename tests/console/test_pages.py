"""What every page has in common: policies, headers, forged forms, errors, files."""

import re

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.routing import Rule

from oms.console import static_files
from oms.extensions import db
from oms.web import access
from tests.callers import Caller
from tests.conftest import Servers
from tests.console.visitors import Visitor, account, form, signed_in
from tests.factories import place
from tests.floor import applications

POLICIES = {"console_staff", "console_admin"}
PUBLIC = {"/console/sign-in", "/console/static/<digest>/<name>"}


def console_rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]


def test_every_page_states_its_policy_and_only_known_ones_are_public(app: Flask) -> None:
    found = {rule.rule: access.policy_of(app.view_functions[rule.endpoint]) for rule in console_rules(app)}
    assert {path for path, policy in found.items() if policy is access.PUBLIC} == PUBLIC
    assert {policy.name for path, policy in found.items() if policy and path not in PUBLIC} <= POLICIES
    assert None not in found.values()


def test_every_page_asks_a_stranger_to_sign_in(app: Flask) -> None:
    stranger = Visitor(app)
    for rule in console_rules(app):
        if rule.rule in PUBLIC:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            path = re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule)
            answer = stranger.client.open(path, method=method)
            assert (answer.status_code, answer.location.split("?")[0]) == (303, "/console/sign-in"), rule


def test_a_script_whose_session_has_ended_is_told_where_to_go(app: Flask) -> None:
    answer = Visitor(app).part("/console/somewhere", headers={"HX-Current-URL": "http://localhost/console/here?a=1"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/console/sign-in?next=/console/here?a%3D1"


def test_a_page_runs_nothing_that_is_written_in_it(support: Visitor) -> None:
    page = support.get("/console/orders")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", page.text)


def test_a_form_of_another_site_is_refused(support: Visitor) -> None:
    sign_out = form(support.get("/console/orders"), "/sign-out")
    for changes in ({"csrf_token": None}, {"csrf_token": "0" * 64}):
        assert support.send(sign_out, **changes).status_code == 403
    assert support.send(sign_out, {"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert support.send(sign_out, {"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_token_of_somebody_elses_session_is_refused(support: Visitor, chief: Visitor) -> None:
    foreign = form(chief.get("/console/orders"), "/sign-out").fields["csrf_token"]
    assert support.send(form(support.get("/console/orders"), "/sign-out"), csrf_token=foreign).status_code == 403


def test_the_form_to_sign_in_has_a_token_of_its_own(app: Flask) -> None:
    visitor = account(app, "staff")
    assert visitor.sign_in(csrf_token=None).status_code == 403
    assert account(app, "staff").sign_in(csrf_token="0" * 64).status_code == 403


def test_scripts_may_send_the_token_as_a_header(support: Visitor) -> None:
    token = form(support.get("/console/orders"), "/sign-out").fields["csrf_token"]
    answer = support.client.post("/console/sign-out", headers={"X-CSRF-Token": token, "HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/console/sign-in")


def test_an_address_without_a_page_is_a_page_that_says_so(support: Visitor) -> None:
    answer = support.get("/console/nothing/here")
    assert answer.status_code == 404
    assert "There is no page /console/nothing/here." in answer.text
    assert answer.content_type.startswith("text/html")


def test_an_error_is_a_message_to_a_script(support: Visitor) -> None:
    answer = support.part("/console/nothing/here")
    assert answer.status_code == 404
    assert answer.headers["HX-Retarget"] == "#messages"
    assert "<html" not in answer.text
    assert "There is no page" in answer.text


def test_what_people_type_is_never_markup(support: Visitor) -> None:
    answer = support.get("/console/<img src=x>")
    assert "<img" not in answer.text
    assert "&lt;img src=x&gt;" in answer.text


@pytest.mark.parametrize("name", sorted(static_files.digests()))
def test_files_are_kept_by_browsers_as_long_as_they_are_the_same(app: Flask, name: str) -> None:
    with app.test_request_context():
        address = static_files.address(name)
    client = app.test_client()
    answer = client.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert client.get(address.replace(static_files.digests()[name], "0" * 16)).status_code == 404


def test_a_message_is_shown_once_and_only_with_a_tone_we_know(app: Flask, support: Visitor) -> None:
    sign_out = form(support.get("/console/orders"), "/sign-out")
    support.send(sign_out)
    assert "You are signed out." in support.get("/console/sign-in").text
    assert "You are signed out." not in support.get("/console/sign-in").text
    for junk in ("no base64!", "W1tdXQ==", "W1sieCIsICJ5Il1d"):
        support.client.set_cookie("oms_console_said", junk, path="/console")
        assert support.get("/console/sign-in").status_code == 200


def test_a_page_has_a_limit_of_its_own_for_each_person(app: Flask, servers: Servers) -> None:
    with applications.another(app, servers, RATELIMIT_CONSOLE="3/minute", RATELIMIT_DEFAULT="1/minute") as made:
        visitor, other = signed_in(made, "staff"), signed_in(made, "staff")
        assert [visitor.get("/console/orders").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert "Too many requests" in visitor.get("/console/orders").text
        assert other.get("/console/orders").status_code == 200


def test_a_bug_is_a_page_with_the_id_to_quote(support: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.console.order_list.PAGE", "not a number")
    answer = support.get("/console/orders")
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] in answer.text
    assert "not a number" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_what_is_busy_is_a_page_and_in_a_dialog_a_message(app: Flask, servers: Servers, customer: Caller) -> None:
    order = place(customer)
    with applications.another(app, servers, DB_LOCK_TIMEOUT_MS="50") as made:
        visitor = signed_in(made, "staff")
        found = form(visitor.get(f"/console/orders/{order['order_id']}/note"), "/note")
        with made.app_context(), db.engine.connect() as connection:
            connection.execute(text("SELECT 1 FROM orders WHERE order_id = :id FOR UPDATE"), {"id": order["order_id"]})
            busy = visitor.send(found, remarks="x")
            part = visitor.send(found, {"HX-Request": "true", "HX-Target": "form"}, remarks="x")
            connection.rollback()
    assert (busy.status_code, part.status_code) == (503, 503)
    assert busy.headers["Retry-After"] == "1"
    assert "The database is busy" in busy.text
    assert "<html" in busy.text
    assert part.headers["HX-Retarget"] == "#form-problem"
    assert "<html" not in part.text


@pytest.mark.parametrize("path", ["/console/sign-out", "/console/sign-in"])
def test_a_body_that_is_too_large_is_a_page_too(support: Visitor, path: str) -> None:
    answer = support.client.post(path, data={"x": "y" * (2 << 20)})
    assert answer.status_code == 413
    assert answer.content_type.startswith("text/html")
