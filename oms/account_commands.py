"""Accounts from the command line: for the first admin, and for whoever has a shell and no browser."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import with_appcontext

from oms.accounts import api_keys, passwords, users
from oms.accounts.actor import COMMAND_LINE, ROLES, SCOPES
from oms.accounts.users import Account
from oms.errors import Conflict, OmsError
from oms.transactions import read, transaction

DEFAULT_ADMIN_EMAIL = "admin@example.com"
MAX_KEY_DAYS = 3650


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OmsError as error:
        raise click.ClickException(error.detail) from error


@click.command("create-user")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), default="customer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@click.option("--firebase", is_flag=True, help="No password: linked when Firebase vouches for the address.")
@with_appcontext
def create_user(email: str, role: str, password_stdin: bool, firebase: bool) -> None:
    """Make an account; the password is asked for."""
    with _plain_errors():
        hashed = None if firebase else _hashed(_asked_password(password_stdin))
        account = transaction(lambda session: users.create(session, COMMAND_LINE, email, hashed, role))
    click.echo(f"{account.id} {account.email} {account.role}")


@click.command("set-role")
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
@with_appcontext
def set_role(email: str, role: str) -> None:
    """Give a user a role; his sessions end."""
    account = _change(email, role=role)
    click.echo(f"{account.id} {account.email} {account.role}")


@click.command("disable-user")
@click.argument("email")
@with_appcontext
def disable_user(email: str) -> None:
    """Disable a user; his sessions end."""
    account = _change(email, is_active=False)
    click.echo(f"{account.id} {account.email} disabled")


@click.group("api-key")
def api_key() -> None:
    """Keys for other systems."""


@api_key.command("create")
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True)
@click.option("--expires-days", type=click.IntRange(1, MAX_KEY_DAYS))
@with_appcontext
def create_api_key(name: str, scopes: tuple[str, ...], expires_days: int | None) -> None:
    """Make a key and print it; it can't be shown again."""
    with _plain_errors():
        made = transaction(lambda session: api_keys.create(session, COMMAND_LINE, name, scopes, expires_days))
    click.echo(made.key)


@api_key.command("list")
@with_appcontext
def list_api_keys() -> None:
    """One line per key: id, state, scopes, name."""
    with _plain_errors():
        entries = read(api_keys.listed)
    for entry in entries:
        state = "revoked" if entry.revoked_at else f"until {entry.expires_at or 'revoked'}"
        click.echo(f"{entry.id}  {state}  {','.join(entry.scopes)}  {entry.name}")


@api_key.command("revoke")
@click.argument("key_id")
@with_appcontext
def revoke_api_key(key_id: str) -> None:
    """Refuse a key from now on."""
    with _plain_errors():
        transaction(lambda session: api_keys.revoke(session, COMMAND_LINE, key_id))
    click.echo(f"{key_id} revoked")


@click.command("ensure-admin")
@with_appcontext
def ensure_admin() -> None:
    """Make the first admin from ADMIN_EMAIL and ADMIN_PASSWORD; nothing happens if there is one.

    Prints one line of JSON: email, created, and the password if it had to be generated.
    """
    with _plain_errors():
        admin = read(users.first_admin)
        answer = {"email": admin.email, "created": False} if admin else _first_admin()
    click.echo(json.dumps(answer))


COMMANDS: tuple[click.Command, ...] = (create_user, set_role, disable_user, api_key, ensure_admin)


def _first_admin() -> dict[str, object]:
    email = os.environ.get("ADMIN_EMAIL") or DEFAULT_ADMIN_EMAIL
    given = os.environ.get("ADMIN_PASSWORD")
    password = given or secrets.token_urlsafe(15)
    hashed = _hashed(password)
    try:
        account = transaction(lambda session: users.create(session, COMMAND_LINE, email, hashed, "admin"))
    except Conflict as error:
        # Whoever typed that address into /register must not become an admin by it.
        raise click.ClickException(f"{email} has an account that is not an admin's; see set-role.") from error
    generated = {} if given else {"password": password}
    return {"email": account.email, "created": True, **generated}


def _asked_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True)


def _hashed(password: str) -> str:
    passwords.check_rules(password)
    return passwords.hash_password(password)


def _change(email: str, *, role: str | None = None, is_active: bool | None = None) -> Account:
    with _plain_errors():
        found = read(lambda session: users.find_by_email(session, email))
        return transaction(
            lambda session: users.change(session, COMMAND_LINE, found.id, role=role, is_active=is_active)
        )
