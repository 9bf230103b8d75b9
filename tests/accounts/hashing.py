"""The hashing that was done, so that two ways of being refused can be compared without a clock.

A file of tests takes it in with `hashed = pytest.fixture(hashing.hashed)`.
"""

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError


def hashed(monkeypatch: pytest.MonkeyPatch) -> list[argon2.Parameters]:
    """What each password that did not fit was hashed with; one that was refused without hashing is not among them."""
    done: list[argon2.Parameters] = []
    verify = argon2.PasswordHasher.verify

    def counting(self: argon2.PasswordHasher, stored: str | bytes, password: str | bytes) -> bool:
        try:
            return verify(self, stored, password)
        except VerifyMismatchError:  # said after the whole work, unlike a hash that can't be read
            done.append(argon2.extract_parameters(str(stored)))
            raise

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    return done
