"""docs/webhooks.md: its receiver works, and its numbers are the product's."""

import ipaddress
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devstack.ports import free_port, is_free
from devstack.server import wait_until
from oms.webhooks import schedule, signing
from oms.webhooks.addresses import Rules
from oms.webhooks.claiming import AT_ONCE
from oms.webhooks.sending import post
from tests.docs import pages

PAGE = pages.ROOT / "docs/webhooks.md"
EXAMPLE = pages.ROOT / "docs/webhook_receiver.py"
UNITS = {"s": 1, "min": 60, "h": 3600}
BODY = b'{"type":"oms.order.created.v1","timestamp":"2026-01-05T09:30:00Z","data":{"order_id":"ORD-1"}}'


@contextmanager
def running(*secrets: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    port = free_port()
    environ = {**os.environ, "PORT": str(port), "WEBHOOK_SECRETS": " ".join(secrets)}
    with subprocess.Popen([sys.executable, str(EXAMPLE)], env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert wait_until(lambda: not is_free(port), 30)
            yield f"http://127.0.0.1:{port}/", process
        finally:
            process.kill()


def sent(url: str, secret: str, now: int, body: bytes = BODY) -> int | None:
    local = Rules(allow_http=True, networks=(ipaddress.ip_network("127.0.0.0/8"),))
    return post(url, body, signing.headers("E1", now, BODY, [secret]), local, 10).status


def test_its_receiver_believes_what_is_signed_once_and_nothing_else() -> None:
    now = int(time.time())
    old, new, others = (signing.new_secret() for _ in range(3))
    with running(old, new) as (url, process):
        assert [sent(url, secret, now) for secret in (others, old, new)] == [401, 204, 204]
        assert sent(url, new, now - 1000) == 401
        assert sent(url, new, now, BODY + b" ") == 401
        process.kill()
        assert process.communicate()[0] == "oms.order.created.v1 ORD-1\n"


def test_it_shows_the_receiver_that_is_tested() -> None:
    (shown,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert shown == EXAMPLE.read_text()


def test_its_pauses_are_those_of_the_schedule() -> None:
    sentence = re.search(r"tried again after (.*?),\s+each up to a fifth", PAGE.read_text(), re.DOTALL)
    assert sentence
    pauses = [int(number) * UNITS[unit] for number, unit in re.findall(r"([0-9]+) (s|min|h)\b", sentence[1])]
    assert tuple(pauses) == schedule.PAUSES
    assert pytest.approx(1 / 5) == schedule.JITTER
    assert AT_ONCE == 8
