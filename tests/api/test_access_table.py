"""Every route with every kind of caller, against the one declared table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask

from oms.accounts.actor import SCOPES
from oms.ids import new_id
from tests import factories
from tests.api.access_table import BODIES, EVERYBODY, IN_THE_BODY, TABLE
from tests.callers import Caller, api_key_caller, person
from tests.conftest import SECRET

Credentials = dict[str, str]


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[str, Caller]:
    """One caller of each kind; `foreign` is a customer who owns nothing here."""
    kinds = {"C": "customer", "foreign": "customer", "S": "staff", "A": "admin"}
    found = {kind: person(app, role) for kind, role in kinds.items()}
    found |= {f"key:{scope}": api_key_caller(app, scope) for scope in SCOPES}
    found["nobody"] = Caller(app, {}, "")
    return found


def test_every_route_is_in_the_table_and_nothing_else_is(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("console.")]
    routes = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - UNCOUNTED}
    assert routes == set(TABLE)


UNCOUNTED = {"HEAD", "OPTIONS"}
WHO = ["nobody", "foreign", "C", "S", "A", *(f"key:{scope}" for scope in SCOPES)]


def called(caller: Caller, route: str, order: Any, owner: Caller) -> Any:
    """One call about `order`, which is `owner`'s."""
    method, _, rule = route.partition(" ")
    path = rule
    for name, value in {
        "<order_id>": order["order_id"],
        "<user_id>": owner.id,
        "<int:line_no>": "1",
        "<provider>": "manual",
    }.items():
        path = path.replace(name, value)
    path = "/".join(new_id() if part.startswith("<") else part for part in path.split("/"))
    if rule == "/get_order_details":
        path += f"?order_id={order['order_id']}"
    body = BODIES.get(route, {} if method in ("POST", "PUT", "PATCH") and "order_id" in rule else None)
    if isinstance(body, dict) and body.get("order_id") == "ORDER":
        body = {**body, "order_id": order["order_id"]}
    return caller.call(method, path, body)


@pytest.fixture(scope="module")
def order(app: Flask, people: dict[str, Caller]) -> Any:
    return factories.place(people["C"])


@pytest.mark.parametrize("route", [route for route in sorted(TABLE) if route != "POST /auth/logout"])
def test_the_route_lets_in_whom_the_table_names(people: dict[str, Caller], order: Any, route: str) -> None:
    allowed, about = TABLE[route]
    seen = {who: verdict(called(people[who], route, order, people["C"])) for who in WHO}
    assert seen == {who: expected(who, allowed, about) for who in WHO}


def verdict(answer: Any) -> str:
    """401 and 403 are refusals of the caller; a 404 `order_not_found` hides an order from him; the rest is let in."""
    document = answer.get_json(silent=True)
    code = document.get("code", "") if isinstance(document, dict) else ""
    if answer.status_code == 401:
        assert answer.headers["WWW-Authenticate"]
        return "401"
    if answer.status_code == 403 and code in ("role_missing", "scope_missing", "not_your_orders"):
        return "403"
    if answer.status_code == 404 and code == "order_not_found":
        return "404"
    assert answer.status_code < 500, answer.data
    return "in"


def expected(who: str, allowed: str, about: str) -> str:
    if allowed in (EVERYBODY, IN_THE_BODY):
        return "in" if allowed == EVERYBODY else "401"
    if who == "nobody":
        return "401"
    named = allowed.split()
    kind = "C" if who == "foreign" else who
    if kind not in named and not (who.startswith("key:") and "any-key" in named):
        return "403"
    return {"own": "404", "self": "403"}.get(about, "in") if who == "foreign" else "in"


def _signed(app: Flask, **changes: Any) -> Credentials:
    """A token of a customer's with some of its claims changed; None takes one away."""
    genuine = person(app, "customer").headers["Authorization"].removeprefix("Bearer ")
    header = jwt.get_unverified_header(genuine)
    claims = jwt.decode(genuine, options={"verify_signature": False}) | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": "Bearer " + jwt.encode(kept, SECRET, "HS256", headers={"kid": header["kid"]})}


def _expired(app: Flask) -> Credentials:
    return _signed(app, exp=int((datetime.now(UTC) - timedelta(minutes=1)).timestamp()))


def _without_end(app: Flask) -> Credentials:
    return _signed(app, exp=None)


def _refresh_token(app: Flask) -> Credentials:
    return _signed(app, type="refresh")


def _by_another_key(app: Flask) -> Credentials:
    genuine = person(app, "customer").headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(genuine, options={"verify_signature": False})
    kid = jwt.get_unverified_header(genuine)["kid"]
    return {"Authorization": "Bearer " + jwt.encode(claims, "k" * 40, "HS256", headers={"kid": kid})}


def _unsigned(app: Flask) -> Credentials:
    genuine = person(app, "customer").headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(genuine, options={"verify_signature": False})
    kid = jwt.get_unverified_header(genuine)["kid"]
    return {"Authorization": "Bearer " + jwt.encode(claims, None, "none", headers={"kid": kid})}


def _logged_out(app: Flask) -> Credentials:
    caller = person(app, "customer")
    assert caller.post("/auth/logout").status_code == 204
    return caller.headers


def _malformed(_: Flask) -> Credentials:
    return {"Authorization": "Bearer not.a.token"}


def _unknown_key(_: Flask) -> Credentials:
    return {"X-API-Key": "oms_" + "0" * 60}


def _revoked_key(app: Flask) -> Credentials:
    key = api_key_caller(app, *SCOPES)
    assert person(app, "admin").call("DELETE", f"/api-keys/{key.id}").status_code in (200, 204)
    return key.headers


SHOWN: list[Callable[[Flask], Credentials]] = [
    _expired,
    _without_end,
    _refresh_token,
    _by_another_key,
    _unsigned,
    _logged_out,
    _malformed,
    _unknown_key,
    _revoked_key,
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.__name__.strip("_"))
def test_what_is_not_genuine_opens_nothing(
    app: Flask, people: dict[str, Caller], order: Any, shown: Callable[[Flask], Credentials]
) -> None:
    caller = Caller(app, shown(app), "")
    closed = list(_behind_a_credential())
    assert {route: verdict(called(caller, route, order, people["C"])) for route in closed} == dict.fromkeys(
        closed, "401"
    )


def _behind_a_credential() -> Iterator[str]:
    """The routes that ask who calls; logging out comes last, for it ends what the others need."""
    asking = (route for route, (allowed, _) in TABLE.items() if allowed not in (EVERYBODY, IN_THE_BODY))
    return iter(sorted(asking, key="POST /auth/logout".__eq__))


def test_a_genuine_token_passes_where_those_did_not(app: Flask, people: dict[str, Caller], order: Any) -> None:
    caller = Caller(app, _signed(app), "")
    assert "401" not in {verdict(called(caller, route, order, people["C"])) for route in _behind_a_credential()}
