"""Ports: remembered, given up when taken, and never from the range of outgoing connections."""

import json
import socket
from pathlib import Path

from devstack import ports


def test_a_free_port_can_be_listened_on() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", ports.free_port()))


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not ports.is_free(server.getsockname()[1])


def test_ports_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    wanted = {"postgres": None, "redis": None}
    assert ports.remembered(tmp_path / "p.json", wanted) == ports.remembered(tmp_path / "p.json", wanted)


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    with socket.create_server(("127.0.0.1", 0)) as server:
        path.write_text(json.dumps({"postgres": server.getsockname()[1]}))
        chosen = ports.remembered(path, {"postgres": None})
    assert json.loads(path.read_text()) == chosen
    assert ports.LOWEST <= chosen["postgres"] < ports.HIGHEST


def test_the_wanted_port_is_taken_when_free_and_left_when_not(tmp_path: Path) -> None:
    wanted = ports.free_port()
    assert ports.remembered(tmp_path / "one.json", {"health": wanted}) == {"health": wanted}
    with socket.create_server(("127.0.0.1", wanted)):
        assert ports.remembered(tmp_path / "two.json", {"health": wanted}) != {"health": wanted}
