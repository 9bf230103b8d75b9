import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from jwt.algorithms import RSAAlgorithm

from devstack.server import wait_until
from oms.accounts import firebase
from oms.accounts.firebase import FirebaseIdentity, FirebaseVerifier, KeySource
from oms.errors import Unauthenticated, Unavailable
from tests.accounts.people import (
    PROJECT,
    KeyServer,
    certificate,
    ed25519_key,
    firebase_token,
    key_server,
    rsa_key,
    token_app,
)


class Clock:
    """Monotonic seconds under the test's control."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server({"k1": certificate(rsa_key("k1"))}) as running:
        yield running


@pytest.fixture
def keys(server: KeyServer, clock: Clock) -> KeySource:
    return KeySource(server.url, clock)


@pytest.fixture
def verifier(keys: KeySource) -> FirebaseVerifier:
    return FirebaseVerifier(PROJECT, keys)


def refusal(verifier: FirebaseVerifier, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        verifier.verify(token)
    return refused.value.code


def test_a_genuine_token_names_the_uid_and_the_verified_address(verifier: FirebaseVerifier) -> None:
    token = firebase_token("uid-1", email="Ann@Example.com", email_verified=True)
    assert verifier.verify(token) == FirebaseIdentity("uid-1", "ann@example.com")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": "ann@example.com"},
        {"email": "ann@example.com", "email_verified": False},
        {"email": "ann@example.com", "email_verified": "true"},
        {"email": 7, "email_verified": True},
        {"email": "no address", "email_verified": True},
    ],
)
def test_an_address_that_is_not_verified_is_not_believed(verifier: FirebaseVerifier, claims: dict[str, Any]) -> None:
    assert verifier.verify(firebase_token("uid-1", **claims)).verified_email is None


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-project"},
        {"aud": [PROJECT, "another-project"]},
        {"iss": "https://securetoken.google.com/another-project"},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 129},
        {"sub": "uid\x00"},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 600},
        {"auth_time": None},
        {"auth_time": int(time.time()) + 600},
        {"auth_time": True},
        {"auth_time": "yesterday"},
        {"auth_time": float("nan")},
    ],
)
def test_a_token_with_a_wrong_or_missing_claim_is_refused(verifier: FirebaseVerifier, claims: dict[str, Any]) -> None:
    assert refusal(verifier, firebase_token(claims.pop("sub", "uid-1"), **claims)) == "token_invalid"


def test_an_expired_token_is_told_apart(verifier: FirebaseVerifier) -> None:
    assert refusal(verifier, firebase_token("uid-1", exp=int(time.time()) - 60)) == "token_expired"


def test_a_token_of_another_key_is_refused_even_under_a_known_key_id(verifier: FirebaseVerifier) -> None:
    assert refusal(verifier, firebase_token("uid-1", key="theirs", kid="k1")) == "token_invalid"


def test_only_rs256_is_accepted(verifier: FirebaseVerifier) -> None:
    claims = pyjwt.decode(firebase_token("uid-1"), options={"verify_signature": False})
    unsigned = pyjwt.encode(claims, "", "none", headers={"kid": "k1"})
    secret = pyjwt.encode(claims, "k" * 40, "HS256", headers={"kid": "k1"})
    longer = pyjwt.encode(claims, rsa_key("k1"), "RS512", headers={"kid": "k1"})
    assert {refusal(verifier, token) for token in (unsigned, secret, longer)} == {"token_invalid"}


def test_a_token_without_a_key_id_is_refused(verifier: FirebaseVerifier) -> None:
    assert refusal(verifier, pyjwt.encode({"sub": "x"}, rsa_key("k1"), "RS256")) == "token_invalid"


def test_keys_are_fetched_once_and_kept_as_long_as_the_server_says(
    verifier: FirebaseVerifier, server: KeyServer, clock: Clock
) -> None:
    server.cache_control = "public, max-age=500"
    verifier.verify(firebase_token("uid-1"))
    clock.seconds += 499
    verifier.verify(firebase_token("uid-1"))
    assert server.asked == 1
    clock.seconds += 2
    verifier.verify(firebase_token("uid-1"))
    assert server.asked == 2


def test_keys_without_a_max_age_live_for_an_hour(verifier: FirebaseVerifier, server: KeyServer, clock: Clock) -> None:
    server.cache_control = "no-transform"
    verifier.verify(firebase_token("uid-1"))
    clock.seconds += 3599
    verifier.verify(firebase_token("uid-1"))
    assert server.asked == 1


def test_a_new_key_is_found_when_the_first_token_names_it(
    verifier: FirebaseVerifier, server: KeyServer, clock: Clock
) -> None:
    verifier.verify(firebase_token("uid-1"))
    server.document = {"k2": certificate(rsa_key("k2"))}
    clock.seconds += 61
    assert verifier.verify(firebase_token("uid-2", key="k2")).uid == "uid-2"
    assert refusal(verifier, firebase_token("uid-1")) == "token_invalid"


def test_a_flood_of_unknown_key_ids_asks_the_server_once_a_minute(
    verifier: FirebaseVerifier, server: KeyServer, clock: Clock
) -> None:
    verifier.verify(firebase_token("uid-1"))
    clock.seconds += 61
    for number in range(20):
        refusal(verifier, firebase_token("uid-1", kid=f"forged-{number}"))
    assert server.asked == 2


def test_old_keys_serve_for_a_day_while_their_server_is_away(
    verifier: FirebaseVerifier, server: KeyServer, clock: Clock
) -> None:
    server.cache_control = "max-age=100"
    verifier.verify(firebase_token("uid-1"))
    server.status = 500
    clock.seconds += 100 + 23 * 3600
    assert verifier.verify(firebase_token("uid-1")).uid == "uid-1"
    clock.seconds += 3601
    with pytest.raises(Unavailable) as refused:
        verifier.verify(firebase_token("uid-1"))
    assert refused.value.code == "identity_provider_unavailable"


def test_a_failed_fetch_is_not_repeated_by_every_request(
    verifier: FirebaseVerifier, server: KeyServer, clock: Clock
) -> None:
    server.cache_control = "max-age=1"
    verifier.verify(firebase_token("uid-1"))
    server.status = 500
    clock.seconds += 61
    for _ in range(5):
        verifier.verify(firebase_token("uid-1"))
    assert server.asked == 2


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        {"k1": "no certificate"},
        {"k1": certificate(ed25519_key("k1"))},
        {"keys": []},
        {"keys": [{"kty": "RSA"}]},
        b'{"k1": "' + b"x" * 1_000_000 + b'"}',
    ],
)
def test_without_a_usable_key_set_the_answer_is_unavailable(
    verifier: FirebaseVerifier, server: KeyServer, document: Any
) -> None:
    server.document = document
    with pytest.raises(Unavailable):
        verifier.verify(firebase_token("uid-1"))


def test_after_a_failed_start_the_next_second_tries_again(
    verifier: FirebaseVerifier, server: KeyServer, clock: Clock
) -> None:
    good, server.document = server.document, b""
    with pytest.raises(Unavailable):
        verifier.verify(firebase_token("uid-1"))
    server.document = good
    with pytest.raises(Unavailable):
        verifier.verify(firebase_token("uid-1"))
    clock.seconds += 1
    assert verifier.verify(firebase_token("uid-1")).uid == "uid-1"


def test_a_server_that_refuses_connections_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        FirebaseVerifier(PROJECT, KeySource("http://127.0.0.1:1/keys")).verify(firebase_token("uid-1"))


def test_a_file_is_a_key_source_too(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"k1": certificate(rsa_key("k1"))}))
    assert FirebaseVerifier(PROJECT, KeySource(str(path))).verify(firebase_token("uid-1")).uid == "uid-1"


def test_a_jwk_set_is_read_like_a_map_of_certificates(verifier: FirebaseVerifier, server: KeyServer) -> None:
    jwk = RSAAlgorithm.to_jwk(rsa_key("k1").public_key(), as_dict=True)
    server.document = {"keys": [{**jwk, "kid": "k1", "use": "sig", "alg": "RS256"}]}
    assert verifier.verify(firebase_token("uid-1")).uid == "uid-1"


def test_who_has_old_keys_does_not_queue_behind_a_slow_fetch(keys: KeySource, server: KeyServer, clock: Clock) -> None:
    keys.key("k1")
    server.released.clear()
    clock.seconds += 30_000
    slow = threading.Thread(target=keys.key, args=("k1",))
    slow.start()
    assert wait_until(lambda: server.asked == 2, 20)
    assert keys.key("k1") is not None
    assert keys.key("unknown") is None
    assert slow.is_alive()
    server.released.set()
    slow.join()


def test_a_token_is_taken_for_firebases_by_its_issuer_only() -> None:
    assert firebase.is_firebase(firebase_token("uid-1"))
    assert not firebase.is_firebase(firebase_token("uid-1", iss="https://example.com/"))
    assert not firebase.is_firebase(firebase_token("uid-1", iss=None))


def test_without_a_project_no_firebase_token_is_accepted() -> None:
    with token_app().app_context(), pytest.raises(Unauthenticated) as refused:
        firebase.verify_id_token(firebase_token("uid-1"))
    assert refused.value.code == "firebase_not_configured"


def test_an_application_keeps_its_keys_between_requests(server: KeyServer) -> None:
    app = token_app(FIREBASE_PROJECT_ID=PROJECT, FIREBASE_KEYS=server.url)
    for _ in range(2):
        with app.app_context():
            assert firebase.verify_id_token(firebase_token("uid-1")).uid == "uid-1"
    assert server.asked == 1
