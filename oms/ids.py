"""Identifiers made here: ULIDs, 26 characters, ordered by the time they were made."""

import os
import re
import time
from datetime import datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # the digits of base 1024, for speed
ORDER_ID = re.compile(r"[A-Za-z0-9._:-]{1,50}")


def new_id() -> str:
    """48 bits of milliseconds and 80 random bits, in Crockford's base 32 (the ULID specification)."""
    return _written((time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10)))


def first_id(moment: datetime) -> str:
    """The lowest id that can have been made at `moment`, or after it."""
    return _written(max(0, int(moment.timestamp() * 1000)) << 80)


def _written(value: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in range(120, -1, -10)])
