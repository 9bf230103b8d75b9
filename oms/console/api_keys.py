"""Keys of other systems: for admins."""

from datetime import UTC, datetime

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from oms.accounts import api_keys as keys
from oms.accounts import users
from oms.accounts.actor import SCOPES
from oms.accounts.api_keys import KeyEntry
from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.confirming import confirmation
from oms.console.pages import go_to, page
from oms.errors import Invalid
from oms.transactions import read, transaction

MAX_NAME = 100
MAX_DAYS = 3650
# What each scope allows, as docs/roles.md has it.
MAY = {
    "orders:read": "Read all orders, journeys and lists",
    "orders:write": "Place and update orders",
    "fulfilment": "Move orders and lines along the lifecycle, also by jumps",
    "payments": "Add payment parts, capture and end them, refund",
    "webhooks": "Have events of all orders sent to a URL, and look after all webhooks",
}


@blueprint.route("/api-keys", methods=["GET"])
@access.admin
def api_keys() -> Response:
    """All of them, newest first, revoked ones too."""
    found = read(keys.listed)
    makers = read(lambda session: users.addresses(session, [key.created_by for key in found]))
    return page("api_keys.html", keys=[(key, _state(key)) for key in found], makers=makers)


@blueprint.route("/api-keys/new", methods=["GET"])
@access.admin
def api_key_form() -> Response:
    """The form for a new key."""
    return _form()


@blueprint.route("/api-keys/new", methods=["POST"])
@access.admin
def create_api_key() -> Response:
    """Make a key and show it, this once."""
    name, scopes = " ".join(request.form.get("name", "").split()), request.form.getlist("scope")
    days = request.form.get("days", "").strip()
    try:
        _check(name, days)
        made = transaction(
            lambda session: keys.create(session, access.actor(), name, scopes, int(days) if days else None)
        )
    except Invalid as error:
        return _form(422, error.detail, name, scopes, days)
    return page(
        "secret.html",
        title="The new API key",
        text=f"{made.name} sends it as X-API-Key. It is shown this once; only its fingerprint is kept.",
        label="API key",
        secret=made.key,
        back=url_for("console.api_keys"),
    )


@blueprint.route("/api-keys/<key_id>/revoke", methods=["GET"])
@access.admin
def revoke_api_key_form(key_id: str) -> Response:
    """Are you sure?"""
    return confirmation(
        "Revoke this API key?",
        "Whoever uses it is refused from now on. There is no way back; a new key can be made.",
        url_for("console.revoke_api_key", key_id=key_id),
        "Revoke the key",
        url_for("console.api_keys"),
        danger=True,
    )


@blueprint.route("/api-keys/<key_id>/revoke", methods=["POST"])
@access.admin
def revoke_api_key(key_id: str) -> AnyResponse:
    """Refuse it from now on."""
    transaction(lambda session: keys.revoke(session, access.actor(), key_id))
    messages.say("The key is revoked.")
    return go_to("console.api_keys")


def _form(
    status: int = 200, problem: str = "", name: str = "", scopes: list[str] | None = None, days: str = ""
) -> Response:
    may = [(scope, MAY[scope]) for scope in SCOPES]
    return page("api_key_new.html", status, may=may, problem=problem, name=name, scopes=scopes or [], days=days)


def _check(name: str, days: str) -> None:
    if not name or len(name) > MAX_NAME:
        raise Invalid(f"Give the key a name of up to {MAX_NAME} characters.")
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days) <= MAX_DAYS):
        raise Invalid(f"A key ends after 1 to {MAX_DAYS} days, or never.")


def _state(key: KeyEntry) -> tuple[str, str]:
    """(tone, word)."""
    if key.revoked_at:
        return "", "Revoked"
    if key.expires_at and key.expires_at <= datetime.now(UTC):
        return "", "Expired"
    return "success", "Active"
