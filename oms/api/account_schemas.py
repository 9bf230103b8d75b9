"""Bodies of the account routes, in and out."""

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from oms.accounts.actor import ROLES, SCOPES
from oms.accounts.emails import MAX_CHARACTERS as MAX_EMAIL
from oms.accounts.passwords import MAX_CHARACTERS as MAX_PASSWORD
from oms.accounts.passwords import MIN_CHARACTERS as MIN_PASSWORD
from oms.accounts.tokens import MAX_TOKEN
from oms.fields import QueryInteger, StrictBoolean, StrictInteger, Text, Timestamp

_EMAIL: Mapping[str, Any] = {"format": "email", "example": "user@example.com"}
# No control characters.
_PASSWORD: Mapping[str, Any] = {
    "format": "password",
    "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
    "example": "a-long-enough-password",
}
_ID: Mapping[str, Any] = {"example": "01J9Z3K4M5N6P7Q8R9S0T1V2W3"}
_JWT: Mapping[str, Any] = {"example": "eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLiJ9.eyJzdWIiOiIuLi4ifQ.signature"}
MAX_KEY_DAYS = 3650


class Registration(Schema):
    """An e-mail address, compared without regard to case, and a password of 8 to 128 characters."""

    email = Text(required=True, validate=validate.Length(3, MAX_EMAIL), metadata=_EMAIL)
    password = Text(required=True, validate=validate.Length(MIN_PASSWORD, MAX_PASSWORD), metadata=_PASSWORD)


class Registered(Schema):
    """The new account."""

    id = fields.String(required=True, metadata=_ID)
    email = fields.String(required=True, metadata=_EMAIL)


class TokenForm(Schema):
    """OAuth2 (RFC 6749): the password grant, which is also meant when none is named, and the refresh grant."""

    class Meta:
        # The RFC says that parameters nobody knows are ignored.
        unknown = EXCLUDE

    grant_type = Text(load_default="password", metadata={"description": "`password` or `refresh_token`"})
    username = Text(validate=validate.Length(max=MAX_EMAIL), metadata=_EMAIL)
    password = Text(validate=validate.Length(max=MAX_PASSWORD), metadata=_PASSWORD)
    refresh_token = Text(validate=validate.Length(max=MAX_TOKEN), metadata=_JWT)
    scope = Text(metadata={"description": "Accepted and ignored."})
    client_id = Text(metadata={"description": "Accepted and ignored."})
    client_secret = Text(metadata={"description": "Accepted and ignored."})

    @validates_schema
    def _complete(self, form: Mapping[str, Any], **_: Any) -> None:
        needed = {"password": ("username", "password"), "refresh_token": ("refresh_token",)}
        missing = [name for name in needed.get(form["grant_type"], ()) if not form.get(name)]
        if missing:
            raise ValidationError({name: ["Missing data for required field."] for name in missing})


class TokenPair(Schema):
    """Send the access token as `Authorization: Bearer ...`; the refresh token buys the next pair, once."""

    access_token = fields.String(required=True, metadata=_JWT)
    refresh_token = fields.String(required=True, metadata=_JWT)
    token_type = fields.String(required=True, metadata={"example": "bearer"})
    expires_in = fields.Integer(required=True, metadata={"example": 1800, "description": "Seconds."})


class RefreshBody(Schema):
    """May be left out when the refresh token is sent as the bearer token."""

    body_optional = True
    refresh_token = Text(validate=validate.Length(1, MAX_TOKEN), metadata=_JWT)


class FirebaseBody(Schema):
    """May be left out when the Firebase ID token is sent as the bearer token."""

    body_optional = True
    id_token = Text(validate=validate.Length(1, MAX_TOKEN), metadata=_JWT)


class PasswordBody(Schema):
    """The old and the new password."""

    current_password = Text(required=True, validate=validate.Length(max=MAX_PASSWORD), metadata=_PASSWORD)
    new_password = Text(required=True, validate=validate.Length(MIN_PASSWORD, MAX_PASSWORD), metadata=_PASSWORD)


class Me(Schema):
    """Who the server thinks you are. An API key has scopes, a person has a role."""

    id = fields.String(required=True, metadata=_ID)
    email = fields.String(required=True, allow_none=True, metadata=_EMAIL)
    role = fields.String(required=True, allow_none=True, validate=validate.OneOf([*ROLES, None]))
    roles = fields.List(fields.String(), required=True)
    scopes = fields.List(fields.String(), required=True)
    kind = fields.String(required=True, validate=validate.OneOf([*ROLES, "api_key"]))


class User(Schema):
    """An account as admins see it; `email` is null for people known to Firebase only."""

    id = fields.String(required=True, metadata=_ID)
    email = fields.String(required=True, allow_none=True, metadata=_EMAIL)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    is_active = fields.Boolean(required=True)
    created_at = Timestamp(required=True)


class UserQuery(Schema):
    """Newest first; `cursor` is the `next_cursor` of the page before."""

    limit = QueryInteger(low=1, high=100, load_default=50)
    cursor = Text(attribute="after", validate=validate.Length(1, 50))
    email = Text(validate=validate.Length(1, MAX_EMAIL), metadata=_EMAIL)


class UserPage(Schema):
    """A page of accounts; `next_cursor` is null on the last one."""

    users = fields.List(fields.Nested(User), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class UserChange(Schema):
    """What to change; it ends every session of the user."""

    role = Text(validate=validate.OneOf(ROLES))
    is_active = StrictBoolean()

    @validates_schema
    def _something(self, change: Mapping[str, Any], **_: Any) -> None:
        if not change:
            raise ValidationError("Name role or is_active.")


class NewApiKey(Schema):
    """What the key is for, and what it may do."""

    name = Text(required=True, validate=validate.Length(1, 100), metadata={"example": "warehouse Pune"})
    scopes = fields.List(
        Text(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(1, len(SCOPES)),
        metadata={"example": ["orders:read", "fulfilment"]},
    )
    expires_in_days = StrictInteger(low=1, high=MAX_KEY_DAYS, metadata={"example": 365})


class ApiKey(Schema):
    """A key without its secret."""

    id = fields.String(required=True, metadata=_ID)
    name = fields.String(required=True, metadata={"example": "warehouse Pune"})
    scopes = fields.List(fields.String(), required=True)
    created_by = fields.String(required=True)
    created_at = Timestamp(required=True)
    expires_at = Timestamp(required=True, allow_none=True)
    revoked_at = Timestamp(required=True, allow_none=True)


class ApiKeys(Schema):
    """All keys, newest first, revoked ones too."""

    api_keys = fields.List(fields.Nested(ApiKey), required=True)


class CreatedApiKey(ApiKey):
    """The key in full, this once; send it as `X-API-Key`."""

    key = fields.String(required=True, metadata={"example": "oms_01J9Z3K4M5N6P7Q8R9S0T1V2W3_" + "x" * 43})
