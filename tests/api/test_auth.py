from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import argon2
import jwt as pyjwt
import pytest
import redis
from flask import Flask
from werkzeug.test import TestResponse

from oms import redis_guard
from oms.accounts import sign_in, tokens, users
from oms.accounts.users import Account
from oms.transactions import transaction
from tests.accounts import hashing
from tests.accounts.people import PASSWORD, bearer, registered, unique_email
from tests.callers import Caller, api_key_caller

NEW_PASSWORD = "another long password"

hashed = pytest.fixture(hashing.hashed)


@pytest.fixture
def account(app: Flask) -> Account:
    with app.app_context():
        return registered()


@pytest.fixture
def pair(app: Flask, account: Account) -> tokens.TokenPair:
    with app.app_context():
        user = sign_in.authenticate(account.email or "", PASSWORD)
        return tokens.issue(transaction(lambda session: sign_in.open_family(session, user)))


@pytest.fixture
def caller(app: Flask, pair: tokens.TokenPair, account: Account) -> Caller:
    return Caller(app, bearer(pair.access_token), account.id)


def login(anonymous: Caller, **form: str) -> TestResponse:
    return anonymous.post("/auth/token", data=form)


def refusal(response: TestResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    return response.status_code, (response.json or {})["code"]


def pointers(response: TestResponse) -> list[str]:
    assert response.status_code == 422, response.text
    return sorted(error["pointer"] for error in (response.json or {})["errors"])


def body(response: TestResponse, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


class TestRegister:
    def test_a_new_account_answers_its_id_and_normalised_address(self, anonymous: Caller) -> None:
        email = unique_email()
        made = body(anonymous.post("/register", {"email": email.upper(), "password": PASSWORD}), 201)
        assert made == {"id": made["id"], "email": email}
        pair = body(login(anonymous, username=email, password=PASSWORD))
        assert body(anonymous.get("/auth/me", headers=bearer(pair["access_token"])))["id"] == made["id"]

    def test_a_taken_address_is_a_conflict_in_any_case(self, anonymous: Caller, account: Account) -> None:
        again = {"email": (account.email or "").title(), "password": PASSWORD}
        assert refusal(anonymous.post("/register", again)) == (409, "email_taken")

    def test_of_two_at_once_in_different_case_one_is_made(self, app: Flask) -> None:
        email, barrier = unique_email(), Barrier(2)

        def register(spelling: str) -> int:
            caller = Caller(app, {}, "")
            barrier.wait(10)
            return caller.post("/register", {"email": spelling, "password": PASSWORD}).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(register, (email, email.upper()))) == [201, 409]

    @pytest.mark.parametrize("password", ["x" * 73, "x" * 128, "пароль-日本語-🐎"])
    def test_a_long_or_foreign_password_works_whole(self, anonymous: Caller, password: str) -> None:
        email = unique_email()
        body(anonymous.post("/register", {"email": email, "password": password}), 201)
        assert login(anonymous, username=email, password=password).status_code == 200
        assert refusal(login(anonymous, username=email, password=password[:-1])) == (401, "invalid_grant")

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"password": "short"}, ["/password"]),
            ({"password": "x" * 129}, ["/password"]),
            ({"password": "12345678\x00"}, ["/password"]),
            ({"password": "12345678\x85"}, ["/password"]),
            ({"password": 12345678}, ["/password"]),
            ({"email": "no address"}, ["/email"]),
            ({"email": "a@" + "b" * 300}, ["/email"]),
            ({"role": "admin"}, ["/role"]),
        ],
    )
    def test_a_broken_rule_is_pointed_at(self, anonymous: Caller, changes: dict[str, Any], expected: list[str]) -> None:
        wanted = {"email": unique_email(), "password": PASSWORD, **changes}
        assert pointers(anonymous.post("/register", wanted)) == expected

    def test_both_members_are_needed(self, anonymous: Caller) -> None:
        assert pointers(anonymous.post("/register", {})) == ["/email", "/password"]


