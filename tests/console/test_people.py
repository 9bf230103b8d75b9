"""People, API keys and the audit log: what admins see and do."""

import re
from typing import Any

import pytest
from flask import Flask

from oms.accounts import credentials, sessions, sign_in
from oms.ids import new_id
from tests.console.visitors import Form, Visitor, account, form, forms, signed_in
from tests.factories import rows

ADMIN_PAGES = ["/console/people", "/console/people/new", "/console/api-keys", "/console/api-keys/new"]
ADMIN_PAGES += ["/console/audit-log"]
NO_FILTERS = ["since=yesterday", "until=2026-13-01", "until=9999-12-31", "since=0001-01-01", "who=nobody@example.com"]
ENABLED, DISABLED = ">user.enabled</code>", ">user.disabled</code>"


def secret(text: str) -> str:
    """What a page shows once."""
    (found,) = re.findall(r'class="secret" id="secret" readonly value="([^"]+)"', text)
    return str(found)


def told(app: Flask, subject_id: str) -> list[tuple[str, str]]:
    found = rows(app, "SELECT * FROM audit_entries WHERE subject_id = :id ORDER BY id", id=subject_id)
    return [(entry.actor_id, entry.action) for entry in found]


@pytest.mark.parametrize("path", ADMIN_PAGES)
def test_pages_of_admins_are_not_for_staff(support: Visitor, chief: Visitor, path: str) -> None:
    assert support.get(path).status_code == 403
    assert chief.get(path).status_code == 200
    assert path.removesuffix("/new") not in support.get("/console/failed-jobs").text


def test_staff_change_nobody(app: Flask, support: Visitor, chief: Visitor) -> None:
    somebody = account(app, "staff")
    page = chief.get(f"/console/people/{somebody.id}")
    own_token = form(support.get("/console/failed-jobs"), "/sign-out").fields["csrf_token"]
    for found in forms(page):
        if somebody.id in found.action:
            assert support.send(found, csrf_token=own_token).status_code == 403
    assert told(app, somebody.id) == []


def test_an_account_is_made_with_a_password_that_is_shown_once(app: Flask, chief: Visitor) -> None:
    address = f"{new_id().lower()}@example.com"
    create = form(chief.get("/console/people/new"), "/people/new")
    answer = chief.send(create, email=address, role="staff")
    assert answer.status_code == 200
    with app.app_context():
        user = sign_in.authenticate(address, secret(answer.text))
    assert told(app, user.id) == [(chief.id, "user.created")]
    again = chief.send(create, email=address.upper(), role="admin")
    assert again.status_code == 422
    assert "already an account" in again.text
    assert form(again, "/people/new").fields["email"] == address.upper()
    assert chief.send(create, email="no address", role="staff").status_code == 422
    assert chief.send(create, email="a@example.com", role="emperor").status_code == 422
    assert secret(answer.text) not in chief.get(f"/console/people/{user.id}").text


def test_people_are_found_by_address_and_come_in_pages(
    app: Flask, chief: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted((account(app, "staff"), account(app, "customer")), key=lambda somebody: somebody.id)
    found = chief.get(f"/console/people?email={first.email.upper()}")
    assert first.email in found.text
    assert second.email not in found.text
    assert "Nobody found" in chief.get("/console/people?email=nobody@example.com").text
    monkeypatch.setattr("oms.console.people.PAGE", 1)
    # From these two on: an account of another test may have a higher id.
    page = chief.get(f"/console/people?after={second.id}0")
    assert second.email in page.text
    assert first.email not in page.text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page.text)
    assert first.email in chief.get(older.replace("&amp;", "&")).text


def act(chief: Visitor, user_id: str, ending: str, **changes: Any) -> Any:
    """Do it on the page of the account, or after being asked whether one is sure."""
    asks = ending in ("/disable", "/password")
    page = chief.get(f"/console/people/{user_id}{ending if asks else ''}")
    return chief.send(form(page, ending), **changes)


def test_a_role_is_changed_and_the_session_ends(app: Flask, chief: Visitor) -> None:
    somebody = signed_in(app, "staff")
    assert act(chief, somebody.id, "/role", role="admin").status_code == 303
    page = chief.get(f"/console/people/{somebody.id}")
    assert f"{somebody.email} is admin now." in page.text
    assert form(page, "/role").fields["role"] == "admin"
    assert somebody.get("/console/failed-jobs").status_code == 303
    assert told(app, somebody.id)[-1] == (chief.id, "user.role_changed")
    assert "user.role_changed" in page.text
    assert act(chief, somebody.id, "/role", role="emperor").status_code == 422


def test_an_account_is_disabled_and_enabled(app: Flask, chief: Visitor) -> None:
    somebody = signed_in(app, "staff")
    act(chief, somebody.id, "/disable")
    assert somebody.get("/console/failed-jobs").status_code == 303
    assert somebody.sign_in().status_code == 401
    act(chief, somebody.id, "/enable")
    assert somebody.sign_in().status_code == 303
    assert [what for _, what in told(app, somebody.id)] == [
        "console.signed_in",
        "user.disabled",
        "user.enabled",
        "console.signed_in",
    ]


