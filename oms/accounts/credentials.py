"""What a caller shows, checked by its own bytes: signatures and formats, no I/O but Firebase's cached keys.

Whether it is still good (not revoked, its user not disabled) is what `sessions` finds out.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from oms.accounts import firebase, tokens
from oms.errors import Unauthenticated
from oms.ids import new_id

Kind = Literal["token", "api_key", "firebase"]
_API_KEY = re.compile(r"oms_([0-9A-Z]{26})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Credential:
    """`id` names what can be revoked: a token family, an API key, a Firebase uid. `subject` is the user's id, the key's
    id or the uid. `proof` is the SHA-256 of an API key's secret, which only `sessions` can compare."""

    kind: Kind
    id: str
    subject: str
    proof: str | None = None
    verified_email: str | None = None


def identify(authorization: str | None, api_key: str | None) -> Credential | None:
    """The credential in the two headers; None when there is neither.

    Two at once are refused: which of them acts must not depend on who reads first. Raises `Unauthenticated`
    (credentials_ambiguous, token_invalid, token_expired, token_wrong_type, api_key_invalid) or `Unavailable`.
    """
    if authorization is not None and api_key is not None:
        raise Unauthenticated("Send a bearer token or an API key, not both.", code="credentials_ambiguous")
    if api_key is not None:
        return of_api_key(api_key)
    if authorization is not None:
        return of_bearer(bearer(authorization))
    return None


def bearer(authorization: str) -> str:
    """The token in an Authorization header; raises `Unauthenticated` (token_invalid)."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("The Authorization header must read: Bearer <token>.", code="token_invalid")
    return token.strip()


def of_bearer(token: str) -> Credential:
    """An access token of ours, or Firebase's ID token; raises like `identify`."""
    if not tokens.is_ours(token) and firebase.is_firebase(token):
        return of_firebase(token)
    claims = tokens.verify(token, "access")
    return Credential("token", claims.family_id, claims.user_id)


def of_firebase(id_token: str) -> Credential:
    """Firebase's ID token; raises like `identify`."""
    identity = firebase.verify_id_token(id_token)
    return Credential("firebase", identity.uid, identity.uid, verified_email=identity.verified_email)


def of_api_key(key: str) -> Credential:
    """A well-formed key `oms_<id>_<secret>`; raises `Unauthenticated` (api_key_invalid)."""
    parts = _API_KEY.fullmatch(key)
    if parts is None:
        raise Unauthenticated("The API key is not valid.", code="api_key_invalid")
    return Credential("api_key", parts[1], parts[1], proof=fingerprint(parts[2]))


def new_api_key() -> tuple[str, str, str]:
    """A fresh key with 256 random bits: its id, the fingerprint to keep, and the key to show once."""
    key_id, secret = new_id(), secrets.token_urlsafe(32)
    return key_id, fingerprint(secret), f"oms_{key_id}_{secret}"


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
