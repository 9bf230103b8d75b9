"""What admins do with accounts and keys is in the audit log, whichever door they come through."""

from typing import Any

import pytest
from flask import Flask

from oms.accounts import passwords, sessions, sign_in, users
from oms.accounts.actor import Actor
from oms.errors import Conflict, NotFound, Unauthenticated
from oms.ids import new_id
from oms.transactions import transaction
from tests.accounts.people import PASSWORD, registered, shown, signed_in, unique_email
from tests.callers import Caller
from tests.factories import rows

pytestmark = pytest.mark.usefixtures("context")
ADMIN = Actor(new_id(), "admin")


def told(app: Flask, subject_id: str) -> list[tuple[str, str, Any]]:
    """(who, what, details) of all that was done to a subject."""
    found = rows(app, "SELECT * FROM audit_entries WHERE subject_id = :id ORDER BY id", id=subject_id)
    return [(entry.actor_id, entry.action, entry.details) for entry in found]


def run(app: Flask, *arguments: str, **options: Any) -> str:
    answer = app.test_cli_runner().invoke(args=["oms", *arguments], **options)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_a_role_and_a_disabling_over_the_api(app: Flask, admin: Caller) -> None:
    account = registered()
    for change in ({"role": "staff"}, {"is_active": False}, {"is_active": True, "role": "customer"}):
        assert admin.patch(f"/users/{account.id}", change).status_code == 200
    assert told(app, account.id) == [
        (admin.id, "user.role_changed", {"from": "customer", "to": "staff"}),
        (admin.id, "user.disabled", None),
        (admin.id, "user.enabled", {"from": "staff", "to": "customer"}),
    ]


def test_what_changes_nothing_is_not_told(app: Flask, admin: Caller) -> None:
    account = registered()
    assert admin.patch(f"/users/{account.id}", {"role": "customer"}).status_code == 200
    assert told(app, account.id) == []


def test_a_key_over_the_api_is_told_without_its_secret(app: Flask, admin: Caller) -> None:
    made = admin.post("/api-keys", {"name": "dock", "scopes": ["orders:read"]}).get_json()
    for _ in range(2):
        assert admin.call("DELETE", f"/api-keys/{made['id']}").status_code == 204
    assert told(app, made["id"]) == [
        (admin.id, "api_key.created", {"name": "dock", "scopes": ["orders:read"], "expires_in_days": None}),
        (admin.id, "api_key.revoked", {"name": "dock"}),
    ]


def test_the_command_line_is_told_of_as_cli(app: Flask) -> None:
    email = unique_email()
    user_id = run(app, "create-user", email, "--password-stdin", input=f"{PASSWORD}\n").split()[0]
    run(app, "set-role", email, "staff")
    run(app, "disable-user", email)
    assert told(app, user_id) == [
        ("cli", "user.created", {"email": email, "role": "customer"}),
        ("cli", "user.role_changed", {"from": "customer", "to": "staff"}),
        ("cli", "user.disabled", None),
    ]
    key_id = run(app, "api-key", "create", "dock", "--scope", "payments").split("_")[1]
    run(app, "api-key", "revoke", key_id)
    assert [(who, what) for who, what, _ in told(app, key_id)] == [
        ("cli", "api_key.created"),
        ("cli", "api_key.revoked"),
    ]


def test_who_registers_himself_is_no_matter_for_the_log(app: Flask, anonymous: Caller) -> None:
    answer = anonymous.post("/register", {"email": unique_email(), "password": PASSWORD})
    assert told(app, answer.get_json()["id"]) == []


def test_an_admin_gives_a_new_password_and_all_sessions_end(app: Flask) -> None:
    account = registered("staff")
    session = shown(signed_in(account))
    hashed = passwords.hash_password("another long password")
    transaction(lambda session: users.reset_password(session, ADMIN, account.id, hashed))
    with pytest.raises(Unauthenticated):
        sessions.resolve(session, None)
    with pytest.raises(Unauthenticated):
        sign_in.authenticate(account.email or "", PASSWORD)
    assert sign_in.authenticate(account.email or "", "another long password").id == account.id
    assert told(app, account.id) == [(ADMIN.id, "user.password_reset", None)]


def test_an_admin_signs_somebody_out_everywhere(app: Flask) -> None:
    account = registered("staff")
    credentials = [shown(signed_in(account)) for _ in range(2)]
    transaction(lambda session: users.end_sessions(session, ADMIN, account.id))
    for credential in credentials:
        with pytest.raises(Unauthenticated):
            sessions.resolve(credential, None)
    assert sign_in.authenticate(account.email or "", PASSWORD).id == account.id
    assert told(app, account.id) == [(ADMIN.id, "user.sessions_ended", None)]


def test_nobody_resets_his_own_password_that_way() -> None:
    with pytest.raises(Conflict):
        transaction(lambda session: users.reset_password(session, ADMIN, ADMIN.id, "hash"))
    with pytest.raises(NotFound):
        transaction(lambda session: users.end_sessions(session, ADMIN, new_id()))
