import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from devstack.curl import Api


class Echo(BaseHTTPRequestHandler):
    """Answers with the body it was sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def api() -> Iterator[Api]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    yield Api(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    serving.join()
    server.server_close()


def test_amounts_are_shown_with_the_digits_they_were_written_with(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    answer = api.call("POST", "/orders", {"unit_price": Decimal("45.00"), "items": ["\u00e9t\u00e9"]})
    assert answer.body == {"unit_price": Decimal("45.00"), "items": ["\u00e9t\u00e9"]}
    said = capsys.readouterr().out
    assert """-d '{"unit_price":45.00,"items":["\u00e9t\u00e9"]}'""" in said
    assert '"unit_price": 45.00,\n' in said
