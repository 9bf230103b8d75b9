"""One attempt: a POST to an address that was checked, bounded in every direction, and what came of it.

An attempt has a deadline of its own, from the first look-up of the name to the last byte of the answer: the time limit
of a socket starts anew with every packet, so a receiver that trickles would keep us for ever.
"""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError, SSLError
from urllib3.response import BaseHTTPResponse

from oms import __version__
from oms.webhooks import addresses
from oms.webhooks.addresses import Refused, Rules, Target

CONNECT_SECONDS = 3.0
KEPT_BYTES = 1024
# What is read of an answer at most, so that a receiver that sends more is not cut off in the middle of it.
READ_BYTES = 16 * 1024
MAX_ERROR = 200
HEADERS = {"Content-Type": "application/json", "User-Agent": f"oms-webhooks/{__version__}", "Connection": "close"}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it: a status, or an error. `response` is the beginning of the answer, as text."""

    status: int | None
    error: str | None
    duration_ms: int
    response: str | None = None
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(url: str, body: bytes, headers: Mapping[str, str], rules: Rules, seconds: float) -> Result:
    """Send once and wait `seconds` at most; never raises, never follows a redirect."""
    began = time.monotonic()

    def result(status: int | None, error: str | None, **more: Any) -> Result:
        return Result(status, error, round((time.monotonic() - began) * 1000), **more)

    try:
        target = addresses.parse(url, rules)
        found = addresses.resolve(target, rules, min(seconds, addresses.RESOLVE_SECONDS))
    except Refused as error:
        return result(None, str(error))
    left = seconds - (time.monotonic() - began)
    with Deadline(left) as deadline:
        try:
            connection = _connection(target, found, deadline, left)
            status, text, retry_after = _exchange(connection, target, body, {**HEADERS, **headers}, deadline)
        except Exception as error:  # one receiver's odd answer must not stop the deliveries to the others
            late = deadline.is_over or isinstance(error, ReadTimeoutError | TimeoutError)
            return result(None, f"no whole answer within {seconds:g} s" if late else _reason(error))
    return result(status, None if 200 <= status < 300 else f"status {status}", response=text, retry_after=retry_after)


class Deadline:
    """Shuts the sockets given to it when its time is over."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(0.0, seconds), self._end)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    def watch(self, connected: socket.socket) -> None:
        # A handle of its own: TLS takes the first one over.
        handle = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._sockets.append(handle)
            if self.is_over:
                _shut(handle)

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            for watched in self._sockets:
                _shut(watched)


def _shut(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _connection(target: Target, found: Sequence[str], deadline: Deadline, seconds: float) -> HTTPConnection:
    """A connection that dials `found` and nothing else; the name still goes into SNI, and is what TLS verifies."""

    def dial(self: HTTPConnection) -> socket.socket:
        connected = _dialled(self, target, found)
        deadline.watch(connected)
        return connected

    base = HTTPSConnection if target.scheme == "https" else HTTPConnection
    kind: Any = type("Pinned", (base,), {"_new_conn": dial})
    more = {"ssl_context": trust()} if target.scheme == "https" else {}
    made: HTTPConnection = kind(target.host, target.port, timeout=seconds, **more)
    return made


@cache
def trust() -> ssl.SSLContext:
    """The certificates that this machine trusts, read once: that takes longer than a request."""
    return ssl.create_default_context()


def _dialled(connection: HTTPConnection, target: Target, found: Sequence[str]) -> socket.socket:
    """The first address that answers, all of them within the time of one."""
    until, last = time.monotonic() + CONNECT_SECONDS, "no answer"
    for address in found:
        try:
            made = socket.create_connection((address, target.port), max(0.1, until - time.monotonic()))
            made.settimeout(connection.timeout)
            return made
        except TimeoutError:
            last = "timed out"
        except OSError as error:
            last = error.strerror or type(error).__name__
        if time.monotonic() > until:
            break
    raise NewConnectionError(connection, last)


def _exchange(
    connection: HTTPConnection, target: Target, body: bytes, headers: Mapping[str, str], deadline: Deadline
) -> tuple[int, str, str | None]:
    """Status, the beginning of the answer, and its Retry-After."""
    try:
        connection.request(
            "POST",
            target.path,
            body=body,
            headers={"Host": target.authority, **headers},
            preload_content=False,
            decode_content=False,
        )
        response: BaseHTTPResponse = connection.getresponse()
        if deadline.is_over:  # what was cut off in the middle of its headers looks like a short answer
            raise TimeoutError
        return response.status, _beginning(response), response.headers.get("Retry-After")
    finally:
        connection.close()


def _beginning(response: BaseHTTPResponse) -> str:
    """The status has been said: what goes wrong with the rest is the receiver's affair."""
    read = b""
    with contextlib.suppress(HTTPError, OSError):
        while len(read) < READ_BYTES and (part := response.read1(READ_BYTES - len(read))):
            read += part
    return read[:KEPT_BYTES].decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _reason(error: Exception) -> str:
    if isinstance(error, SSLError | ssl.SSLError):
        return f"TLS: {error}"[:MAX_ERROR]
    if isinstance(error, NewConnectionError):
        return f"no connection: {str(error).rpartition(': ')[2]}"[:MAX_ERROR]
    return f"{type(error).__name__}: {error}"[:MAX_ERROR]