class TestToken:
    def test_a_password_buys_a_pair_that_no_cache_keeps(self, anonymous: Caller, account: Account) -> None:
        response = login(anonymous, grant_type="password", username=account.email or "", password=PASSWORD)
        pair = body(response)
        assert sorted(pair) == ["access_token", "expires_in", "refresh_token", "token_type"]
        assert (pair["token_type"], pair["expires_in"]) == ("bearer", 1800)
        assert response.headers["Cache-Control"] == "no-store"

    def test_what_oauth2_clients_send_besides_is_ignored(self, anonymous: Caller, account: Account) -> None:
        form = {"username": account.email or "", "password": PASSWORD, "scope": "", "client_id": "", "audience": "x"}
        basic = {"Authorization": "Basic Y2xpZW50OnNlY3JldA=="}
        assert anonymous.post("/auth/token", data=form, headers=basic).status_code == 200

    def test_an_unknown_user_and_a_wrong_password_answer_the_same(self, anonymous: Caller, account: Account) -> None:
        unknown = login(anonymous, username=unique_email(), password=PASSWORD)
        wrong = login(anonymous, username=account.email or "", password="wrong horse battery")
        assert refusal(unknown) == refusal(wrong) == (401, "invalid_grant")
        bodies = [{**(answer.json or {}), "request_id": ""} for answer in (unknown, wrong)]
        assert bodies[0] == bodies[1]
        assert bodies[0]["error"] == "invalid_grant"

    def test_an_unknown_user_costs_the_same_hashing_as_a_wrong_password(
        self, anonymous: Caller, account: Account, hashed: list[argon2.Parameters]
    ) -> None:
        login(anonymous, username=account.email or "", password="wrong horse battery")
        login(anonymous, username=unique_email(), password="wrong horse battery")
        known, unknown = hashed
        assert known == unknown

    def test_a_refresh_token_is_a_grant_too(self, anonymous: Caller, pair: tokens.TokenPair) -> None:
        renewed = body(login(anonymous, grant_type="refresh_token", refresh_token=pair.refresh_token))
        assert anonymous.get("/auth/me", headers=bearer(renewed["access_token"])).status_code == 200
        again = login(anonymous, grant_type="refresh_token", refresh_token=pair.refresh_token)
        assert refusal(again) == (401, "invalid_grant")

    @pytest.mark.parametrize("grant_type", ["client_credentials", "", "PASSWORD"])
    def test_another_grant_is_not_supported(self, anonymous: Caller, grant_type: str) -> None:
        response = login(anonymous, grant_type=grant_type)
        assert refusal(response) == (400, "unsupported_grant_type")
        assert (response.json or {})["error"] == "unsupported_grant_type"

    def test_what_is_missing_is_pointed_at(self, anonymous: Caller) -> None:
        assert pointers(login(anonymous)) == ["/password", "/username"]
        assert pointers(login(anonymous, username="a@b", password="")) == ["/password"]
        assert pointers(login(anonymous, grant_type="refresh_token")) == ["/refresh_token"]

    @pytest.mark.parametrize("password", ["x" * 129, "a\x00b"])
    def test_a_password_that_can_be_nobodys_is_refused(
        self, anonymous: Caller, account: Account, password: str
    ) -> None:
        assert pointers(login(anonymous, username=account.email or "", password=password)) == ["/password"]

    def test_the_sixth_guess_in_a_minute_is_one_too_many(self, anonymous: Caller) -> None:
        username = unique_email()
        answers = [login(anonymous, username=username, password="wrong") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0


class TestRefresh:
    @pytest.mark.parametrize("way", ["body", "bearer", "body before bearer"])
    def test_a_refresh_token_buys_the_next_pair(self, anonymous: Caller, pair: tokens.TokenPair, way: str) -> None:
        sent = {"refresh_token": pair.refresh_token} if way.startswith("body") else None
        token = {"bearer": pair.refresh_token, "body before bearer": pair.access_token}.get(way)
        response = anonymous.post("/auth/refresh", sent, headers=bearer(token) if token else {})
        renewed = body(response)
        assert anonymous.get("/auth/me", headers=bearer(renewed["access_token"])).status_code == 200
        assert response.headers["Cache-Control"] == "no-store"

    def test_a_token_shown_twice_ends_the_session_for_both(self, anonymous: Caller, pair: tokens.TokenPair) -> None:
        used = {"refresh_token": pair.refresh_token}
        renewed = body(anonymous.post("/auth/refresh", used))
        assert refusal(anonymous.post("/auth/refresh", used)) == (401, "invalid_grant")
        me = anonymous.get("/auth/me", headers=bearer(renewed["access_token"]))
        assert refusal(me) == (401, "token_revoked")

    def test_an_access_token_is_refused(self, anonymous: Caller, pair: tokens.TokenPair) -> None:
        response = anonymous.post("/auth/refresh", {"refresh_token": pair.access_token})
        assert refusal(response) == (401, "invalid_grant")

    def test_nothing_sent_is_told_what_to_send(self, anonymous: Caller) -> None:
        assert refusal(anonymous.post("/auth/refresh")) == (401, "credentials_missing")
        assert pointers(anonymous.post("/auth/refresh", {"refresh_token": 7})) == ["/refresh_token"]


class TestMe:
    @pytest.mark.parametrize("role", ["customer", "staff", "admin"])
    def test_a_person_is_told_his_address_and_role(self, app: Flask, request: pytest.FixtureRequest, role: str) -> None:
        caller: Caller = request.getfixturevalue(role)
        me = body(caller.get("/auth/me"))
        with app.app_context():
            found = transaction(lambda session: users.find(session, caller.id))
        assert me == {
            "id": caller.id,
            "email": found.email,
            "kind": role,
            "role": role,
            "roles": [role],
            "scopes": [],
        }

    def test_an_api_key_is_told_its_scopes(self, app: Flask) -> None:
        key = api_key_caller(app, "payments", "orders:read")
        assert body(key.get("/auth/me")) == {
            "id": key.id,
            "email": None,
            "kind": "api_key",
            "role": None,
            "roles": [],
            "scopes": ["orders:read", "payments"],
        }

    def test_nobody_is_told_to_sign_in(self, anonymous: Caller) -> None:
        response = anonymous.get("/auth/me")
        assert refusal(response) == (401, "credentials_missing")
        assert response.headers["WWW-Authenticate"].startswith("Bearer")

    def test_hostile_tokens_are_refused(self, app: Flask, anonymous: Caller, pair: tokens.TokenPair) -> None:
        claims = pyjwt.decode(pair.access_token, options={"verify_signature": False})
        headers = {"kid": pyjwt.get_unverified_header(pair.access_token)["kid"]}
        key = app.extensions["oms_token_keys"].signing
        lifeless = {name: value for name, value in claims.items() if name != "exp"}
        hostile = {
            "unsigned": pyjwt.encode(claims, "", "none", headers=headers),
            "other key": pyjwt.encode(claims, "o" * 40, "HS256", headers=headers),
            "unknown key": pyjwt.encode(claims, key, "HS256", headers={"kid": "nobody"}),
            "no key": pyjwt.encode(claims, key, "HS256"),
            "no exp": pyjwt.encode(lifeless, key, "HS256", headers=headers),
            "expired": pyjwt.encode({**claims, "exp": claims["iat"] - 60}, key, "HS256", headers=headers),
            "foreign issuer": pyjwt.encode({**claims, "iss": "x"}, key, "HS256", headers=headers),
            "wrong audience": pyjwt.encode({**claims, "aud": "x"}, key, "HS256", headers=headers),
            "another user": pyjwt.encode({**claims, "sub": "x"}, key, "HS256", headers=headers),
            "refresh": pair.refresh_token,
            "garbage": "garbage",
        }
        genuine = pyjwt.encode(claims, key, "HS256", headers=headers)
        assert anonymous.get("/auth/me", headers=bearer(genuine)).status_code == 200
        for name, token in hostile.items():
            response = anonymous.get("/auth/me", headers=bearer(token))
            # A copy of the genuine session lies in Redis by now; "another user" must not be let in by it.
            assert response.status_code == 401, name
            assert "WWW-Authenticate" in response.headers

    def test_two_credentials_at_once_are_refused(self, caller: Caller, warehouse: Caller) -> None:
        response = caller.get("/auth/me", headers=warehouse.headers)
        assert refusal(response) == (401, "credentials_ambiguous")


class TestLogout:
    def test_it_ends_this_session_at_once(self, caller: Caller, pair: tokens.TokenPair, anonymous: Caller) -> None:
        assert caller.get("/auth/me").status_code == 200
        response = caller.post("/auth/logout")
        assert (response.status_code, response.data) == (204, b"")
        assert refusal(caller.get("/auth/me")) == (401, "token_revoked")
        assert anonymous.post("/auth/refresh", {"refresh_token": pair.refresh_token}).status_code == 401

    def test_it_ends_the_session_while_redis_is_down(
        self, app: Flask, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nowhere = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
        monkeypatch.setitem(app.extensions, "oms_redis", nowhere)
        try:
            assert caller.post("/auth/logout").status_code == 204
            redis_guard.breaker.trip()
            assert refusal(caller.get("/auth/me")) == (401, "token_revoked")
        finally:
            redis_guard.breaker.reset()

    def test_an_api_key_has_no_session_to_end(self, warehouse: Caller) -> None:
        assert refusal(warehouse.post("/auth/logout"))[0] == 403


class TestPassword:
    def test_a_new_password_ends_every_session(self, caller: Caller, anonymous: Caller, account: Account) -> None:
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        assert caller.post("/auth/password", change).status_code == 204
        assert refusal(caller.get("/auth/me")) == (401, "token_revoked")
        assert refusal(login(anonymous, username=account.email or "", password=PASSWORD)) == (401, "invalid_grant")
        assert login(anonymous, username=account.email or "", password=NEW_PASSWORD).status_code == 200

    def test_the_wrong_current_password_is_forbidden_and_the_session_lives(self, caller: Caller) -> None:
        change = {"current_password": "wrong horse", "new_password": NEW_PASSWORD}
        assert refusal(caller.post("/auth/password", change)) == (403, "wrong_password")
        assert caller.get("/auth/me").status_code == 200

    def test_the_new_password_keeps_the_rules(self, caller: Caller) -> None:
        change = {"current_password": PASSWORD, "new_password": "short"}
        assert pointers(caller.post("/auth/password", change)) == ["/new_password"]
