"""The key rotation of docs/operations.md, step by step, over applications that share a database."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask

from oms.ids import new_id
from tests.accounts.people import ed25519_key, private_pem, public_pem
from tests.callers import Caller
from tests.conftest import Servers
from tests.floor import applications

PASSWORD = "a-long-enough-password"
OLD, NEW = "o" * 40, "n" * 40
Tokens = dict[str, str]


def eddsa(key: str, *former: str) -> dict[str, str]:
    known = "".join(public_pem(ed25519_key(name)) for name in former)
    former_keys = {"JWT_PREVIOUS_PUBLIC_KEYS": known} if former else {}
    return {"JWT_ALGORITHM": "EdDSA", "JWT_PRIVATE_KEY": private_pem(ed25519_key(key)), **former_keys}


# Before; step 1: the new one verifies; step 2: it signs; step 3: the old one is out.
STEPS = {
    "HS256": [
        {"JWT_SECRET_KEY": OLD},
        {"JWT_SECRET_KEY": OLD, "JWT_PREVIOUS_SECRET_KEYS": NEW},
        {"JWT_SECRET_KEY": NEW, "JWT_PREVIOUS_SECRET_KEYS": OLD},
        {"JWT_SECRET_KEY": NEW},
    ],
    "EdDSA": [eddsa("old"), eddsa("old", "new"), eddsa("new", "old"), eddsa("new")],
}


@pytest.fixture(params=STEPS)
def steps(request: pytest.FixtureRequest) -> list[dict[str, str]]:
    return STEPS[request.param]


@contextmanager
def running(app: Flask, servers: Servers, variables: dict[str, str]) -> Iterator[Caller]:
    with applications.another(app, servers, **variables) as made:
        yield Caller(made, {}, "")


def signed_in(nobody: Caller, email: str) -> Tokens:
    answer = nobody.post("/auth/token", data={"username": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.data
    return dict(answer.get_json())


def is_let_in(nobody: Caller, tokens: Tokens) -> bool:
    answer = nobody.get("/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


def test_nobody_is_signed_out_until_the_old_key_is_dropped(
    app: Flask, servers: Servers, steps: list[dict[str, str]]
) -> None:
    email = f"{new_id().lower()}@example.com"
    before, announced, turned, done = steps
    with running(app, servers, before) as nobody:
        assert nobody.post("/register", {"email": email, "password": PASSWORD}).status_code == 201
        old = signed_in(nobody, email)
    with running(app, servers, turned) as nobody:
        assert is_let_in(nobody, old)
        new = signed_in(nobody, email)
        refreshed = dict(nobody.post("/auth/refresh", {"refresh_token": old["refresh_token"]}).get_json())
        assert is_let_in(nobody, refreshed)
    with running(app, servers, announced) as nobody:  # a process that has not been restarted yet
        assert is_let_in(nobody, old)
        assert is_let_in(nobody, new)
    with running(app, servers, before) as nobody:  # what step 1 is for
        assert not is_let_in(nobody, new)
    with running(app, servers, done) as nobody:
        assert not is_let_in(nobody, old)
        assert is_let_in(nobody, new)
        assert is_let_in(nobody, refreshed)
        assert nobody.post("/auth/refresh", {"refresh_token": refreshed["refresh_token"]}).status_code == 200
        unknown = nobody.get("/orders", headers={"Authorization": f"Bearer {old['access_token']}"})
        assert 'error="invalid_token"' in unknown.headers["WWW-Authenticate"]
