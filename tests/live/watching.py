"""Server-sent events, as somebody who watches an order reads them."""

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was sent; a comment has no type."""

    type: str
    id: str = ""
    data: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Watcher:
    """Somebody who watches an order over a real connection."""

    def __init__(self, port: int, headers: Mapping[str, str], path: str, last: str | None = None) -> None:
        sent = {**headers, **({"Last-Event-ID": last} if last else {})}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.request("GET", f"{path}/events", headers=sent)
        self.answer = self._connection.getresponse()

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self.answer.close()
        self._connection.close()

    def parts(self) -> Iterator[dict[str, str]]:
        """What stands between empty lines, by its names; ends with the stream."""
        found: dict[str, str] = {}
        while line := self.answer.readline():
            name, _, value = line.decode().rstrip("\n").partition(":")
            if line == b"\n":
                yield found
                found = {}
            else:
                found[name] = value.removeprefix(" ")

    def next(self) -> Event:
        """The next event, whatever else comes before it."""
        for part in self.parts():
            if "event" in part:
                return Event(part["event"], part.get("id", ""), part["data"])
        raise EOFError

    def rest(self) -> list[Event]:
        """All that comes until the stream ends."""
        return [Event(part["event"], part.get("id", ""), part["data"]) for part in self.parts() if "event" in part]
