"""A wire between the application and PostgreSQL that can be cut at the moment of a COMMIT."""

import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class CuttingWire:
    """Passes everything on. With `cut` set, the next message that holds `at` ends the connection instead of being
    answered; before it does, `before_the_cut` is called."""

    def __init__(self, database_url: str, at: bytes = COMMIT) -> None:
        self._target = urlsplit(database_url)
        self._at = at
        self.queries: list[str] = []
        self.cut: str | None = None
        self.before_the_cut: Callable[[], None] = lambda: None
        wire = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire._pass_on(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        login = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{login}@127.0.0.1:{self._server.server_address[1]}"))

    def _pass_on(self, client: socket.socket) -> None:
        with socket.create_connection((self._target.hostname or "", self._target.port or 5432)) as server:
            silent, queries = threading.Event(), _Queries(self.queries)
            back = threading.Thread(target=_answers, args=(server, client, silent), daemon=True)
            back.start()
            with suppress(OSError):
                while sent := client.recv(65536):
                    queries.read(sent)
                    how, self.cut = (self.cut, None) if self._at in sent else (None, self.cut)
                    if how == "after":
                        silent.set()
                        server.sendall(sent)
                        back.join(5)
                    if how:
                        self.before_the_cut()
                        break
                    server.sendall(sent)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Queries:
    """Collects the statements of one connection; each message is a round trip."""

    SSL_REQUEST = 80877103

    def __init__(self, found: list[str]) -> None:
        self._found, self._buffer, self._started = found, b"", False

    def read(self, sent: bytes) -> None:
        self._buffer += sent
        while len(self._buffer) >= 8:
            kind = b"" if not self._started else self._buffer[:1]
            end = len(kind) + int.from_bytes(self._buffer[len(kind) : len(kind) + 4])
            if len(self._buffer) < end:
                return
            message, self._buffer = self._buffer[len(kind) + 4 : end], self._buffer[end:]
            if kind == b"Q":
                self._found.append(message.rstrip(b"\0").decode())
            self._started = self._started or int.from_bytes(message[:4]) != self.SSL_REQUEST


def _answers(server: socket.socket, client: socket.socket, silent: threading.Event) -> None:
    """From the server to the client; when silent, the first answer is swallowed and is the last."""
    with suppress(OSError):
        while answer := server.recv(65536):
            if silent.is_set():
                return
            client.sendall(answer)
