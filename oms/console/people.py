"""People and what they may do: for admins."""

import secrets
from collections.abc import Callable

from flask import Response, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from oms import audit
from oms.accounts import passwords, users
from oms.accounts.actor import ROLES
from oms.accounts.users import Account
from oms.audit import Filters
from oms.console import access, messages
from oms.console.audit_log import rows
from oms.console.blueprint import blueprint
from oms.console.confirming import confirmation
from oms.console.pages import go_to, page
from oms.errors import Conflict, Invalid
from oms.transactions import read, transaction

PAGE = 50
HISTORY = 20
# What each role may do, as the README has it.
MAY = {
    "customer": "Places orders and sees his own. Does not see the console.",
    "staff": "Sees all orders, moves them along, cancels, receives money and goods, refunds.",
    "admin": "What staff may, and manages people and API keys, and reads the audit log.",
}


@blueprint.route("/people", methods=["GET"])
@access.admin
def people() -> Response:
    """All accounts, newest first, or the one of an address."""
    email, after = request.args.get("email") or None, request.args.get("after")
    found = read(lambda session: users.page(session, PAGE, after, email))
    older = url_for("console.people", after=found.next_cursor, email=email) if found.next_cursor else None
    return page("people.html", people=found.users, address=email or "", older=older, first_page=after is None)


@blueprint.route("/people/new", methods=["GET"])
@access.admin
def person_form() -> Response:
    """The form for a new account."""
    return page("person_new.html", may=MAY, problem="", address="", role="staff")


@blueprint.route("/people/new", methods=["POST"])
@access.admin
def create_person() -> Response:
    """Make an account; its password is made here and shown once."""
    address, role, password = request.form.get("email", ""), request.form.get("role", ""), _new_password()
    hashed = passwords.hash_password(password)
    try:
        made = transaction(lambda session: users.create(session, access.actor(), address, hashed, _known(role)))
    except (Conflict, Invalid) as error:
        return page("person_new.html", 422, may=MAY, problem=error.detail, address=address, role=role)
    return _password_shown(made, password)


@blueprint.route("/people/<user_id>", methods=["GET"])
@access.admin
def person(user_id: str) -> Response:
    """An account, what can be done with it, and what was done with it last."""
    account = read(lambda session: users.find(session, user_id))
    history = read(lambda session: rows(session, audit.page(session, Filters(subject_id=user_id), HISTORY).entries))
    return page("person.html", account=account, may=MAY, history=history, himself=user_id == access.actor().id)


@blueprint.route("/people/<user_id>/role", methods=["POST"])
@access.admin
def change_role(user_id: str) -> AnyResponse:
    """Give another role; the sessions of the account end."""
    role = _known(request.form.get("role", ""))
    return _changed(
        user_id, lambda session: users.change(session, access.actor(), user_id, role=role), f"is {role} now"
    )


@blueprint.route("/people/<user_id>/disable", methods=["GET"])
@access.admin
def disable_person_form(user_id: str) -> Response:
    """Are you sure?"""
    return confirmation(
        "Disable this account?",
        "Nobody signs in with it any more, and its sessions end now. It can be enabled again.",
        url_for("console.disable_person", user_id=user_id),
        "Disable the account",
        url_for("console.person", user_id=user_id),
        danger=True,
    )


@blueprint.route("/people/<user_id>/disable", methods=["POST"])
@access.admin
def disable_person(user_id: str) -> AnyResponse:
    """Nobody signs in with it any more; its sessions end."""
    return _changed(
        user_id, lambda session: users.change(session, access.actor(), user_id, is_active=False), "is disabled"
    )


@blueprint.route("/people/<user_id>/enable", methods=["POST"])
@access.admin
def enable_person(user_id: str) -> AnyResponse:
    """It may sign in again."""
    return _changed(
        user_id, lambda session: users.change(session, access.actor(), user_id, is_active=True), "may sign in again"
    )


@blueprint.route("/people/<user_id>/end-sessions", methods=["POST"])
@access.admin
def end_sessions(user_id: str) -> AnyResponse:
    """Sign it out everywhere."""
    return _changed(
        user_id, lambda session: users.end_sessions(session, access.actor(), user_id), "is signed out everywhere"
    )


@blueprint.route("/people/<user_id>/password", methods=["GET"])
@access.admin
def reset_password_form(user_id: str) -> Response:
    """Are you sure?"""
    return confirmation(
        "Make a new password?",
        "The old one is worth nothing from then on, and the sessions of the account end. The new one is shown once.",
        url_for("console.reset_password", user_id=user_id),
        "Make a new password",
        url_for("console.person", user_id=user_id),
    )


@blueprint.route("/people/<user_id>/password", methods=["POST"])
@access.admin
def reset_password(user_id: str) -> Response:
    """A new password, shown once; the sessions of the account end."""
    password = _new_password()
    hashed = passwords.hash_password(password)
    account = transaction(lambda session: users.reset_password(session, access.actor(), user_id, hashed))
    return _password_shown(account, password)


def _changed(user_id: str, work: Callable[[Session], Account], done: str) -> AnyResponse:
    account = transaction(work)
    messages.say(f"{account.email or account.id} {done}.")
    return go_to("console.person", user_id=user_id)


def _password_shown(account: Account, password: str) -> Response:
    return page(
        "secret.html",
        title="The new password",
        text=f"{account.email or account.id} signs in with this password. It is shown this once.",
        label="Password",
        secret=password,
        back=url_for("console.person", user_id=account.id),
    )


def _new_password() -> str:
    """120 random bits."""
    return secrets.token_urlsafe(15)


def _known(role: str) -> str:
    if role not in ROLES:
        raise Invalid("Choose one of the roles.")
    return role
