"""docs/events.md: as new as the schemas, and its example works."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from sqlalchemy import text

from devstack.kafka import Kafka
from oms import outbox
from oms.config import Settings
from oms.consumer.messages import json_schemas
from oms.kafka import Publisher
from oms.orders import events
from oms.transactions import transaction
from tests.callers import Caller
from tests.conftest import Servers
from tests.docs import pages
from tests.floor.events import nobody

PAGE = pages.ROOT / "docs/events.md"
PATIENCE_SECONDS = 20


def builder() -> ModuleType:
    spec = spec_from_file_location("build_events", pages.ROOT / "docs/build_events.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def running_example(bootstrap_servers: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, pages.ROOT / "docs/consumer_example.py"],
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def test_it_is_what_the_schemas_say() -> None:
    assert PAGE.read_text() == builder().page(), "run: .venv/bin/python docs/build_events.py"


def test_it_has_a_section_for_every_event_and_message() -> None:
    headings = {line.removeprefix("### ") for line in PAGE.read_text().splitlines() if line.startswith("### ")}
    assert set(events.schemas()) | set(json_schemas()) <= headings


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    """A broker of its own: other tests send what no consumer of ours would ever see."""
    with Kafka(tmp_path / "kafka") as kafka:
        yield kafka


def test_its_example_prints_the_events_of_a_new_order(
    app: Flask, servers: Servers, customer: Caller, broker: Kafka
) -> None:
    order_id = customer.post("/orders", {"items": {"cake": 1}}).json["order_id"]
    publisher = Publisher(Settings.from_env(servers.environ(KAFKA_BOOTSTRAP_SERVERS=broker.url)))
    with app.app_context():
        settle = text(
            "UPDATE outbox_events SET published_at = now() WHERE order_id <> :order_id AND published_at IS NULL"
        )
        transaction(lambda session: session.execute(settle, {"order_id": order_id}))
        transaction(lambda session: outbox.publish(session, [outbox.shard_of(order_id)], publisher, nobody))
    expected = f"0000000001.0000 oms.order.created.v1 {order_id} pending\n"
    deadline = time.monotonic() + PATIENCE_SECONDS
    with running_example(broker.url) as process:
        assert process.stdout
        for line in process.stdout:
            if line == expected:
                return
            assert time.monotonic() < deadline
    raise AssertionError("the example ended")
