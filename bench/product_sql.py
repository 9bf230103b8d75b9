"""The product's own statements, overheard from its driver while it serves a request. Floors made of them can't drift
away from it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from psycopg2 import extensions
from sqlalchemy import event

from oms.extensions import db

STAND_IN = "bench-stand-in"  # the order id in the creating statement, to be replaced
CREATE, LIST = "create.sql", "list.sql"


@dataclass(frozen=True, slots=True)
class Statement:
    """As the driver got it: `text` with its placeholders, its parameters, and `sent`, what went to the server."""

    text: str
    parameters: Any
    sent: str


def overheard(app: Flask, serve: Callable[[], None], *, having: str) -> Statement:
    """The one statement with `having` in it that `serve` makes the application run.

    Raises LookupError when it runs none or several of them.
    """
    heard: list[Statement] = []

    class Overheard(extensions.cursor):  # type: ignore[misc]  # psycopg2 has no types
        def execute(self, text: Any, parameters: Any = None) -> None:
            super().execute(text, parameters)
            heard.append(Statement(str(text), parameters, (self.query or b"").decode()))

    def listen(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["cursor_factory"] = Overheard

    with app.app_context():
        engine = db.engine
        engine.dispose()
        event.listen(engine, "do_connect", listen)
        try:
            serve()
        finally:
            event.remove(engine, "do_connect", listen)
            engine.dispose()
    found = [statement for statement in heard if having in statement.text]
    if len(found) != 1:
        raise LookupError(f"{len(found)} statements instead of one have {having!r} in them")
    return found[0]
