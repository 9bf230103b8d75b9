"""Our own JSON Web Tokens: pairs are signed through flask-jwt-extended, and verified with exactly one signature check.

Every key has an id (`kid`, a thumbprint) and one algorithm, and a token's `kid` decides both: an attacker's `alg` has
no say. Former keys verify and never sign, whatever their algorithm, so secrets and even algorithms can be rotated
without signing anybody out.

flask-jwt-extended's own `decode_token` reads the token three times and can't demand claims, so that a token without
`exp` would live for ever; verification therefore asks PyJWT, which does the work beneath it, directly. What it found is
kept for as long as it may be true: the bytes of a token say the same each time, only the clock goes on.
"""

import hashlib
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

import jwt as pyjwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from flask import Flask, current_app
from flask_jwt_extended import create_access_token, create_refresh_token
from jwt.types import Options
from jwt.utils import base64url_decode

from oms.config import Settings
from oms.errors import ConfigurationError, Unauthenticated
from oms.extensions import jwt, settings

TokenType = Literal["access", "refresh", "console"]
PublicKey = RSAPublicKey | Ed25519PublicKey
ISSUER = AUDIENCE = "oms"
LEEWAY_SECONDS = 5
MAX_TOKEN = 8192
# Far longer than any header of ours or Firebase's, and far too short to be nested into a RecursionError.
_MAX_HEADER = 512
_MIN_RSA_BITS = 2048
# A token of ours has some 500 bytes.
_MAX_VERIFIED = 4096
_PUBLIC_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
_CHECKS: Options = {
    "require": ["exp", "iat", "nbf", "iss", "aud", "sub", "jti", "type", "fam"],
    "strict_aud": True,
}


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: whose it is, which family it belongs to, and its own id."""

    user_id: str
    family_id: str
    jti: str


@dataclass(frozen=True, slots=True)
class Grant:
    """A family's right to its next pair; `jti` will be the id of the refresh token."""

    user_id: str
    family_id: str
    jti: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The answer of OAuth2; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "bearer"  # noqa: S105 - the name of the scheme


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    kid: str
    algorithm: str
    material: bytes | PublicKey


@dataclass(frozen=True, slots=True)
class _Verified:
    """`until` is Unix time: `exp`, as the token has it."""

    claims: Claims
    type: str
    until: float


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The one key that signs, and all that verify, parsed once: a PEM string costs 42 ms per RS256 signature.

    `verified` holds tokens whose signature was good, by their text.
    """

    signing: bytes | RSAPrivateKey | Ed25519PrivateKey
    current: VerifyingKey
    by_kid: Mapping[str, VerifyingKey]
    verified: dict[str, _Verified] = field(default_factory=dict)


def bind_jwt(app: Flask, settings: Settings) -> None:
    """Parse the keys and configure flask-jwt-extended; raises `ConfigurationError` for a key that can't be used."""
    ring = load_keys(settings)
    app.extensions["oms_token_keys"] = ring
    app.config.update(
        JWT_ALGORITHM=ring.current.algorithm,
        JWT_DECODE_ALGORITHMS=[ring.current.algorithm],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_LEEWAY=LEEWAY_SECONDS,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(minutes=settings.jwt_access_minutes),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(minutes=settings.jwt_refresh_minutes),
        JWT_COOKIE_CSRF_PROTECT=False,
    )
    jwt.init_app(app)
    jwt.encode_key_loader(lambda _: _ring().signing)
    jwt.decode_key_loader(lambda header, _: _key_named(header.get("kid")).material)


def issue(grant: Grant) -> TokenPair:
    """Sign a pair for the grant."""
    headers = {"kid": _ring().current.kid}
    family = {"fam": grant.family_id}
    return TokenPair(
        create_access_token(grant.user_id, additional_claims=family, additional_headers=headers),
        create_refresh_token(grant.user_id, additional_claims={**family, "jti": grant.jti}, additional_headers=headers),
        settings().jwt_access_minutes * 60,
    )


def issue_console(grant: Grant, email: str | None) -> str:
    """The token of a session of the console: good for `CONSOLE_SESSION_HOURS`, if its family lives that long."""
    token: str = create_access_token(
        grant.user_id,
        expires_delta=timedelta(hours=settings().console_session_hours),
        additional_claims={"fam": grant.family_id, "jti": grant.jti, "type": "console", "email": email},
        additional_headers={"kid": _ring().current.kid},
    )
    return token


def verify(token: str, expected: TokenType) -> Claims:
    """Signature, issuer, audience, times and type, without I/O.

    Raises `Unauthenticated` (token_invalid, token_expired, token_wrong_type).
    """
    known = _ring().verified.get(token) or _verify(token)
    if known.until <= time.time() - LEEWAY_SECONDS:
        raise _expired()
    if known.type != expected:
        raise Unauthenticated(f"This is not a token for {expected}.", code="token_wrong_type")
    return known.claims


