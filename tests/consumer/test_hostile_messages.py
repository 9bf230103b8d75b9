"""The corpus of hostile bodies on the consumed topics: each is set aside by name, and the partition moves on."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from oms.ids import new_id
from tests.api.hostile_bodies import UNREADABLE, WRONG, spoilt
from tests.callers import Caller
from tests.consumer.conftest import Consume
from tests.consumer.test_effects import processed
from tests.consumer.test_failures import letters
from tests.consumer.topics import Topics, eventually
from tests.factories import lines_body, place, rows

pytestmark = pytest.mark.kafka
# A refusal of ours begins with its code; what nobody foresaw, with the name of an exception.
NAMED = re.compile(r"[a-z0-9_]+: ")


def commands() -> list[Any]:
    order = lines_body(customer_id="C-1")
    return [
        {"command": "create", "order": order},
        {"command": "update", "order_id": "NONE", "changes": {"metadata": {"a": 1}}},
        {"command": "cancel", "order_id": "NONE", "reason": "r", "items": [{"line_no": 1, "quantity": 1}]},
    ]


def test_each_is_set_aside_by_name_and_what_comes_after_is_handled(
    app: Flask, topics: Topics, consume: Consume, customer: Caller
) -> None:
    order = place(customer)
    bodies = [body for _, body, *_ in UNREADABLE] + [json.dumps(document).encode() for _, document in WRONG]
    last = new_id()
    for topic in (topics.fulfilment, topics.commands, topics.new_order):
        for body in bodies:
            topics.produce(topic, body)
    topics.event(topics.new_order, {"id": last})
    with consume(replace(topics.settings, consumer_max_attempts=1)):
        eventually(lambda: processed(app, last))
        eventually(lambda: len(letters(app, topics)) == 3 * len(bodies))
    assert [letter.reason for letter in letters(app, topics) if not NAMED.match(letter.reason)] == []
    (row,) = rows(app, "SELECT version FROM orders WHERE order_id = :id", id=order["order_id"])
    assert row.version == 1


def test_messages_with_a_spoilt_value_are_handled_or_set_aside_by_name(
    app: Flask, topics: Topics, consume: Consume, customer: Caller
) -> None:
    order = place(customer)
    report = {"order_id": order["order_id"], "status": "picked", "line_no": 1, "quantity": 1, "reason": "r"}
    for document in spoilt(report):
        topics.produce(topics.fulfilment, json.dumps(document).encode())
    for command in commands():
        for document in spoilt(command):
            topics.produce(topics.commands, json.dumps(document).encode())
    last = new_id()
    topics.event(topics.new_order, {"id": last})
    with consume(replace(topics.settings, consumer_max_attempts=1)):
        eventually(lambda: processed(app, last))
        for topic in (topics.fulfilment, topics.commands):
            eventually(lambda topic=topic: topics.committed(topic) == topics.end(topic))  # type: ignore[misc]
    assert len(letters(app, topics)) > 100
    assert [letter.reason for letter in letters(app, topics) if not NAMED.match(letter.reason)] == []
