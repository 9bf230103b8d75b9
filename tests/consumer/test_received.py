"""The identity of an event, and what a message carries along."""

from typing import Any

import pytest
from confluent_kafka import Message

from oms.consumer.dead_lettering import headers_as_json, headers_from_json
from oms.consumer.received import Received, receive

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def received(*headers: tuple[str, Any], offset: int = 7, time: int = 1700) -> Received:
    return receive(Message("t", 3, offset, b"k", b"{}", list(headers), None, (1, time)))


def test_the_event_id_is_the_cloud_event_s() -> None:
    assert received(("ce_id", b"E-1")).event_id == "E-1"
    assert received(("ce_id", b"E-1"), ("ce_source", b"/oms")).event_id == "E-1"


def test_two_sources_may_use_the_same_id() -> None:
    assert received(("ce_id", b"1"), ("ce_source", b"/wms")).event_id == "/wms 1"


def test_a_message_without_an_id_is_known_by_where_and_when_it_lay() -> None:
    assert received().event_id == "t:3:7:1700"
    assert received().event_id != received(time=1701).event_id


def test_a_replayed_message_keeps_the_id_it_had() -> None:
    assert received(("x-oms-event-id", b"t:3:1:5")).event_id == "t:3:1:5"


@pytest.mark.parametrize("hostile", [b"x" * 201, b"a\x00b", b"a\nb"])
def test_an_id_that_can_not_be_stored_is_hashed(hostile: bytes) -> None:
    event_id = received(("ce_id", hostile)).event_id
    assert event_id.startswith("sha256:")
    assert event_id == received(("ce_id", hostile), offset=8).event_id


def test_an_id_that_is_no_text_is_none() -> None:
    assert received(("ce_id", b"\xff")).event_id == "t:3:7:1700"
    assert received(("ce_id", None)).event_id == "t:3:7:1700"


def test_only_a_trace_context_is_taken_for_one() -> None:
    assert received(("ce_traceparent", TRACE.encode())).traceparent == TRACE
    assert received(("traceparent", TRACE.encode())).traceparent == TRACE
    assert received(("traceparent", b"x" * 500)).traceparent is None


def test_headers_survive_the_table_byte_for_byte() -> None:
    headers = (("text", b"caf\xc3\xa9"), ("raw", b"\xff\x00"), ("none", None), ("empty", b""), ("text", b"\x00"))
    assert headers_from_json(headers_as_json(headers)) == headers
