"""The consumer's own little HTTP server: `/internal/alive` for health checks, `/metrics` for Prometheus."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from oms import strict_json
from oms.observability import metrics

STALE_SECONDS = 30.0
_log = structlog.get_logger(__name__)


class Pulse:
    """When the loop has last turned."""

    def __init__(self) -> None:
        self._beaten_at = time.monotonic()

    def beat(self) -> None:
        self._beaten_at = time.monotonic()

    def age(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self._beaten_at


@contextmanager
def serving(pulse: Pulse, address: str, port: int) -> Iterator[int]:
    """Answer in a thread of its own while the block runs; yields the port, a free one if `port` is 0.

    Raises OSError when the port is taken.
    """

    class Handler(_Handler):
        beats = pulse

    with ThreadingHTTPServer((address, port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True, name="health").start()
        _log.info("consumer_health_served", port=server.server_port)
        try:
            yield server.server_port
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    beats: Pulse

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/internal/alive":
                self._alive()
            case "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry()))
            case _:
                self._answer(404, "application/json", b'{"message":"not found"}')

    def _alive(self) -> None:
        age = self.beats.age()
        fresh = age <= STALE_SECONDS
        body = strict_json.write({"status": "alive" if fresh else "stale", "seconds_since_last_turn": round(age, 1)})
        self._answer(200 if fresh else 503, "application/json", body)

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """A line per health check would drown the log."""
