"""Sending a dead letter to its topic again, as it came."""

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from oms import dead_letters, inbox
from oms.accounts.actor import Actor
from oms.consumer.dead_lettering import TOO_LARGE, Forwarder, headers_from_json
from oms.consumer.received import EVENT_ID_HEADER, Headers, text_of
from oms.dead_letters import DeadLetter
from oms.errors import Invalid, Unavailable
from oms.extensions import settings
from oms.transactions import transaction


def forwarder() -> Forwarder:
    """This process's, for those who send now and then."""
    made: Forwarder = current_app.extensions.setdefault("oms_forwarder", Forwarder(settings()))
    return made


def waiting_ids(session: Session, topic: str | None, limit: int | None = None) -> Sequence[int]:
    """Ids of dead letters that wait, oldest first; of one topic, or all."""
    query = select(DeadLetter.id).where(text(dead_letters.WAITS)).order_by(DeadLetter.id).limit(limit)
    return session.scalars(query.where(DeadLetter.topic == topic) if topic else query).all()


def replay(forwarder: Forwarder, letter_id: int, actor: Actor) -> bool:
    """Send one again; False when there is no such dead letter waiting. Raises `Unavailable`, or `Invalid` too_large.

    The message goes out before the commit: a crash in between leaves the letter waiting, to be replayed again, and
    never a letter marked that was not sent. A consumer that meets the message before the commit waits at the inbox for
    it. Sent twice, it is still one event.
    """

    def work(session: Session) -> bool:
        letter = dead_letters.locked(session, letter_id)
        if letter is None:
            return False
        inbox.forget(session, letter.consumer, letter.event_id)
        letter.replayed_at = func.now()
        dead_letters.record(session, actor, "dead_letter.replayed", letter)
        session.flush()
        _send(forwarder, letter)
        return True

    return transaction(work)


def _send(forwarder: Forwarder, letter: DeadLetter) -> None:
    error = forwarder.send(letter.topic, letter.key, letter.value, _headers(letter))
    if error == TOO_LARGE:
        raise Invalid("The message is larger than the topic takes.", code="too_large")
    if error is not None:
        raise Unavailable(f"Kafka did not take the message: {error}.")


def _headers(letter: DeadLetter) -> Headers:
    """The original ones, and for a message without an id the one it went by: it stays the same event."""
    headers = headers_from_json(letter.headers)
    if text_of(headers, "ce_id") or text_of(headers, EVENT_ID_HEADER):
        return headers
    return (*headers, (EVENT_ID_HEADER, letter.event_id.encode()))
