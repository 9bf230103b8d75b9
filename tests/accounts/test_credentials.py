import json
from pathlib import Path

import pytest
from flask import Flask

from oms.accounts import credentials, tokens
from oms.accounts.credentials import Credential, identify
from oms.accounts.tokens import Grant
from oms.errors import Unauthenticated
from tests.accounts.people import PROJECT, certificate, firebase_token, rsa_key, token_app

GRANT = Grant("user-1", "family-1", "jti-1")


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"k1": certificate(rsa_key("k1"))}))
    return token_app(FIREBASE_PROJECT_ID=PROJECT, FIREBASE_KEYS=str(path))


def refusal(app: Flask, authorization: str | None, api_key: str | None = None) -> str:
    with app.app_context(), pytest.raises(Unauthenticated) as refused:
        identify(authorization, api_key)
    return refused.value.code


def test_nothing_shown_is_nobody(app: Flask) -> None:
    with app.app_context():
        assert identify(None, None) is None


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_an_access_token_is_known_by_its_family(app: Flask, scheme: str) -> None:
    with app.app_context():
        pair = tokens.issue(GRANT)
        assert identify(scheme + pair.access_token, None) == Credential("token", "family-1", "user-1")


def test_a_refresh_token_is_no_credential(app: Flask) -> None:
    with app.app_context():
        token = tokens.issue(GRANT).refresh_token
    assert refusal(app, f"Bearer {token}") == "token_wrong_type"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a.b", "Bearer a.b.c", "token"])
def test_a_malformed_authorization_is_refused(app: Flask, header: str) -> None:
    assert refusal(app, header) == "token_invalid"


def test_an_api_key_is_known_by_its_id_and_the_fingerprint_of_its_secret(app: Flask) -> None:
    key_id, fingerprint, key = credentials.new_api_key()
    assert key.startswith(f"oms_{key_id}_")
    assert fingerprint not in key
    with app.app_context():
        assert identify(None, key) == Credential("api_key", key_id, key_id, proof=fingerprint)


def test_two_api_keys_have_nothing_in_common() -> None:
    first, second = credentials.new_api_key(), credentials.new_api_key()
    assert not set(first) & set(second)


@pytest.mark.parametrize(
    "key", ["", "oms_", "oms_" + "A" * 26 + "_short", "x" * 5000, "OMS_" + "A" * 26 + "_" + "b" * 43]
)
def test_a_malformed_api_key_is_refused(app: Flask, key: str) -> None:
    assert refusal(app, None, key) == "api_key_invalid"


def test_two_credentials_at_once_are_refused(app: Flask) -> None:
    with app.app_context():
        token = tokens.issue(GRANT).access_token
    assert refusal(app, f"Bearer {token}", credentials.new_api_key()[2]) == "credentials_ambiguous"


def test_a_firebase_token_is_known_by_its_uid(app: Flask) -> None:
    token = firebase_token("uid-1", email="ann@example.com", email_verified=True)
    with app.app_context():
        found = identify(f"Bearer {token}", None)
    assert found == Credential("firebase", "uid-1", "uid-1", verified_email="ann@example.com")


def test_a_forged_firebase_token_is_refused(app: Flask) -> None:
    assert refusal(app, f"Bearer {firebase_token('uid-1', key='theirs', kid='k1')}") == "token_invalid"


def test_a_firebase_token_is_refused_where_no_project_is_set() -> None:
    assert refusal(token_app(), f"Bearer {firebase_token('uid-1')}") == "firebase_not_configured"
