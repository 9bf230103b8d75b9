"""The wire between the application and PostgreSQL, which can be cut in a COMMIT, be slow, be deaf on one side, or
swallow everything."""

import random
import socket
import socketserver
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from tests.floor.postgres_proxy import COMMIT

# A new order is one statement, which commits itself.
COMMITTING = (COMMIT, b"INSERT INTO orders ")
SLOW_SECONDS = 0.03
CUT_SHARE = 0.25


class Wire:
    """Passes everything on, unless told otherwise.

    `cutting`: some COMMITs end their connection, before the server has seen them or after it has carried them out.
    `slow`: everything from the client arrives later. `swallow()` and `half_close()` change the connections of now.
    """

    def __init__(self, database_url: str) -> None:
        self._target = urlsplit(database_url)
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self.cutting = threading.Event()
        self.slow = threading.Event()
        wire = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire._connect(self.request)

        class Listening(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 100

        self._server = Listening(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        login = self._target.netloc.rpartition("@")[0]
        return urlunsplit(self._target._replace(netloc=f"{login}@127.0.0.1:{self._server.server_address[1]}"))

    def swallow(self) -> None:
        """No byte passes on the connections of now any more, and nobody closes them; new ones are well."""
        for pair in self._open():
            pair.swallows.set()

    def half_close(self) -> None:
        """One direction of each connection of now ends, in turn the one and the other; its opposite stays open."""
        for position, pair in enumerate(self._open()):
            with suppress(OSError):
                (pair.client if position % 2 else pair.server).shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """End all connections of now."""
        for pair in self._open():
            pair.end()

    def _open(self) -> "list[_Pair]":
        with self._lock:
            return list(self._pairs)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((self._target.hostname or "", self._target.port or 5432), 20)
        except OSError:
            return
        server.settimeout(None)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(client, server)
        with self._lock:
            self._pairs.append(pair)
        back = threading.Thread(target=pair.answer, daemon=True)
        back.start()
        with suppress(OSError):
            self._ask(pair, back)
        pair.end()
        back.join()
        server.close()
        with self._lock:
            self._pairs.remove(pair)

    def _ask(self, pair: "_Pair", back: threading.Thread) -> None:
        while sent := pair.client.recv(65536):
            if self.slow.is_set():
                threading.Event().wait(random.uniform(0, 2 * SLOW_SECONDS))
            if self.cutting.is_set() and any(mark in sent for mark in COMMITTING) and random.random() < CUT_SHARE:
                if random.random() < 0.5:
                    return
                pair.mute.set()
                pair.server.sendall(sent)
                back.join(5)
                return
            if not pair.swallows.is_set():
                pair.server.sendall(sent)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.cut()


class _Pair:
    """Two ends of one connection."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.swallows = threading.Event()
        self.mute = threading.Event()

    def answer(self) -> None:
        """From the server to the client, until one of them ends; when mute, the first answer is the last."""
        with suppress(OSError):
            while (received := self.server.recv(65536)) and not self.mute.is_set():
                if not self.swallows.is_set():
                    self.client.sendall(received)
        # Reset or ended, the client hears of it at once, unless the wire is the one that lets him wait.
        if not self.swallows.is_set():
            with suppress(OSError):
                self.client.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
