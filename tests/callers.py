"""People and machines that call the API in tests, signed in through the real services."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from oms.accounts import api_keys, sign_in, tokens, users
from oms.accounts.actor import system
from oms.accounts.sign_in import ProvenUser
from oms.ids import new_id
from oms.transactions import transaction


class Caller:
    """A client with somebody's credentials; `id` is the user's or the key's."""

    def __init__(self, app: Flask, headers: Mapping[str, str], caller_id: str) -> None:
        self.app = app
        self.headers = dict(headers)
        self.id = caller_id
        self._client: FlaskClient = app.test_client()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """One request; `body` is sent as JSON, `headers` are added to the caller's own."""
        headers = {**self.headers, **options.pop("headers", {})}
        options.setdefault("buffered", True)  # a server, too, sends an answer to its end and closes it
        if body is not None:
            options["data"] = body if isinstance(body, bytes) else json.dumps(body, default=_number)
            options.setdefault("content_type", "application/json")
        return self._client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PUT", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, body, **options)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)


def exact(response: TestResponse) -> Any:
    """The answer with its numbers exact: a fraction is a Decimal."""
    return json.loads(response.data, parse_float=Decimal)


def person(app: Flask, role: str) -> Caller:
    """Somebody new with this role, signed in without waiting for a password hash."""
    with app.app_context():
        account = transaction(lambda session: users.register(session, f"{new_id().lower()}@example.com", None, role))
        proven = ProvenUser(account.id, None)
        pair = tokens.issue(transaction(lambda session: sign_in.open_family(session, proven)))
    return Caller(app, {"Authorization": f"Bearer {pair.access_token}"}, account.id)


def api_key_caller(app: Flask, *scopes: str) -> Caller:
    with app.app_context():
        made = transaction(lambda session: api_keys.create(session, system("tests"), "tests", scopes, None))
    return Caller(app, {"X-API-Key": made.key}, made.id)
