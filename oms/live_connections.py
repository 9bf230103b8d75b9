"""A pooled connection is looked at before it is used: one whose server has gone has something to read, the last word.

A look costs no round trip. It lets a statement that can't be repeated safely start on a connection that was alive.
"""

import select
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError


def watch(engine: Engine) -> None:
    """Have the pool replace connections that died while nobody used them."""
    event.listen(engine, "checkout", _refuse_dead)


def _refuse_dead(connection: Any, record: Any, _: Any) -> None:
    # One that is new is taken as it is. If its server ends it as well, the statement says so; the pool would give up
    # with an error that looks like a mistake of ours.
    if "used" not in record.info:
        record.info["used"] = True
        return
    if connection.closed or _has_something_to_say(connection):
        raise DisconnectionError("the server has ended this connection")


def _has_something_to_say(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
