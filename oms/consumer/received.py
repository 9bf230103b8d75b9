"""A message as it arrived, and the identity of the event it carries."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from confluent_kafka import Message

from oms import outbox
from oms.inbox import MAX_EVENT_ID

# Put on by a replay, for messages that came without an id of their own: a second reading is still the same event.
EVENT_ID_HEADER = "x-oms-event-id"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f]")
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Received:
    """One message of one partition; `key`, `value` and the header values are the producer's bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    event_id: str

    @property
    def lane(self) -> tuple[str, int]:
        """The partition it came from."""
        return self.topic, self.partition

    @property
    def traceparent(self) -> str | None:
        """The W3C trace context it carries, if it is one."""
        found = text_of(self.headers, "ce_traceparent") or text_of(self.headers, "traceparent")
        return found if found and _TRACEPARENT.fullmatch(found) else None


def receive(message: Message) -> Received:
    """Take over what the library has read."""
    topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
    headers = _headers(message.headers())
    event_id = _named(headers) or f"{topic}:{partition}:{offset}:{message.timestamp()[1]}"
    return Received(topic, partition, offset, message.key(), message.value(), headers, event_id)


def text_of(headers: Headers, name: str) -> str | None:
    """A header's text; None when it is absent or not text."""
    raw = next((value for key, value in headers if key == name), None)
    try:
        return raw.decode() if raw else None
    except UnicodeDecodeError:
        return None


def _named(headers: Headers) -> str | None:
    """The event's own id. CloudEvents ids are unique within their source, so a foreign source is part of it.

    A message without any gets topic, partition, offset and time: the offset alone comes again where a broker that
    lives in memory was restarted.
    """
    event_id = text_of(headers, "ce_id")
    source = text_of(headers, "ce_source")
    if event_id and source not in (None, outbox.SOURCE):
        event_id = f"{source} {event_id}"
    event_id = event_id or text_of(headers, EVENT_ID_HEADER)
    if event_id and (len(event_id) > MAX_EVENT_ID or _UNPRINTABLE.search(event_id)):
        return "sha256:" + sha256(event_id.encode()).hexdigest()
    return event_id


def _headers(raw: Any) -> Headers:
    """The library's list of (name, bytes or None); its type allows for more."""
    return tuple((name, value) for name, value in raw or ())
