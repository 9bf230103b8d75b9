import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask
from flask_jwt_extended import decode_token

from oms.accounts import tokens
from oms.accounts.tokens import Claims, Grant
from oms.errors import ConfigurationError, Unauthenticated
from oms.ids import new_id
from tests.accounts.people import (
    OTHER_SECRET,
    SECRET,
    ed25519_key,
    private_pem,
    public_pem,
    rsa_key,
    settings,
    token_app,
)

ALGORITHMS = {
    "HS256": {},
    "RS256": {"JWT_ALGORITHM": "RS256", "JWT_PRIVATE_KEY": private_pem(rsa_key("ours"))},
    "EdDSA": {"JWT_ALGORITHM": "EdDSA", "JWT_PRIVATE_KEY": private_pem(ed25519_key("ours"))},
}


def grant() -> Grant:
    return Grant(new_id(), new_id(), new_id())


def refusal(app: Flask, token: str, expected: tokens.TokenType = "access") -> str:
    with app.app_context(), pytest.raises(Unauthenticated) as refused:
        tokens.verify(token, expected)
    return refused.value.code


def own_kid(app: Flask) -> str:
    ring: tokens.KeyRing = app.extensions["oms_token_keys"]
    return ring.current.kid


def forged(app: Flask, key: Any = SECRET, algorithm: str | None = "HS256", **changes: Any) -> str:
    """A token like ours but for `changes`; a claim of None is left out."""
    now = int(time.time())
    claims = {
        "iss": "oms",
        "aud": "oms",
        "sub": "u",
        "jti": "j",
        "fam": "f",
        "type": "access",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        **changes,
    }
    payload = {name: value for name, value in claims.items() if value is not None}
    return pyjwt.encode(payload, key, algorithm, headers={"kid": own_kid(app)})


def segment(document: Any) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_pair_verifies_and_says_whose_it_is(algorithm: str) -> None:
    app, wanted = token_app(**ALGORITHMS[algorithm]), grant()
    with app.app_context():
        pair = tokens.issue(wanted)
        access, refresh = tokens.verify(pair.access_token, "access"), tokens.verify(pair.refresh_token, "refresh")
    assert (access.user_id, access.family_id) == (wanted.user_id, wanted.family_id)
    assert refresh == Claims(wanted.user_id, wanted.family_id, wanted.jti)
    assert pyjwt.get_unverified_header(pair.access_token)["alg"] == algorithm


def test_the_answer_names_the_scheme_and_the_seconds_to_live() -> None:
    app = token_app(JWT_ACCESS_TOKEN_EXPIRATION_MINUTES="7", JWT_REFRESH_TOKEN_EXPIRATION_MINUTES="9")
    with app.app_context():
        pair = tokens.issue(grant())
    lives = [
        claims["exp"] - claims["iat"]
        for token in (pair.access_token, pair.refresh_token)
        for claims in [pyjwt.decode(token, options={"verify_signature": False})]
    ]
    assert (pair.token_type, pair.expires_in, lives) == ("bearer", 420, [420, 540])


def test_the_decoder_of_flask_jwt_extended_reads_our_tokens_with_the_same_keys() -> None:
    app = token_app(**ALGORITHMS["EdDSA"])
    with app.app_context():
        token = tokens.issue(grant()).access_token
        assert decode_token(token)["iss"] == "oms"


def test_a_forged_token_with_nothing_changed_is_accepted() -> None:
    """Without this the refusals below would prove nothing."""
    app = token_app()
    with app.app_context():
        assert tokens.verify(forged(app), "access") == Claims("u", "f", "j")


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf", "iss", "aud", "sub", "jti", "type", "fam"])
def test_a_token_that_lacks_a_claim_is_refused(claim: str) -> None:
    app = token_app()
    assert refusal(app, forged(app, **{claim: None})) == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "somebody"},
        {"aud": ["oms", "somebody"]},
        {"sub": 42},
        {"jti": 42},
        {"exp": "tomorrow"},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    app = token_app()
    assert refusal(app, forged(app, **changes)) == "token_invalid"


