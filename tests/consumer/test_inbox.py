"""The inbox table."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from oms import inbox
from oms.ids import new_id
from oms.transactions import transaction

pytestmark = pytest.mark.usefixtures("context")


def test_an_event_is_new_once_for_each_consumer() -> None:
    event_id = new_id()
    assert not transaction(lambda session: inbox.seen(session, "one", event_id, "t"))
    assert transaction(lambda session: inbox.seen(session, "one", event_id, "t"))
    assert not transaction(lambda session: inbox.seen(session, "other", event_id, "t"))


def test_many_events_are_entered_at_once() -> None:
    known, new = new_id(), new_id()
    transaction(lambda session: inbox.enter(session, "one", {known: "t"}))
    assert transaction(lambda session: inbox.enter(session, "one", {known: "t", new: "t"})) == {new}


def test_a_forgotten_event_is_new_again() -> None:
    event_id = new_id()
    transaction(lambda session: inbox.enter(session, "one", {event_id: "t"}))
    transaction(lambda session: inbox.forget(session, "one", event_id))
    assert transaction(lambda session: inbox.enter(session, "one", {event_id: "t"})) == {event_id}


def test_the_purge_takes_the_old_in_batches_and_leaves_the_rest() -> None:
    consumer = new_id()

    def fill(session: Session) -> None:
        inbox.enter(session, consumer, {"old-1": "t", "old-2": "t", "old-3": "t", "young": "t"})
        session.execute(
            text(
                "UPDATE inbox_events SET received_at = now() - interval '31 days'"
                " - interval '1 second' * CAST(right(event_id, 1) AS int)"
                " WHERE consumer = :consumer AND event_id <> 'young'"
            ),
            {"consumer": consumer},
        )

    transaction(fill)
    assert transaction(lambda session: inbox.purge(session, days=30, batch=2)) == 2
    while transaction(lambda session: inbox.purge(session, days=30, batch=2)):
        pass
    assert transaction(lambda session: inbox.enter(session, consumer, {"old-1": "t", "young": "t"})) == {"old-1"}
