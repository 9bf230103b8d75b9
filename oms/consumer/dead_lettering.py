"""Giving up on a message: a row for people, then a copy in `<topic>.dlq` for programs, then the offset moves on.

The row and the inbox entry are one transaction. Should the process die between the row and the copy, the message is
read again, found in the inbox, found to be buried, and the copy is sent then.
"""

import threading
from base64 import b64decode, b64encode
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from oms import inbox, kafka
from oms.config import Settings
from oms.consumer.lanes import Verdict
from oms.consumer.received import Headers, Received
from oms.dead_letters import DeadLetter
from oms.errors import OmsError

SUFFIX = ".dlq"
MAX_REASON = 1000
# The broker says what is too large for it; the library's own limit lies below what other producers may have sent.
MAX_MESSAGE_BYTES = 100_000_000
TOO_LARGE = "MSG_SIZE_TOO_LARGE"
_log = structlog.get_logger(__name__)


def reason_of(error: Exception) -> str:
    """One line of text: what was wrong, without the statement and the values that a database error would show."""
    if isinstance(error, OmsError):
        places = "".join(f"; {wrong['pointer']}: {wrong['detail']}" for wrong in error.errors)
        text = f"{error.code}: {error.detail}{places}"
    elif isinstance(error, DBAPIError):
        text = f"{type(error.orig).__name__}: {str(error.orig).partition(chr(10))[0]}"
    else:
        text = f"{type(error).__name__}: {error}"
    return text.replace("\x00", "").encode(errors="replace").decode()[:MAX_REASON]


def bury(session: Session, consumer: str, received: Received, verdict: Verdict) -> None:
    """Write the row and the inbox entry. A message that was replayed and failed again gets its old row back."""
    inbox.seen(session, consumer, received.event_id, received.topic)
    row = {
        "topic": received.topic,
        "partition": received.partition,
        "offset": received.offset,
        "key": received.key,
        "value": received.value,
        "headers": headers_as_json(received.headers),
        "reason": verdict.reason,
        "attempts": verdict.attempts,
        "created_at": func.now(),
        "replayed_at": None,
        "discarded_at": None,
        "discard_reason": None,
    }
    fresh = insert(DeadLetter).values(consumer=consumer, event_id=received.event_id, **row)
    session.execute(fresh.on_conflict_do_update(index_elements=["consumer", "event_id"], set_=row))


def verdict_on(session: Session, consumer: str, received: Received) -> Verdict | None:
    """Why this very message (not just its event) was buried; None when it was not."""
    found = session.execute(
        select(DeadLetter.reason, DeadLetter.attempts).where(
            DeadLetter.consumer == consumer,
            DeadLetter.event_id == received.event_id,
            DeadLetter.topic == received.topic,
            DeadLetter.partition == received.partition,
            DeadLetter.offset_ == received.offset,
            DeadLetter.replayed_at.is_(None),
        )
    ).one_or_none()
    return None if found is None else Verdict(found.reason, found.attempts)


def headers_as_json(headers: Headers) -> list[list[Any]]:
    """`[name, text]` each; bytes that are no text as `[name, {"base64": ...}]`, a missing value as null."""
    return [[name, _json(value)] for name, value in headers]


def headers_from_json(stored: list[list[Any]]) -> Headers:
    """The exact bytes again."""
    return tuple((name, _bytes(value)) for name, value in stored)


def _json(value: bytes | None) -> Any:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value or b"").decode()}


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, dict):
        return b64decode(value["base64"])
    return None if value is None else str(value).encode()


class Forwarder:
    """Sends messages on, byte for byte, and knows how each delivery ended. One producer for the process's life."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Producer | None = None
        self._sending = threading.Lock()

    def bury(self, received: Received, verdict: Verdict) -> bool:
        """Copy a message to its dead-letter topic; True once that is settled.

        A copy that is too large for the topic stays in the table only: waiting for it would block the partition.
        """
        headers = (
            *received.headers,
            ("x-oms-reason", verdict.reason.encode()),
            ("x-oms-topic", received.topic.encode()),
            ("x-oms-partition", b"%d" % received.partition),
            ("x-oms-offset", b"%d" % received.offset),
            ("x-oms-attempts", b"%d" % verdict.attempts),
        )
        error = self.send(received.topic + SUFFIX, received.key, received.value, headers)
        if error is not None:
            _log.warning("dead_letter_not_delivered", topic=received.topic, event_id=received.event_id, reason=error)
        return error in (None, TOO_LARGE)

    def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> str | None:
        """Deliver one message and wait for the confirmation; returns the name of the error, if any. One at a time."""
        with self._sending:
            return self._send(topic, key, value, headers)

    def _send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> str | None:
        ended: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            ended.append(error)

        producer = self._producer = self._producer or self._made()
        try:
            producer.produce(topic, value, key, headers=list(headers), on_delivery=delivered)
        except KafkaException as failure:
            ended.append(failure.args[0])
        producer.flush(kafka.DELIVERY_SECONDS + 1)
        error = ended[0] if ended else KafkaError(KafkaError._TIMED_OUT)
        if error is not None and error.code() != KafkaError.MSG_SIZE_TOO_LARGE:
            self._discard(producer)
        return None if error is None else error.name()

    def _made(self) -> Producer:
        return Producer({**kafka.producer_options(self._settings), "message.max.bytes": MAX_MESSAGE_BYTES})

    def _discard(self, producer: Producer) -> None:
        """What the library still holds would go out after we have counted it as failed; and a fatal error stays."""
        producer.purge()
        producer.flush(0)
        self._producer = None
