"""Reading a provider's JSON: a member is there and of its type, or the document is not what it claims to be."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_MAX_MINOR = 10**15
_YEAR_3000 = 32_503_680_000


class Unexpected(ValueError):
    """The document has another shape than documented; the text names the member and never its value."""


def is_a(document: dict[str, Any], member: str, kind: str) -> None:
    """Providers write into every document what it is (`"object": "refund"`); raises `Unexpected` for anything else."""
    if document.get(member) != kind:
        raise Unexpected(f"it is no {kind}")


def members(value: Any, name: str) -> dict[str, Any]:
    """`value[name]`, an object."""
    found = value.get(name) if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise Unexpected(f"{name} is not an object")
    return found


def optional_members(value: Any, name: str) -> Mapping[str, Any]:
    """`value[name]`, or nothing: empty, null and (Razorpay's) empty list are all the same."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def listed(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """`document[name]`, a list of objects."""
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Unexpected(f"{name} is not a list of objects")
    return found


def text(document: dict[str, Any], name: str) -> str:
    found = document.get(name)
    if not isinstance(found, str) or not found:
        raise Unexpected(f"{name} is not text")
    return found


def identifier(document: dict[str, Any], name: str) -> str:
    """An id as providers make them: safe in a path and in a column."""
    found = optional_identifier(document, name)
    if found is None:
        raise Unexpected(f"{name} is not an id")
    return found


def optional_identifier(document: dict[str, Any], name: str) -> str | None:
    found = document.get(name)
    return found if isinstance(found, str) and is_id(found) else None


def is_id(value: str) -> bool:
    return bool(_ID.fullmatch(value))


def key(value: Any) -> str | None:
    """A refund's key that came back, or None for anything that can't be one of ours."""
    return value if isinstance(value, str) and _KEY.fullmatch(value) else None


def minor(document: Mapping[str, Any], name: str) -> int:
    """A count of minor units; bool is an int in Python and none here."""
    found = document.get(name)
    if type(found) is not int or not 0 <= found <= _MAX_MINOR:
        raise Unexpected(f"{name} is not an amount")
    return found


def currency(document: dict[str, Any]) -> str:
    """In capitals, as the product writes it."""
    found = document.get("currency")
    if not isinstance(found, str) or not _CURRENCY.fullmatch(found):
        raise Unexpected("currency is not a currency code")
    return found.upper()


def moment(value: Any) -> datetime:
    """A Unix timestamp in whole seconds."""
    if type(value) is not int or not 0 <= value < _YEAR_3000:
        raise Unexpected("no time of creation")
    return datetime.fromtimestamp(value, UTC)
