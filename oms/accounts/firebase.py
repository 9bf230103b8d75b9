"""Firebase ID tokens, verified with keys from a URL or a file; no Google library needed.

The keys are kept as long as `Cache-Control: max-age` says. When their server is away the old ones serve for another
day; a key id nobody knows makes us look again, but not more than once a minute, whatever strangers send.
"""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt as pyjwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate
from flask import current_app
from jwt.types import Options

from oms.accounts import emails, tokens
from oms.errors import Unauthenticated, Unavailable
from oms.extensions import settings

ISSUER_PREFIX = "https://securetoken.google.com/"
MAX_KEYS_BYTES = 1_000_000
FETCH_SECONDS = 3.0
DEFAULT_LIFE_SECONDS = 3600.0
STALE_SECONDS = 24 * 3600.0
COOL_DOWN_SECONDS = 60.0
FIRST_COOL_DOWN_SECONDS = 1.0
_MAX_UID = 128
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")
_CHECKS: Options = {"require": ["exp", "iat", "aud", "iss", "sub", "auth_time"], "strict_aud": True}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FirebaseIdentity:
    """Who Firebase says it is; `verified_email` is normalised, and None unless Firebase has verified it."""

    uid: str
    verified_email: str | None


class KeySource:
    """Public keys by key id, from an http(s) URL or a file: Firebase's map of certificates, or a JWK set."""

    def __init__(self, source: str, now: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._good_until = float("-inf")
        self._last_try = float("-inf")

    def key(self, kid: str) -> RSAPublicKey | None:
        """None for a key id that isn't known; raises `Unavailable` when there are no keys to look in."""
        found = self._keys.get(kid)
        if found is None or self._now() >= self._good_until:
            self._look_again()
            found = self._keys.get(kid)
        if self._now() >= self._good_until + STALE_SECONDS:
            raise Unavailable("The keys of Firebase can't be reached.", code="identity_provider_unavailable")
        return found

    def _look_again(self) -> None:
        # Whoever has keys, if old ones, does not queue behind the one who is fetching.
        if not self._lock.acquire(blocking=not self._keys):
            return
        try:
            cool_down = COOL_DOWN_SECONDS if self._keys else FIRST_COOL_DOWN_SECONDS
            if self._now() >= self._last_try + cool_down:
                self._refresh()
        finally:
            self._lock.release()

    def _refresh(self) -> None:
        self._last_try = self._now()
        try:
            raw, life = self._fetch()
            self._keys = parse_keys(raw)
            self._good_until = self._last_try + life
        except (OSError, ValueError, pyjwt.PyJWTError) as error:
            _log.warning("firebase_keys_unavailable", reason=type(error).__name__)

    def _fetch(self) -> tuple[bytes, float]:
        if not self._source.startswith(("https://", "http://")):
            return Path(self._source).read_bytes(), DEFAULT_LIFE_SECONDS
        with urllib.request.urlopen(self._source, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - http(s) only, above
            raw: bytes = answer.read(MAX_KEYS_BYTES + 1)
            max_age = _MAX_AGE.search(answer.headers.get("Cache-Control", ""))
        if len(raw) > MAX_KEYS_BYTES:
            raise ValueError("too large for a key set")
        return raw, float(max_age[1]) if max_age else DEFAULT_LIFE_SECONDS


def parse_keys(raw: bytes) -> dict[str, RSAPublicKey]:
    """A map of key ids to X.509 certificates, or a JWK set; raises ValueError when there is no RSA key in it."""
    document: Any = json.loads(raw)
    if not isinstance(document, dict):
        raise ValueError("not a key set")
    found: dict[str, Any]
    if "keys" in document:
        found = {key.key_id: key.key for key in pyjwt.PyJWKSet.from_dict(document).keys if key.key_id}
    else:
        found = {kid: load_pem_x509_certificate(str(pem).encode()).public_key() for kid, pem in document.items()}
    keys = {kid: key for kid, key in found.items() if isinstance(key, RSAPublicKey)}
    if not keys:
        raise ValueError("no RSA key in the set")
    return keys


class FirebaseVerifier:
    """Verifies the ID tokens of one Firebase project."""

    def __init__(self, project_id: str, keys: KeySource) -> None:
        self._project_id = project_id
        self._keys = keys

    def verify(self, token: str) -> FirebaseIdentity:
        """Raises `Unauthenticated` (token_invalid, token_expired), or `Unavailable` without any keys."""
        claims = self._claims(token, self._key_for(token))
        uid, signed_in_at = claims["sub"], claims["auth_time"]
        if not 0 < len(uid) <= _MAX_UID or "\x00" in uid:
            raise tokens.invalid()
        # bool is an int, and NaN is no time: only a plain number that lies in the past will do.
        if type(signed_in_at) not in (int, float) or not signed_in_at <= time.time() + tokens.LEEWAY_SECONDS:
            raise tokens.invalid()
        return FirebaseIdentity(uid, _verified_email(claims))

    def _key_for(self, token: str) -> RSAPublicKey:
        kid = tokens.unverified_header(token).get("kid")
        key = self._keys.key(kid) if isinstance(kid, str) else None
        if key is None:
            raise tokens.invalid()
        return key

    def _claims(self, token: str, key: RSAPublicKey) -> dict[str, Any]:
        try:
            return pyjwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=ISSUER_PREFIX + self._project_id,
                audience=self._project_id,
                leeway=tokens.LEEWAY_SECONDS,
                options=_CHECKS,
            )
        except pyjwt.PyJWTError as error:
            raise tokens.refused(error) from error


def is_firebase(token: str) -> bool:
    """Does the token claim to come from Firebase? Believed by nobody until `verify_id_token` has seen it."""
    issuer = tokens.unverified_segment(token, 1).get("iss")
    return isinstance(issuer, str) and issuer.startswith(ISSUER_PREFIX)


def verify_id_token(token: str) -> FirebaseIdentity:
    """Raises `Unauthenticated` (token_invalid, token_expired, firebase_not_configured) or `Unavailable`."""
    project_id = settings().firebase_project_id
    if project_id is None:
        raise Unauthenticated("Firebase sign-in is not set up here.", code="firebase_not_configured")
    verifier = current_app.extensions.get("oms_firebase")
    if verifier is None:
        # Two threads may both get here at the start; the one whose verifier is dropped fetched its keys in vain.
        verifier = FirebaseVerifier(project_id, KeySource(settings().firebase_keys))
        verifier = current_app.extensions.setdefault("oms_firebase", verifier)
    identity: FirebaseIdentity = verifier.verify(token)
    return identity


def _verified_email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    normalised = emails.normalise(email)
    return normalised if emails.is_address(normalised) else None
