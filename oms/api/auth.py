"""Accounts over HTTP: register, sign in, stay signed in, sign out; and what admins do with users and API keys."""

from collections.abc import Callable
from typing import Any

from flask import request

from oms.accounts import api_keys, credentials, passwords, sign_in, tokens, users
from oms.accounts.tokens import Grant
from oms.api import access
from oms.api import account_schemas as schemas
from oms.api.openapi import OmsBlueprint
from oms.errors import Malformed, Unauthenticated
from oms.transactions import read, transaction
from oms.web import rate_limits

NO_STORE = {"Cache-Control": "no-store"}
Form = dict[str, Any]

blueprint = OmsBlueprint("accounts", __name__, description="Accounts, tokens and API keys")


@blueprint.route("/register", methods=["POST"])
@access.public
@rate_limits.login_limits
@blueprint.arguments(schemas.Registration)
@blueprint.response(201, schemas.Registered)
@blueprint.problems(400, 409, 422, 429)
def register(body: Form) -> users.Account:
    """Make an account.

    The address is compared without regard to case; 409 `email_taken` when it has an account already.
    """
    passwords.check_rules(body["password"])
    hashed = passwords.hash_password(body["password"])
    return transaction(lambda session: users.register(session, body["email"], hashed))


@blueprint.route("/auth/token", methods=["POST"])
@access.public
@rate_limits.login_limits
@blueprint.arguments(schemas.TokenForm, location="form")
@blueprint.response(200, schemas.TokenPair)
@blueprint.problems(400, 401, 422, 429)
def token(form: Form) -> Any:
    """Sign in (OAuth2 password form), or trade a refresh token for the next pair.

    401 `invalid_grant` has one body for a wrong password and for an unknown user.
    """
    grant = _GRANTS.get(form["grant_type"])
    if grant is None:
        code = "unsupported_grant_type"
        raise Malformed("grant_type must be password or refresh_token.", code=code, error=code)
    return _pair(grant(form))


@blueprint.route("/auth/refresh", methods=["POST"])
@access.public
@blueprint.arguments(schemas.RefreshBody, required=False)
@blueprint.response(200, schemas.TokenPair)
@blueprint.problems(400, 401, 422, 429)
def refresh(body: Form) -> Any:
    """Trade a refresh token, from the body or else the bearer token, for the next pair.

    A refresh token works once. Showing one again ends the session for everybody who holds a token of it.
    """
    return _pair(_refreshed(body.get("refresh_token") or _bearer()))


@blueprint.route("/auth/logout", methods=["POST"])
@access.people
@blueprint.response(204)
@blueprint.problems(401, 403, 429)
def logout() -> None:
    """End this session: its access and refresh tokens are refused from now on."""
    transaction(lambda session: sign_in.log_out(session, access.actor().session_id))


@blueprint.route("/auth/me", methods=["GET"])
@access.signed_in
@blueprint.response(200, schemas.Me)
@blueprint.problems(401, 429)
def me() -> Form:
    """Who am I, and what may I do?"""
    actor = access.actor()
    known: Form = {"id": actor.id, "kind": actor.kind, "scopes": sorted(actor.scopes)}
    if actor.kind == "api_key":
        return {**known, "email": None, "role": None, "roles": []}
    account = read(lambda session: users.find(session, actor.id))
    return {**known, "email": account.email, "role": account.role, "roles": [account.role]}


@blueprint.route("/auth/password", methods=["POST"])
@access.people
@rate_limits.login_limits
@blueprint.arguments(schemas.PasswordBody)
@blueprint.response(204)
@blueprint.problems(400, 401, 403, 422, 429)
def change_password(body: Form) -> None:
    """Change my password. It ends all my sessions, this one too: sign in again."""
    change = sign_in.prepare_password_change(access.actor().id, body["current_password"], body["new_password"])
    transaction(lambda session: sign_in.change_password(session, change))


@blueprint.route("/auth/firebase", methods=["POST"])
@access.public
@blueprint.arguments(schemas.FirebaseBody, required=False)
@blueprint.response(200, schemas.TokenPair)
@blueprint.problems(400, 401, 422, 429, 503)
def firebase(body: Form) -> Any:
    """Trade a Firebase ID token, from the body or else the bearer token, for a pair of ours.

    The account is made on first use.
    """
    shown = credentials.of_firebase(body.get("id_token") or _bearer())
    return _pair(transaction(lambda session: sign_in.open_firebase_family(session, shown)))


@blueprint.route("/users", methods=["GET"])
@access.admin
@blueprint.arguments(schemas.UserQuery, location="query")
@blueprint.response(200, schemas.UserPage)
@blueprint.problems(401, 403, 422, 429)
def list_users(query: Form) -> users.AccountPage:
    """All accounts, newest first."""
    return read(lambda session: users.page(session, **query))


@blueprint.route("/users/<user_id>", methods=["PATCH"])
@access.admin
@blueprint.arguments(schemas.UserChange)
@blueprint.response(200, schemas.User)
@blueprint.problems(400, 401, 403, 404, 409, 422, 429)
def change_user(body: Form, user_id: str) -> users.Account:
    """Give somebody a role, disable or enable him; his sessions end. 409 `own_account` for oneself."""
    return transaction(lambda session: users.change(session, access.actor(), user_id, **body))


@blueprint.route("/api-keys", methods=["POST"])
@access.admin
@blueprint.arguments(schemas.NewApiKey)
@blueprint.response(201, schemas.CreatedApiKey)
@blueprint.problems(400, 401, 403, 422, 429)
def create_api_key(body: Form) -> Any:
    """Make an API key; this answer is the only one that shows it."""
    made = transaction(lambda session: api_keys.create(session, access.actor(), **body))
    return made, NO_STORE


@blueprint.route("/api-keys", methods=["GET"])
@access.admin
@blueprint.response(200, schemas.ApiKeys)
@blueprint.problems(401, 403, 429)
def list_api_keys() -> Form:
    """All API keys, without their secrets."""
    return {"api_keys": read(api_keys.listed)}


@blueprint.route("/api-keys/<key_id>", methods=["DELETE"])
@access.admin
@blueprint.response(204)
@blueprint.problems(401, 403, 404, 429)
def revoke_api_key(key_id: str) -> None:
    """Refuse the key from now on; again is no error."""
    transaction(lambda session: api_keys.revoke(session, access.actor(), key_id))


def _by_password(form: Form) -> Grant:
    user = sign_in.authenticate(form["username"], form["password"])
    return transaction(lambda session: sign_in.open_family(session, user))


def _refreshed(refresh_token: str) -> Grant:
    claims = sign_in.refresh_claims(refresh_token)
    return sign_in.granted(transaction(lambda session: sign_in.rotate(session, claims)))


_GRANTS: dict[str, Callable[[Form], Grant]] = {
    "password": _by_password,
    "refresh_token": lambda form: _refreshed(form["refresh_token"]),
}


def _pair(grant: Grant) -> tuple[tokens.TokenPair, dict[str, str]]:
    return tokens.issue(grant), NO_STORE


def _bearer() -> str:
    authorization = request.headers.get("Authorization")
    if authorization is None:
        raise Unauthenticated("Send the token in the body or as bearer token.", code="credentials_missing")
    return credentials.bearer(authorization)
