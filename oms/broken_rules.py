"""What a marshmallow schema found wrong, as pointers: the same words for HTTP, Kafka and the command line."""

from collections.abc import Iterator
from typing import Any

from oms import strict_json


def places(messages: Any) -> list[dict[str, str]]:
    """One `{"pointer", "detail"}` for each message of a `ValidationError`."""
    return [{"pointer": strict_json.pointer(path), "detail": text} for path, text in _flat(messages, ())]


def _flat(messages: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(messages, dict):
        for key, value in messages.items():
            yield from _flat(value, path if key == "_schema" else (*path, key))
    else:
        for text in messages if isinstance(messages, list) else [messages]:
            yield path, str(text)
