"""What the servers that play payment providers share: real sockets on 127.0.0.1, a record of requests, faults."""

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

HANG, HANG_AFTERWARDS, RESET, RESET_AFTERWARDS = "hang", "hang afterwards", "reset", "reset afterwards"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; names of headers in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=bool(self.body)))


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


def as_json(status: int, document: Any, *headers: tuple[str, str]) -> Answer:
    return Answer(status, json.dumps(document, separators=(",", ":")).encode(), headers)


class ProviderServer:
    """Subclasses answer requests from a ledger of their own; `with` starts and stops it.

    `fail(...)` queues faults for the next requests, one each: a status (answered without doing anything), an `Answer`,
    a function of the request, or one of the words above (`hang` waits until `release` or the end; `... afterwards`
    does the work first, so that only the answer is lost). `only` limits them to requests of a method.
    """

    def __init__(self) -> None:
        self.requests: list[Seen] = []
        self.lock = threading.RLock()
        self.released = threading.Event()
        self._faults: list[tuple[Any, str | None]] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def fail(self, *faults: int | str | Answer | Callable[[Seen], Answer], only: str | None = None) -> None:
        with self.lock:
            self._faults += [(fault, only) for fault in faults]

    def calm(self) -> None:
        """Forget the faults that nobody has met."""
        with self.lock:
            self._faults.clear()

    def recover(self) -> None:
        """No request fails any more."""
        with self.lock:
            self._faults.clear()

    def release(self) -> None:
        """Let everything go on that hangs."""
        self.released.set()

    def asked(self, method: str, ending: str = "") -> list[Seen]:
        """The requests so far of this method whose path ends so."""
        return [seen for seen in self.requests if seen.method == method and seen.path.endswith(ending)]

    def answer(self, seen: Seen) -> Answer:
        raise NotImplementedError

    def failure(self, status: int) -> Answer:
        """The documented answer with this status."""
        raise NotImplementedError

    def next_fault(self, method: str) -> Any:
        with self.lock:
            for position, (fault, only) in enumerate(self._faults):
                if only in (None, method):
                    del self._faults[position]
                    return fault
        return None


def _handler(server: ProviderServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Headers and body in one packet, or the other side waits 40 ms for the second.
        wbufsize = 64 * 1024

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            seen = self._read()
            with server.lock:
                server.requests.append(seen)
            fault = server.next_fault(seen.method)
            if fault in (HANG, RESET):
                self._lose(fault)
            elif fault in (HANG_AFTERWARDS, RESET_AFTERWARDS):
                with server.lock:
                    server.answer(seen)
                self._lose(fault)
            elif fault is None:
                with server.lock:
                    answer = server.answer(seen)
                self._send(answer)
            else:
                self._send(_faulty(server, fault, seen))

        def _read(self) -> Seen:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Seen(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)

        def _lose(self, fault: str) -> None:
            self.close_connection = True
            if fault in (HANG, HANG_AFTERWARDS):
                server.released.wait(30)
            # Nothing lingers: the other side sees a reset and not an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in (("Content-Type", "application/json"), *answer.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler


def _faulty(server: ProviderServer, fault: Any, seen: Seen) -> Answer:
    if isinstance(fault, Answer):
        return fault
    if isinstance(fault, int):
        return server.failure(fault)
    made: Answer = fault(seen)
    return made
