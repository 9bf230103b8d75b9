"""One strict JSON reader for every door (HTTP, Kafka, command line), and the one writer.

`json.loads` alone accepts NaN, turns 1e400 into infinity, keeps the last of two equal keys, lets NUL and lone
surrogates through, and fails with ValueError or RecursionError on hostile input. Here each is a named refusal, and a
number with a fraction arrives as a Decimal: money never passes through a float.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from oms.errors import Invalid, Malformed

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_KEY = 256
_MAX_DIGITS = 30
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def read(raw: bytes) -> Any:
    """Parse one JSON document (bytes, UTF-8 without a byte order mark).

    Returns dict, list, str, int, Decimal, bool or None. Raises `Malformed` (invalid_json, duplicate_key, too_deep) or
    `Invalid` (out_of_range, invalid_characters with a pointer, too_large).
    """
    try:
        document = json.loads(
            raw.decode("utf-8"),
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8 text.", code="invalid_json") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at character {error.pos}.", code="invalid_json") from error
    except RecursionError as error:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.", code="too_deep") from error
    _Inspection().visit(document, (), 0)
    return document


def write(document: Any) -> bytes:
    """Serialise; Decimals come out as numbers with their exact text, datetimes as RFC 3339 in UTC."""
    return orjson.dumps(document, default=_exact, option=orjson.OPT_UTC_Z)


def canonical(document: Any) -> bytes:
    """The same bytes for the same document, whatever the white space and key order it was sent with."""
    return orjson.dumps(document, default=_exact, option=orjson.OPT_SORT_KEYS)


def number(value: Decimal) -> orjson.Fragment:
    """A Decimal as a JSON number with exactly its own digits."""
    return orjson.Fragment(format(value, "f").encode())


def _exact(value: Any) -> Any:
    if isinstance(value, Decimal):
        return number(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _fraction(text: str) -> Decimal:
    if len(text) > 2 * _MAX_DIGITS:
        raise _out_of_range()
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise _out_of_range() from error
    # Zero too: 0e-99999999 would be written out with all its places.
    if abs(value.adjusted()) > _MAX_DIGITS:
        raise _out_of_range()
    return value


def _integer(text: str) -> int | Decimal:
    if len(text) > _MAX_DIGITS:
        raise _out_of_range()
    value = int(text)
    # The writer knows 64 bits; a longer number keeps its digits as a Decimal.
    return value if -(2**63) <= value < 2**64 else Decimal(text)


def _out_of_range() -> Invalid:
    return Invalid("A number in the body is out of range.", code="out_of_range")


def _constant(text: str) -> Any:
    raise Malformed(f"{text} is not JSON.", code="invalid_json")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("An object in the body has the same key twice.", code="duplicate_key")
    return found


def pointer(path: tuple[str | int, ...]) -> str:
    """RFC 6901 pointer of a path such as ("items", 0, "sku")."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


class _Inspection:
    """Bounds that the parser does not have: depth, number of values, key length, characters."""

    def __init__(self) -> None:
        self._nodes = 0

    def visit(self, value: Any, path: tuple[str | int, ...], depth: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Invalid(f"The body holds more than {MAX_NODES} values.", code="too_large")
        if type(value) is str:
            self._text(value, path)
        elif type(value) is dict:
            self._deeper(depth)
            for key, member in value.items():
                self._key(key, path)
                self.visit(member, (*path, key), depth + 1)
        elif type(value) is list:
            self._deeper(depth)
            for position, member in enumerate(value):
                self.visit(member, (*path, position), depth + 1)

    @staticmethod
    def _deeper(depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.", code="too_deep")

    @staticmethod
    def _text(value: str, path: tuple[str | int, ...]) -> None:
        if _FORBIDDEN.search(value):
            raise Invalid.at(pointer(path), "Control characters are not allowed.", code="invalid_characters")

    @staticmethod
    def _key(key: str, path: tuple[str | int, ...]) -> None:
        if len(key) > MAX_KEY:
            raise Invalid.at(pointer(path), f"A key is longer than {MAX_KEY} characters.", code="too_large")
        if _FORBIDDEN.search(key):
            raise Invalid.at(pointer(path), "A key holds control characters.", code="invalid_characters")