def _verify(token: str) -> _Verified:
    key = _key_named(unverified_header(token).get("kid"))
    try:
        claims = pyjwt.decode(
            token,
            key.material,
            algorithms=[key.algorithm],
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=LEEWAY_SECONDS,
            options=_CHECKS,
        )
    except pyjwt.PyJWTError as error:
        raise refused(error) from error
    found = _Verified(Claims(claims["sub"], claims["fam"], claims["jti"]), claims["type"], float(claims["exp"]))
    verified = _ring().verified
    if len(verified) >= _MAX_VERIFIED:
        verified.clear()
    verified[token] = found
    return found


def is_ours(token: str) -> bool:
    """Does it name a key of ours?"""
    return token in _ring().verified or unverified_header(token).get("kid") in _ring().by_kid


def unverified_header(token: str) -> dict[str, Any]:
    """Raises `Unauthenticated` (token_invalid) unless the token begins with a small JSON object."""
    return unverified_segment(token, 0, _MAX_HEADER)


def unverified_segment(token: str, position: int, limit: int = MAX_TOKEN) -> dict[str, Any]:
    """The JSON object in one of the token's parts, believed by nobody yet; raises `Unauthenticated` (token_invalid)."""
    segments = token.split(".", 3)
    if len(token) > MAX_TOKEN or len(segments) != 3 or len(segments[position]) > limit:
        raise invalid()
    try:
        found = json.loads(base64url_decode(segments[position]))
    except (ValueError, RecursionError) as error:
        raise invalid() from error
    if not isinstance(found, dict):
        raise invalid()
    return found


def invalid() -> Unauthenticated:
    return Unauthenticated("The token is not valid.", code="token_invalid")


def refused(error: pyjwt.PyJWTError) -> Unauthenticated:
    """PyJWT's reason in our words; only expiry is told apart, for a client's next step is another then."""
    if isinstance(error, pyjwt.ExpiredSignatureError):
        return _expired()
    return invalid()


def _expired() -> Unauthenticated:
    return Unauthenticated("The token has expired.", code="token_expired")


def load_keys(settings: Settings) -> KeyRing:
    """The keys the settings name; raises `ConfigurationError`."""
    signing, current = _signing_key(settings)
    secrets = [_secret_key(secret) for secret in settings.jwt_previous_secret_keys]
    former = [*secrets, *_former_public_keys(settings.jwt_previous_public_keys)]
    return KeyRing(signing, current, {key.kid: key for key in (*former, current)})


def _signing_key(settings: Settings) -> tuple[bytes | RSAPrivateKey | Ed25519PrivateKey, VerifyingKey]:
    if settings.jwt_algorithm == "HS256":
        secret = settings.jwt_secret_key or ""
        return secret.encode(), _secret_key(secret)
    private = _private_key(settings.jwt_private_key or "")
    current = _public_key(private.public_key(), "JWT_PRIVATE_KEY")
    if current.algorithm != settings.jwt_algorithm:
        raise ConfigurationError(f"configuration: JWT_PRIVATE_KEY is not a key for {settings.jwt_algorithm}")
    return private, current


def _private_key(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    try:
        key = load_pem_private_key(_with_line_ends(pem), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError("configuration: JWT_PRIVATE_KEY is not an unencrypted private key in PEM") from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigurationError("configuration: JWT_PRIVATE_KEY must be an RSA or an Ed25519 key")
    return key


def _former_public_keys(pem: str | None) -> list[VerifyingKey]:
    name = "JWT_PREVIOUS_PUBLIC_KEYS"
    blocks = _PUBLIC_PEM.findall(pem or "")
    if pem and not blocks:
        raise ConfigurationError(f"configuration: {name} holds no public key in PEM")
    try:
        return [_public_key(load_pem_public_key(_with_line_ends(block)), name) for block in blocks]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"configuration: {name} holds a key that can't be read") from error


def _with_line_ends(pem: str) -> bytes:
    # Many platforms can only keep one line in a variable.
    return pem.replace("\\n", "\n").encode()


def _secret_key(secret: str) -> VerifyingKey:
    return VerifyingKey(_thumbprint(b"oms secret\0" + secret.encode()), "HS256", secret.encode())


def _public_key(key: object, name: str) -> VerifyingKey:
    if not isinstance(key, RSAPublicKey | Ed25519PublicKey):
        raise ConfigurationError(f"configuration: {name} must be an RSA or an Ed25519 key")
    if isinstance(key, RSAPublicKey) and key.key_size < _MIN_RSA_BITS:
        raise ConfigurationError(f"configuration: {name} must have {_MIN_RSA_BITS} bits or more")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return VerifyingKey(_thumbprint(der), "RS256" if isinstance(key, RSAPublicKey) else "EdDSA", key)


def _thumbprint(material: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(material).digest()[:9]).decode()


def _ring() -> KeyRing:
    ring: KeyRing = current_app.extensions["oms_token_keys"]
    return ring


def _key_named(kid: object) -> VerifyingKey:
    key = _ring().by_kid.get(kid) if isinstance(kid, str) else None
    if key is None:
        raise invalid()
    return key