def test_an_expired_token_is_told_apart() -> None:
    app = token_app()
    assert refusal(app, forged(app, exp=int(time.time()) - 6)) == "token_expired"


def test_clocks_may_differ_by_five_seconds() -> None:
    app, now = token_app(), int(time.time())
    with app.app_context():
        assert tokens.verify(forged(app, exp=now - 2, nbf=now + 3, iat=now + 3), "access")


def test_a_refresh_token_is_no_access_token_and_the_reverse() -> None:
    app = token_app()
    with app.app_context():
        pair = tokens.issue(grant())
    assert refusal(app, pair.refresh_token, "access") == "token_wrong_type"
    assert refusal(app, pair.access_token, "refresh") == "token_wrong_type"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_an_unsigned_token_is_refused(algorithm: str) -> None:
    app = token_app(**ALGORITHMS[algorithm])
    assert refusal(app, forged(app, None, "none")) == "token_invalid"


def test_a_token_of_another_key_is_refused_even_under_our_key_id() -> None:
    app = token_app()
    assert refusal(app, forged(app, OTHER_SECRET)) == "token_invalid"
    assert refusal(app, forged(app, rsa_key("theirs"), "RS256")) == "token_invalid"


def test_a_changed_payload_or_signature_is_refused() -> None:
    app = token_app()
    header, payload, signature = forged(app).split(".")
    other = forged(app, sub="admin").split(".")[1]
    assert refusal(app, f"{header}.{other}.{signature}") == "token_invalid"
    assert refusal(app, f"{header}.{payload}.") == "token_invalid"


def test_the_public_key_is_no_hmac_secret() -> None:
    """The oldest trick: sign with HS256, using the published RSA key as the secret."""
    app = token_app(**ALGORITHMS["RS256"])
    public = public_pem(rsa_key("ours")).encode()
    header = segment({"alg": "HS256", "typ": "JWT", "kid": own_kid(app)})
    payload = forged(app, rsa_key("ours"), "RS256").split(".")[1]
    signature = pyjwt.get_algorithm_by_name("HS256").sign(f"{header}.{payload}".encode(), public)
    token = f"{header}.{payload}.{urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert refusal(app, token) == "token_invalid"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        "a.b",
        "a.b.c.d",
        "é.b.c",
        f"{segment([])}.e30.x",
        f"{segment({'alg': 'HS256'})}.e30.x",
        f"{segment({'alg': 'HS256', 'kid': 7})}.e30.x",
        f"{segment({'alg': 'HS256', 'kid': ['x']})}.e30.x",
        f"{segment({'alg': 'HS256', 'kid': 'nobody'})}.e30.x",
        f"{'x' * 600}.e30.x",
        f"{segment({})}.{'x' * 9000}.x",
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert refusal(token_app(), token) == "token_invalid"


def test_a_header_nested_without_end_is_refused_before_it_is_parsed() -> None:
    app = token_app()
    nested = f'{{"kid": "{own_kid(app)}", "x": {"[" * 3000}'
    assert refusal(app, urlsafe_b64encode(nested.encode()).decode() + ".e30.x") == "token_invalid"


