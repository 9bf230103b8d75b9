"""What gunicorn lets in: lines, headers and bodies of a bounded size, from clients that do not fall silent."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from oms.strict_json import MAX_BYTES
from tests.processes.conftest import Stack

SILENCE_SECONDS = 10


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[Stack]:
    """With fewer threads than there are silent clients below."""
    program = stack.start_web(WEB_CONCURRENCY="1", WEB_THREADS="4")
    yield stack
    program.end()


def connected(web: Stack, seconds: float = 5) -> socket.socket:
    return socket.create_connection(("127.0.0.1", web.client.port), timeout=seconds)


def head(web: Stack, line: str, *headers: str) -> bytes:
    own = [f"{name}: {value}" for name, value in web.client.headers.items()]
    return "\r\n".join([f"{line} HTTP/1.1", "Host: localhost", *own, *headers, "", ""]).encode()


def status(web: Stack, request: bytes) -> int:
    """The status of what is answered; the server may hang up before it has read everything."""
    with closing(connected(web)) as client:
        with suppress(BrokenPipeError, ConnectionResetError):
            client.sendall(request)
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer.split()[1])


def test_a_request_line_of_nine_kilobytes_is_refused(web: Stack) -> None:
    assert status(web, head(web, f"GET /orders?cursor={'x' * 9000}")) in (400, 414)
    assert status(web, head(web, "GET /orders")) == 200


def test_a_hundred_headers_are_refused(web: Stack) -> None:
    assert status(web, head(web, "GET /orders", *(f"X-{number}: 1" for number in range(101)))) in (400, 431)


def test_a_header_of_nine_kilobytes_is_refused(web: Stack) -> None:
    assert status(web, head(web, "GET /orders", f"X-Long: {'x' * 9000}")) in (400, 431)


@pytest.mark.parametrize(
    "line",
    ["GET /orders HTTP/9.9 x", "GET", "\x00\x01\x02", "GET http://[::1 ", "G\u00c9T /orders", "GET /%zz%00%ff"],
)
def test_what_is_no_request_is_no_5xx(web: Stack, line: str) -> None:
    assert 400 <= status(web, head(web, line)) < 500


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: 1e3",),
        ("Transfer-Encoding: gzip, chunked, identity",),
        ("Bad Name: 1",),
        (" folded: 1",),
    ],
)
def test_what_two_servers_could_read_in_two_ways_is_refused(web: Stack, headers: tuple[str, ...]) -> None:
    assert 400 <= status(web, head(web, "POST /orders", "Content-Type: application/json", *headers) + b"{}") < 502


def test_one_byte_over_a_mebibyte_is_413_declared_and_in_chunks(web: Stack) -> None:
    kind, body = "Content-Type: application/json", b" " * (MAX_BYTES + 1)
    assert status(web, head(web, "POST /orders", kind, f"Content-Length: {len(body)}") + body) == 413
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    assert status(web, head(web, "POST /orders", kind, "Transfer-Encoding: chunked") + chunked) == 413


def test_a_whole_document_before_what_is_too_much_is_not_taken_for_the_body(web: Stack) -> None:
    body = b'{"items": {"tea": 1}}' + b" " * MAX_BYTES
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    kind = "Content-Type: application/json"
    assert status(web, head(web, "POST /orders", kind, "Transfer-Encoding: chunked") + chunked) == 413


def test_one_that_is_only_declared_is_413_at_once(web: Stack) -> None:
    declared = f"Content-Length: {10**12}"
    assert status(web, head(web, "POST /orders", "Content-Type: application/json", declared)) == 413


def test_clients_that_fall_silent_are_cut_off_and_hold_up_nobody_for_ever(web: Stack) -> None:
    """Half of them in the headers, half of them in the body; together they have taken every thread."""
    body = head(web, "POST /orders", "Content-Type: application/json", "Content-Length: 100") + b'{"items"'
    chunk = head(web, "POST /orders", "Content-Type: application/json", "Transfer-Encoding: chunked") + b"9\r\n{"
    begun = [b"GET /orders HTTP/1.1\r\nHost: loc", body, chunk, body]
    clients = [connected(web, 2 * SILENCE_SECONDS) for _ in begun]
    for client, sent in zip(clients, begun, strict=True):
        client.sendall(sent)
    answers: list[bytes] = []

    def listen(client: socket.socket) -> None:
        with closing(client):
            answers.append(client.recv(4096))

    threads = [threading.Thread(target=listen, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * SILENCE_SECONDS)
    assert len(answers) == len(begun)
    assert {answer[:13] for answer in answers} <= {b"", b"HTTP/1.1 400 ", b"HTTP/1.1 408 "}
    assert web.client.call("GET", "/orders").status == 200
