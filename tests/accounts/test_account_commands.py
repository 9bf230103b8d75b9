import json
from collections.abc import Sequence

import click
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import update

from oms import account_commands as commands
from oms.accounts import api_keys, credentials, sessions, sign_in, users
from oms.accounts.actor import system
from oms.accounts.models import User
from oms.errors import Unauthenticated
from oms.ids import new_id
from oms.transactions import read, transaction
from tests.accounts.people import PASSWORD, registered, shown, signed_in, unique_email


def run(app: Flask, command: click.Command, *arguments: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(command, list(arguments), input=typed)


def printed(result: Result) -> Sequence[str]:
    assert result.exit_code == 0, result.output
    return result.output.split()


@pytest.fixture
def without_admin(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    transaction(lambda session: session.execute(update(User).where(User.role == "admin").values(role="staff")))
    monkeypatch.delenv("ADMIN_EMAIL", raising=False)
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)


def test_an_account_is_made_with_a_password_from_standard_input(app: Flask) -> None:
    email = unique_email()
    arguments = (email.upper(), "--role", "staff", "--password-stdin")
    user_id, shown_email, role = printed(run(app, commands.create_user, *arguments, typed=f"{PASSWORD}\n"))
    assert (shown_email, role) == (email, "staff")
    with app.app_context():
        assert sign_in.authenticate(email, PASSWORD).id == user_id


def test_the_password_is_asked_for_twice_and_not_shown(app: Flask) -> None:
    email = unique_email()
    result = run(app, commands.create_user, email, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert PASSWORD not in result.output
    with app.app_context():
        assert sign_in.authenticate(email, PASSWORD)


def test_an_account_may_be_made_for_firebase_without_a_password(app: Flask) -> None:
    email = unique_email()
    user_id = printed(run(app, commands.create_user, email, "--firebase"))[0]
    credential = credentials.Credential("firebase", new_id(), "uid", verified_email=email)
    with app.app_context():
        assert transaction(lambda session: users.admit(session, credential)) == user_id


@pytest.mark.parametrize(
    ("email", "typed", "words"),
    [
        ("no address", PASSWORD, "not an e-mail address"),
        ("new@example.com", "short", "8 to 128 characters"),
        (None, PASSWORD, "already an account"),
    ],
)
def test_a_refusal_is_one_plain_line(app: Flask, context: Flask, email: str | None, typed: str, words: str) -> None:
    address = email or registered().email or ""
    result = run(app, commands.create_user, address, "--password-stdin", typed=typed)
    assert result.exit_code == 1
    assert words in result.output
    assert len(result.output.splitlines()) == 1


def test_a_role_is_given_by_address(app: Flask, context: Flask) -> None:
    account = registered()
    assert printed(run(app, commands.set_role, account.email or "", "admin"))[2] == "admin"
    assert read(lambda session: users.find(session, account.id)).role == "admin"


def test_an_unknown_address_or_role_is_refused(app: Flask) -> None:
    assert "no such user" in run(app, commands.set_role, unique_email(), "admin").output
    assert run(app, commands.set_role, unique_email(), "king").exit_code == 2


def test_a_user_is_disabled_and_his_sessions_end(app: Flask, context: Flask) -> None:
    account = registered()
    credential = shown(signed_in(account))
    printed(run(app, commands.disable_user, account.email or ""))
    with pytest.raises(Unauthenticated):
        sessions.resolve(credential, None)


def test_a_key_is_made_shown_once_listed_and_revoked(app: Flask, context: Flask) -> None:
    options = ("--scope", "orders:read", "--scope", "fulfilment", "--expires-days", "7")
    (key,) = printed(run(app, commands.api_key, "create", "dock-4", *options))
    credential = credentials.of_api_key(key)
    assert sessions.resolve(credential, None).scopes == {"orders:read", "fulfilment"}
    line = next(row for row in run(app, commands.api_key, "list").output.splitlines() if row.startswith(credential.id))
    assert "until 20" in line
    assert line.endswith("fulfilment,orders:read  dock-4")
    assert key.split("_", 2)[2] not in line
    printed(run(app, commands.api_key, "revoke", credential.id))
    with pytest.raises(Unauthenticated):
        sessions.resolve(credential, None)
    assert f"{credential.id}  revoked" in run(app, commands.api_key, "list").output


def test_a_key_without_a_scope_or_with_an_unknown_id_is_refused(app: Flask) -> None:
    assert run(app, commands.api_key, "create", "dock-4").exit_code == 2
    assert "no such API key" in run(app, commands.api_key, "revoke", new_id()).output


def test_a_key_for_ever_is_listed_as_such(app: Flask, context: Flask) -> None:
    made = transaction(lambda session: api_keys.create(session, system("tests"), "n", ["payments"]))
    assert f"{made.id}  until revoked  payments  n" in run(app, commands.api_key, "list").output


@pytest.mark.usefixtures("without_admin")
def test_the_first_admin_gets_a_generated_password_that_is_printed_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = unique_email()
    monkeypatch.setenv("ADMIN_EMAIL", email)
    first = json.loads(run(app, commands.ensure_admin).output)
    again = json.loads(run(app, commands.ensure_admin).output)
    assert (first["email"], first["created"]) == (email, True)
    assert again == {"email": email, "created": False}
    assert sign_in.authenticate(email, first["password"])
    assert read(users.first_admin) == read(lambda session: users.find_by_email(session, email))


@pytest.mark.usefixtures("without_admin")
def test_the_first_admin_may_bring_his_password(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    email = unique_email()
    monkeypatch.setenv("ADMIN_EMAIL", email)
    monkeypatch.setenv("ADMIN_PASSWORD", PASSWORD)
    assert json.loads(run(app, commands.ensure_admin).output) == {"email": email, "created": True}
    assert sign_in.authenticate(email, PASSWORD)


@pytest.mark.usefixtures("without_admin")
def test_a_customer_does_not_become_the_admin_by_having_typed_his_address(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_EMAIL", registered().email or "")
    result = run(app, commands.ensure_admin)
    assert result.exit_code == 1
    assert "not an admin's" in result.output
    assert read(users.first_admin) is None


@pytest.mark.usefixtures("without_admin")
def test_a_weak_admin_password_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "admin")
    assert "8 to 128 characters" in run(app, commands.ensure_admin).output


def test_every_command_is_offered() -> None:
    assert [command.name for command in commands.COMMANDS] == [
        "create-user",
        "set-role",
        "disable-user",
        "api-key",
        "ensure-admin",
    ]
