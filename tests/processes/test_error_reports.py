"""What Sentry gets of an error in a real process: type, stack and ids, and nothing that is about a person."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from devstack.server import wait_until
from oms.ids import new_id
from tests.processes.conftest import Stack

PATIENCE_SECONDS = 30


class Ingest(BaseHTTPRequestHandler):
    """The endpoint envelopes are sent to."""

    envelopes: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.envelopes.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def reported(stack: Stack) -> Iterator[tuple[Stack, list[bytes]]]:
    """A web process that reports to the test, and whose journeys can't be read."""
    envelopes: list[bytes] = []
    handler = type("Handler", (Ingest,), {"envelopes": envelopes})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        web = stack.start_web(SENTRY_DSN=f"http://key@127.0.0.1:{server.server_port}/1", SENTRY_ENVIRONMENT="tests")
        yield stack, envelopes
        web.end()
        server.shutdown()


def events(envelopes: list[bytes]) -> list[Any]:
    """The events in them: of each envelope, the documents behind the headers."""
    documents = [json.loads(line) for envelope in list(envelopes) for line in envelope.splitlines() if line]
    return [document for document in documents if "tags" in document or "exception" in document]


def test_an_error_is_reported_with_its_ids_and_without_anything_of_the_caller(
    reported: tuple[Stack, list[bytes]],
) -> None:
    stack, envelopes = reported
    order_id, request_id, sought = new_id(), new_id(), "+491701234567"
    body = {"order_id": order_id, "items": [{"sku": "S", "quantity": 1, "unit_price": "3.00"}]}
    assert stack.client.call("POST", "/orders", body).status == 201
    with stack.database.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE order_journey RENAME COLUMN remarks TO elsewhere")
        try:
            answer = stack.client.call("GET", f"/orders/{order_id}/journey?q={sought}", **{"X-Request-ID": request_id})
        finally:
            connection.exec_driver_sql("ALTER TABLE order_journey RENAME COLUMN elsewhere TO remarks")
    assert answer.status == 500
    assert wait_until(lambda: bool(events(envelopes)), PATIENCE_SECONDS)
    (event,) = events(envelopes)
    assert event["tags"]["request_id"] == request_id
    assert event["tags"]["log_event"] == "unexpected_error"
    assert (event["environment"], event["release"][:4]) == ("tests", "oms@")
    assert event["exception"]["values"][-1]["type"] == "ProgrammingError"
    frames = [frame["function"] for one in event["exception"]["values"] for frame in one["stacktrace"]["frames"]]
    assert "journey_of" in frames
    everything = b"".join(envelopes).decode()
    token = stack.client.headers["Authorization"].split()[1]
    for private in (order_id, sought, token, "127.0.0.1:" + str(stack.client.port), '"vars"', "elsewhere"):
        assert private not in everything


def test_what_is_refused_is_no_error(reported: tuple[Stack, list[bytes]]) -> None:
    stack, envelopes = reported
    before = len(envelopes)
    assert stack.client.call("GET", f"/orders/{new_id()}").status == 404
    assert stack.client.call("POST", "/orders", {"items": 1}).status == 422
    assert len(envelopes) == before
