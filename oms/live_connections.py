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


def _refuse_dead(connection: Any, *_: Any) -> None:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("the server has ended this connection")
