"""People in front of the console: a browser's cookies, and forms that are sent as the page has them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from oms.accounts import passwords, users
from oms.ids import new_id
from oms.transactions import transaction

PASSWORD = "correct horse battery"


@dataclass
class Form:
    """A form of a page: where it leads, how, and what its fields hold."""

    action: str
    method: str
    fields: dict[str, Any] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append(Form(given.get("action") or "", (given.get("method") or "get").upper()))
        elif not self.forms:
            return
        elif tag == "input" and name:
            unticked = given.get("type") in ("checkbox", "radio") and "checked" not in given
            if not unticked:
                self.forms[-1].fields[name] = given.get("value") or ""
        elif tag == "textarea" and name:
            self._area = name
            self.forms[-1].fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1].fields):
            self.forms[-1].fields[self._select] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None


def forms(response: TestResponse) -> list[Form]:
    parser = _Forms()
    parser.feed(response.text)
    return parser.forms


def form(response: TestResponse, ending: str) -> Form:
    """The form whose action ends like this."""
    return next(found for found in forms(response) if found.action.partition("?")[0].endswith(ending))


class Visitor:
    """Somebody with a browser; `id` and `email` are his account's."""

    def __init__(self, app: Flask, user_id: str = "", email: str = "") -> None:
        self.id, self.email = user_id, email
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, **options)

    def part(self, path: str, **options: Any) -> TestResponse:
        """What a script of the page asks for."""
        return self.client.get(path, headers={"HX-Request": "true", **options.pop("headers", {})}, **options)

    def send(self, found: Form, headers: dict[str, str] | None = None, **changes: Any) -> TestResponse:
        """Send a form with some fields changed; None leaves a field out."""
        fields = {name: value for name, value in {**found.fields, **changes}.items() if value is not None}
        return self.client.open(found.action, method=found.method, data=fields, headers=headers)

    def sign_in(self, password: str = PASSWORD, **changes: Any) -> TestResponse:
        page = self.get(changes.pop("at", "/console/sign-in"))
        return self.send(form(page, "/sign-in"), username=self.email, password=password, **changes)


_hashed: list[str] = []


def account(app: Flask, role: str) -> Visitor:
    """Somebody with an account and the password of all of them, not signed in yet."""
    if not _hashed:
        _hashed.append(passwords.hash_password(PASSWORD))
    address = f"{new_id().lower()}@example.com"
    with app.app_context():
        made = transaction(lambda session: users.register(session, address, _hashed[0], role))
    return Visitor(app, made.id, address)


def signed_in(app: Flask, role: str) -> Visitor:
    visitor = account(app, role)
    answer = visitor.sign_in()
    assert answer.status_code == 303, answer.text
    return visitor
