"""Signatures of callbacks: HMAC-SHA256 in hexadecimal, compared in constant time, with several secrets in rotation."""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from oms.providers.provider import BadSignature

_HEX = re.compile(r"[0-9a-fA-F]{64}")


def header(headers: Mapping[str, str], name: str) -> str | None:
    """HTTP knows no upper and lower case in names of headers; a dict does."""
    return next((value for given, value in headers.items() if given.lower() == name.lower()), None)


def sign(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def check(given: Iterable[str], message: bytes, secrets: Sequence[str]) -> None:
    """Raises `BadSignature` unless one of the given signatures is one of the secrets'."""
    candidates = [candidate.lower() for candidate in given if _HEX.fullmatch(candidate)]
    # Every pair is compared, so that the time taken does not tell which secret was the right one.
    matches = [hmac.compare_digest(sign(secret, message), candidate) for secret in secrets for candidate in candidates]
    if not any(matches):
        raise BadSignature("The signature of the callback is missing or wrong.")


def check_age(sent_at: datetime, now: datetime, *, past: timedelta, future: timedelta) -> None:
    """Raises `BadSignature` for a callback that is too old, or too far ahead of our clock."""
    if not now - past <= sent_at <= now + future:
        raise BadSignature("The callback is too old, or not of this time.")
