"""Secrets and signatures of Standard Webhooks (standardwebhooks.com).

A secret has to be had again for every request, so it can't be hashed; it is sealed (Fernet: AES-128-CBC and
HMAC-SHA256) with a key derived from `WEBHOOK_ENCRYPTION_KEYS`. The first of them seals, all of them open.
"""

import hmac
import os
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from oms.errors import Conflict

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base64."""
    return PREFIX + b64encode(os.urandom(SECRET_BYTES)).decode()


class Sealer:
    """Seals and opens secrets; made of the setting's keys, the current one first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys]) if keys else None

    def seal(self, secret: str) -> bytes:
        """Raises `Conflict` (webhooks_not_set_up) where no key is set."""
        if self._fernet is None:
            raise Conflict("Set WEBHOOK_ENCRYPTION_KEYS to use webhooks.", code="webhooks_not_set_up")
        return self._fernet.encrypt(secret.encode())

    def open(self, sealed: bytes) -> str | None:
        """None when no key that is set opens it."""
        try:
            return self._fernet.decrypt(sealed).decode() if self._fernet else None
        except InvalidToken:
            return None


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"oms webhook secrets")
    return urlsafe_b64encode(derivation.derive(key.encode()))


def headers(message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers; one signature for each secret, so that a receiver may know either of them."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signatures = (hmac.digest(b64decode(secret.removeprefix(PREFIX)), signed, "sha256") for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(signature).decode()}" for signature in signatures),
    }