def test_a_payload_nested_without_end_is_refused() -> None:
    deep = urlsafe_b64encode(b"[" * 5000 + b"]" * 500).decode()
    with pytest.raises(Unauthenticated):
        tokens.unverified_segment(f"e30.{deep}.x", 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"JWT_SECRET_KEY": OTHER_SECRET, "JWT_PREVIOUS_SECRET_KEYS": f"{'z' * 40}, {SECRET}"}),
        (
            ALGORITHMS["RS256"],
            {
                "JWT_ALGORITHM": "RS256",
                "JWT_PRIVATE_KEY": private_pem(rsa_key("next")),
                "JWT_PREVIOUS_PUBLIC_KEYS": public_pem(ed25519_key("older")) + public_pem(rsa_key("ours")),
            },
        ),
        (
            ALGORITHMS["EdDSA"],
            {
                "JWT_ALGORITHM": "EdDSA",
                "JWT_PRIVATE_KEY": private_pem(ed25519_key("next")),
                "JWT_PREVIOUS_PUBLIC_KEYS": public_pem(ed25519_key("ours")),
            },
        ),
        ({}, {**ALGORITHMS["RS256"], "JWT_PREVIOUS_SECRET_KEYS": SECRET}),
    ],
    ids=["HS256", "RS256", "EdDSA", "HS256 to RS256"],
)
def test_a_former_key_still_verifies_and_signs_no_more(before: dict[str, str], after: dict[str, str]) -> None:
    old_app, new_app, wanted = token_app(**before), token_app(**after), grant()
    with old_app.app_context():
        old = tokens.issue(wanted).access_token
    with new_app.app_context():
        new = tokens.issue(wanted).access_token
        assert tokens.verify(old, "access").user_id == wanted.user_id
        assert tokens.verify(new, "access").user_id == wanted.user_id
    assert pyjwt.get_unverified_header(new)["kid"] != pyjwt.get_unverified_header(old)["kid"]
    assert refusal(old_app, new) == "token_invalid"


def test_a_key_that_was_dropped_verifies_no_more() -> None:
    old_app, new_app = token_app(), token_app(JWT_SECRET_KEY=OTHER_SECRET)
    with old_app.app_context():
        old = tokens.issue(grant()).access_token
    assert refusal(new_app, old) == "token_invalid"


def test_a_key_in_one_line_is_read() -> None:
    pem = private_pem(ed25519_key("ours")).replace("\n", "\\n")
    assert tokens.load_keys(settings(JWT_ALGORITHM="EdDSA", JWT_PRIVATE_KEY=pem)).current.algorithm == "EdDSA"


def test_keys_are_parsed_once_and_not_for_each_token() -> None:
    ring = token_app(**ALGORITHMS["RS256"]).extensions["oms_token_keys"]
    assert isinstance(ring.signing, rsa.RSAPrivateKey)
    assert isinstance(ring.current.material, rsa.RSAPublicKey)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"JWT_ALGORITHM": "RS256", "JWT_PRIVATE_KEY": private_pem(ed25519_key("ours"))}, "not a key for RS256"),
        ({"JWT_ALGORITHM": "RS256", "JWT_PRIVATE_KEY": "-----BEGIN NOTHING"}, "not an unencrypted private key"),
        (
            {"JWT_ALGORITHM": "EdDSA", "JWT_PRIVATE_KEY": private_pem(ec.generate_private_key(ec.SECP256R1()))},
            "must be an RSA or an Ed25519 key",
        ),
        ({"JWT_PREVIOUS_PUBLIC_KEYS": private_pem(ed25519_key("ours"))}, "holds no public key"),
        (
            {"JWT_PREVIOUS_PUBLIC_KEYS": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
            "can't be read",
        ),
        (
            {"JWT_PREVIOUS_PUBLIC_KEYS": public_pem(ec.generate_private_key(ec.SECP256R1()))},
            "must be an RSA or an Ed25519 key",
        ),
        (
            {"JWT_PREVIOUS_PUBLIC_KEYS": public_pem(rsa.generate_private_key(65537, 1024))},  # noqa: S505 - the point
            "must have 2048 bits or more",
        ),
    ],
)
def test_a_key_that_can_not_be_used_stops_the_start(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        tokens.load_keys(settings(**wrong))


def test_the_key_id_does_not_give_the_secret_away_and_is_stable() -> None:
    kids = {tokens.load_keys(settings()).current.kid for _ in range(2)}
    assert len(kids) == 1
    assert len(kids.pop()) == 12