def test_somebody_is_signed_out_everywhere(app: Flask, chief: Visitor) -> None:
    somebody = signed_in(app, "staff")
    act(chief, somebody.id, "/end-sessions")
    assert somebody.get("/console/failed-jobs").status_code == 303
    assert somebody.sign_in().status_code == 303


def test_a_new_password_is_shown_once_and_the_old_one_is_worth_nothing(app: Flask, chief: Visitor) -> None:
    somebody = signed_in(app, "staff")
    answer = act(chief, somebody.id, "/password")
    assert answer.headers["Cache-Control"] == "no-store"
    assert somebody.sign_in().status_code == 401
    assert somebody.sign_in(secret(answer.text)).status_code == 303


def test_nobody_changes_his_own_account(app: Flask, chief: Visitor) -> None:
    page = chief.get(f"/console/people/{chief.id}")
    assert "This is you." in page.text
    (sign_out,) = forms(page)
    forged = Form(f"/console/people/{chief.id}/disable", "POST", {"csrf_token": sign_out.fields["csrf_token"]})
    assert chief.send(forged).status_code == 409


def test_an_api_key_is_made_shown_once_and_revoked(app: Flask, chief: Visitor) -> None:
    create = form(chief.get("/console/api-keys/new"), "/api-keys/new")
    answer = chief.send(create, name=" dock  4 ", scope=["orders:read", "fulfilment"], days="30")
    key = secret(answer.text)
    with app.app_context():
        shown = credentials.of_api_key(key)
        assert sessions.resolve(shown, None).scopes == {"orders:read", "fulfilment"}
    page = chief.get("/console/api-keys")
    assert "dock 4" in page.text
    assert chief.email in page.text
    assert key not in page.text
    ask = chief.part(f"/console/api-keys/{shown.id}/revoke")
    assert "<html" not in ask.text
    assert chief.send(form(ask, "/revoke")).status_code == 303
    assert f"/console/api-keys/{shown.id}/revoke" not in chief.get("/console/api-keys").text
    assert told(app, shown.id) == [(chief.id, "api_key.created"), (chief.id, "api_key.revoked")]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "", "scope": "payments"},
        {"name": "x" * 101, "scope": "payments"},
        {"name": "x"},
        {"name": "x", "scope": "everything"},
        {"name": "x", "scope": "payments", "days": "0"},
        {"name": "x", "scope": "payments", "days": "soon"},
        {"name": "x", "scope": "payments", "days": "\u0663"},
    ],
)
def test_a_key_that_can_not_be_made_is_asked_for_again(chief: Visitor, changes: dict[str, str]) -> None:
    create = form(chief.get("/console/api-keys/new"), "/api-keys/new")
    answer = chief.send(create, **changes)
    assert answer.status_code == 422
    assert form(answer, "/api-keys/new").fields["name"] == changes["name"]


def test_the_audit_log_tells_who_signed_in_and_from_where(app: Flask, chief: Visitor) -> None:
    somebody = signed_in(app, "staff")
    page = chief.get(f"/console/audit-log?who={somebody.email}&action=console.signed_in")
    assert page.text.count(">console.signed_in</code>") == 1
    assert f"/console/people/{somebody.id}" in page.text
    assert "127.0.0.1" in page.text


def test_the_audit_log_is_filtered_and_comes_in_pages(
    app: Flask, chief: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oms.console.audit_log.PAGE", 1)
    somebody = account(app, "staff")
    for ending in ("/disable", "/enable"):
        act(chief, somebody.id, ending)
    page = chief.get(f"/console/audit-log?subject={somebody.email}")
    assert ENABLED in page.text
    assert DISABLED not in page.text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page.text)
    assert DISABLED in chief.get(older.replace("&amp;", "&")).text
    assert (
        f'href="/console/audit-log?subject={somebody.email.replace("@", "%40")}"'
        in chief.get(older.replace("&amp;", "&")).text
    )
    assert "Nothing found" in chief.get(f"/console/audit-log?subject={somebody.id}&until=2020-01-01").text
    assert ENABLED in chief.get(f"/console/audit-log?subject={somebody.id}&since=2020-01-01").text


@pytest.mark.parametrize("query", NO_FILTERS)
def test_a_filter_that_can_not_be_read_is_told(chief: Visitor, query: str) -> None:
    answer = chief.get(f"/console/audit-log?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "path", ["audit-log?action=%00", "dead-letters?topic=%00", "people?email=%00", "orders?q=%00", "people?%00=1"]
)
def test_what_is_no_text_is_refused(chief: Visitor, path: str) -> None:
    assert chief.get(f"/console/{path}").status_code == 422


def test_what_is_no_text_is_refused_in_forms(chief: Visitor) -> None:
    create = form(chief.get("/console/api-keys/new"), "/api-keys/new")
    assert chief.send(create, name="a\x00", scope="payments").status_code == 422
