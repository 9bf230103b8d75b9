"""Callers for tests that hold an application context of their own.

A request made inside an application context shares its `flask.g`, so that one request would find what the one before it
had fetched. An outsider's requests begin with nothing, as they do in a server.
"""

import contextvars
from typing import Any

from werkzeug.test import TestResponse

from tests.callers import Caller


class Outsider(Caller):
    """The same person, from outside of the test's context; one for each thread."""

    @classmethod
    def like(cls, caller: Caller) -> "Outsider":
        return cls(caller.app, caller.headers, caller.id)

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        return contextvars.Context().run(super().call, method, path, body, **options)
