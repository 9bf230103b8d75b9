"""The consumer's HTTP server."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import orjson
import pytest

from oms.consumer import health
from oms.consumer.health import Pulse, serving
from tests.consumer.conftest import Consume
from tests.consumer.topics import eventually


def get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture
def pulse() -> Pulse:
    return Pulse()


@pytest.fixture
def port(pulse: Pulse) -> Iterator[int]:
    with serving(pulse, "127.0.0.1", 0) as port:
        yield port


@pytest.mark.kafka
def test_a_turning_loop_is_alive(port: int, pulse: Pulse, consume: Consume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STALE_SECONDS", 2.0)
    with consume(pulse=pulse):
        begun = pulse.age()
        eventually(lambda: pulse.age() < begun)
        assert get(port, "/internal/alive")[0] == 200


def test_a_loop_that_has_not_turned_lately_is_not(port: int, pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get(port, "/internal/alive")[0] == 200
    monkeypatch.setattr(health, "STALE_SECONDS", 0.05)
    eventually(lambda: get(port, "/internal/alive")[0] == 503)
    assert orjson.loads(get(port, "/internal/alive")[1])["status"] == "stale"
    pulse.beat()
    monkeypatch.setattr(health, "STALE_SECONDS", 30.0)
    assert get(port, "/internal/alive")[0] == 200


def test_metrics_are_served(port: int) -> None:
    status, body = get(port, "/metrics")
    assert status == 200
    assert b"oms_consumer_messages_total" in body


def test_there_is_nothing_else(port: int) -> None:
    assert get(port, "/")[0] == 404


def test_a_taken_port_is_refused(port: int, pulse: Pulse) -> None:
    with pytest.raises(OSError, match="Address already in use"), serving(pulse, "127.0.0.1", port):
        pass
