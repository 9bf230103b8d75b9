"""Receivers of webhooks for tests: real servers on 127.0.0.1 that keep what they get and answer as they are told."""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from standardwebhooks import Webhook

from devstack.server import wait_until

Answering = Callable[["Got"], "Answer"]


@dataclass(frozen=True)
class Answer:
    status: int = 204
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class Got:
    """One request; names of headers in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def json(self) -> Any:
        return json.loads(self.body)

    def verified(self, secret: str) -> Any:
        """The event, if somebody else's implementation of the standard believes it."""
        return Webhook(secret).verify(self.body.decode(), dict(self.headers))


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100  # a worker sends many at once


class Receiver:
    """Answers with 204, or as `answer` says; `hang()` has requests wait until `release` or the end."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[Got] = []
        self.answer: Answering = lambda _: Answer()
        self.under_way = 0
        self.most_under_way = 0
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        if context is not None:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._scheme = "https" if context else "http"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/hook"

    def fail(self, status: int, *headers: tuple[str, str], times: int | None = None) -> None:
        """Answer with this status, always or so many times."""
        left = [times]

        def answer(_: Got) -> Answer:
            if left[0] is None:
                return Answer(status, headers, b"no")
            left[0] -= 1
            return Answer(status, headers, b"no") if left[0] >= 0 else Answer()

        self.answer = answer

    def hang(self) -> None:
        def answer(_: Got) -> Answer:
            self._released.wait(30)
            return Answer()

        self.answer = answer

    def release(self) -> None:
        self._released.set()

    def ids(self) -> list[str]:
        return [got.id for got in self.got]

    def wait_for(self, count: int, seconds: float = 30) -> list[Got]:
        assert wait_until(lambda: len(self.got) >= count, seconds), len(self.got)
        return self.got

    def answered(self, got: Got) -> Answer:
        with self._lock:
            self.got.append(got)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return self.answer(got)
        finally:
            with self._lock:
                self.under_way -= 1


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.answered(Got(self.path, headers, body))
            try:
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler
