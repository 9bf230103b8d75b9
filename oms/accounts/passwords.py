"""Passwords: argon2id, and the bcrypt hashes an ancestor left behind.

Checking or making a hash takes some 40 ms of one core: never do it inside a transaction.
"""

import ctypes
import unicodedata
from contextlib import suppress

import bcrypt
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

from oms.errors import Invalid

MIN_CHARACTERS = 8
MAX_CHARACTERS = 128
_ITERATIONS, _KIBIBYTES, _LANES = 2, 19_456, 1
_hasher = PasswordHasher(time_cost=_ITERATIONS, memory_cost=_KIBIBYTES, parallelism=_LANES, type=Type.ID)
_BCRYPT = ("$2a$", "$2b$", "$2y$")
_BCRYPT_BYTES = 72
# Nobody's: the price of a wrong password for a user who does not exist.
_DUMMY = f"$argon2id$v=19$m={_KIBIBYTES},t={_ITERATIONS},p={_LANES}${'A' * 22}${'A' * 43}"
# Blocks of this many bytes and more go back to the system when they are freed. Of its own accord glibc stops doing so
# with the first hash, and keeps 19 MB for every thread that has ever made one.
_GIVEN_BACK = 1 << 20
_M_MMAP_THRESHOLD = -3
with suppress(OSError, AttributeError, TypeError):  # another C library, with ways of its own
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _GIVEN_BACK)


def check_rules(password: str, pointer: str = "/password") -> None:
    """Raises `Invalid` unless the password has 8 to 128 characters, none of them a control character."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in password):
        raise Invalid.at(pointer, "Control characters are not allowed.", code="invalid_characters")
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        rule = f"A password has {MIN_CHARACTERS} to {MAX_CHARACTERS} characters."
        raise Invalid.at(pointer, rule, code="invalid_password")


def hash_password(password: str) -> str:
    """An argon2id hash of the whole password, composed (NFC): keyboards differ in how they send an é."""
    return _hasher.hash(_composed(password))


def verify(password: str, stored: str | None) -> bool:
    """Is it the password behind `stored`? With None (no such user, or no password) it is not, after the same time."""
    if stored is not None and stored.startswith(_BCRYPT):
        return _verify_bcrypt(password, stored)
    try:
        return _hasher.verify(stored or _DUMMY, _composed(password))
    except (VerificationError, ValueError):
        return False


def needs_upgrade(stored: str) -> bool:
    """Was it made by an ancestor, or with older parameters?"""
    return stored.startswith(_BCRYPT) or _hasher.check_needs_rehash(stored)


def _composed(password: str) -> bytes:
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _verify_bcrypt(password: str, stored: str) -> bool:
    # bcrypt has never looked further than 72 bytes. The ancestor's library cut silently, today's raises an error.
    try:
        return bcrypt.checkpw(password.encode("utf-8", "surrogatepass")[:_BCRYPT_BYTES], stored.encode())
    except ValueError:
        return False
