from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from oms.accounts import users
from oms.accounts.actor import system
from oms.ids import new_id
from oms.transactions import transaction
from tests.accounts.people import (
    PROJECT,
    KeyServer,
    bearer,
    certificate,
    firebase_token,
    key_server,
    registered,
    rsa_key,
    unique_email,
)
from tests.callers import Caller


@pytest.fixture
def server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyServer]:
    """A key server of Firebase's kind, and an application that was told to trust it."""
    with key_server({"k1": certificate(rsa_key("k1"))}) as running:
        trusting = replace(app.config["OMS_SETTINGS"], firebase_project_id=PROJECT, firebase_keys=running.url)
        monkeypatch.setitem(app.config, "OMS_SETTINGS", trusting)
        app.extensions.pop("oms_firebase", None)
        yield running
        app.extensions.pop("oms_firebase", None)


def firebase_caller(app: Flask, uid: str, **claims: Any) -> Caller:
    return Caller(app, bearer(firebase_token(uid, **claims)), uid)


@pytest.mark.usefixtures("server")
def test_an_id_token_is_accepted_like_ours_and_makes_the_user_on_first_use(app: Flask) -> None:
    email = unique_email()
    caller = firebase_caller(app, new_id(), email=email, email_verified=True)
    first, second = caller.get("/auth/me"), caller.get("/auth/me")
    assert first.status_code == 200
    assert first.json == second.json
    assert {**(first.json or {}), "id": ""} == {
        "id": "",
        "email": email,
        "kind": "customer",
        "role": "customer",
        "roles": ["customer"],
        "scopes": [],
    }


@pytest.mark.usefixtures("server")
def test_an_id_token_buys_a_pair_of_ours_for_the_same_user(app: Flask, anonymous: Caller) -> None:
    caller = firebase_caller(app, new_id())
    by_body = anonymous.post("/auth/firebase", {"id_token": caller.headers["Authorization"].removeprefix("Bearer ")})
    by_bearer = caller.post("/auth/firebase")
    user_id = (caller.get("/auth/me").json or {})["id"]
    for response in (by_body, by_bearer):
        assert response.headers["Cache-Control"] == "no-store"
        me = anonymous.get("/auth/me", headers=bearer((response.json or {})["access_token"]))
        assert (me.json or {})["id"] == user_id


@pytest.mark.usefixtures("server")
def test_an_address_with_a_password_here_stays_its_owners(app: Flask) -> None:
    with app.app_context():
        owner = registered()
    me = firebase_caller(app, new_id(), email=owner.email, email_verified=True).get("/auth/me").json or {}
    assert me["id"] != owner.id
    assert me["email"] is None


@pytest.mark.usefixtures("server")
def test_a_disabled_firebase_user_is_refused_on_every_way(app: Flask) -> None:
    caller = firebase_caller(app, new_id())
    user_id = (caller.get("/auth/me").json or {})["id"]
    with app.app_context():
        transaction(lambda session: users.change(session, system("tests"), user_id, is_active=False))
    assert (caller.get("/auth/me").json or {})["code"] == "account_disabled"
    assert (caller.post("/auth/firebase").json or {})["code"] == "invalid_grant"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("claims", [{"aud": "another"}, {"exp": 1}, {"iss": "https://securetoken.google.com/another"}])
def test_a_foreign_or_expired_id_token_is_refused(app: Flask, claims: dict[str, Any]) -> None:
    caller = firebase_caller(app, new_id(), **claims)
    assert caller.get("/auth/me").status_code == 401
    assert caller.post("/auth/firebase").status_code == 401


def test_without_its_keys_the_answer_is_unavailable(app: Flask, server: KeyServer) -> None:
    server.status = 500
    response = firebase_caller(app, new_id()).get("/auth/me")
    assert (response.status_code, (response.json or {})["code"]) == (503, "identity_provider_unavailable")


def test_where_no_project_is_set_id_tokens_are_refused(app: Flask, anonymous: Caller) -> None:
    assert firebase_caller(app, new_id()).get("/auth/me").status_code == 401
    exchange = anonymous.post("/auth/firebase", {"id_token": firebase_token(new_id())})
    assert (exchange.status_code, (exchange.json or {})["code"]) == (401, "firebase_not_configured")


@pytest.mark.usefixtures("server")
def test_the_exchange_of_nothing_is_refused(anonymous: Caller) -> None:
    assert (anonymous.post("/auth/firebase").json or {})["code"] == "credentials_missing"


@pytest.mark.usefixtures("server")
def test_our_own_token_is_not_exchanged(customer: Caller) -> None:
    assert customer.post("/auth/firebase").status_code == 401
